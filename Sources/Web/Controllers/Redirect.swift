import HTTP

/// Sends a visitor on to another page of ours.
struct Redirect: GetController {
    private let response: Response

    init(to path: String, _ site: Site) {
        var response = Response(.found)
        response.add("Location", site.base + path)
        self.response = response
    }

    func get(_ visit: Visit) async throws(Problem) -> Response { response }
}
