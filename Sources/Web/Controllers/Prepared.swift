import HTTP

/// An answer that is always the same, made once.
struct Prepared: GetController {
    let response: Response

    init(json bytes: [UInt8]) {
        response = Response(.ok, contentType: "application/json", body: bytes)
    }

    func get(_ visit: Visit) async throws(Problem) -> Response { response }
}
