import HTTP

/// Sends a client on to another page of ours, in the same language.
struct Redirect: GetController {
    private let path: String
    private let site: Site

    init(to path: String, _ site: Site) { (self.path, self.site) = (path, site) }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        var response = Response(.found)
        response.add("Location", site.base + path + Kept(visit.chosenLanguage).query)
        return response
    }
}
