import HTTP

/// What scripts of other origins may do (CORS, Fetch §3.3): those of the configured origins may call every endpoint, without cookies.
struct CrossOrigin: Sendable {
    private let allowedOrigins: [String]

    init(allowedOrigins: [String]) {
        self.allowedOrigins = allowedOrigins
    }

    /// Adds what a script of an allowed origin needs to read the answer.
    func mark(_ response: inout Response, for request: Request) {
        guard !allowedOrigins.isEmpty else { return }
        response.add("Vary", "Origin")
        guard let origin = allowedOrigin(of: request) else { return }
        response.add("Access-Control-Allow-Origin", origin)
        response.add("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate")
    }

    /// Adds what the browser asks before it sends a script's request; ``mark(_:for:)`` adds the origin.
    func answerPreflight(_ request: Request, allow: String, with response: inout Response) {
        guard allowedOrigin(of: request) != nil, request["Access-Control-Request-Method"] != nil else { return }
        response.add("Access-Control-Allow-Methods", allow)
        response.add("Access-Control-Allow-Headers", "Content-Type, Authorization, Accept")
        response.add("Access-Control-Max-Age", "600")
    }

    /// From our own list, never echoed.
    private func allowedOrigin(of request: Request) -> String? {
        guard let origin = request["Origin"] else { return nil }
        return allowedOrigins.first { $0.utf8.elementsEqual(origin.utf8) }
    }
}
