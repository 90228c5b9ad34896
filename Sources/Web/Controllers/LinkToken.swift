import HTTP
import Keyturn
import StrictJSON

/// The token of a link, as it stands in the address.
enum LinkToken {
    /// What else stands in the query does not matter, nor how it is encoded: trackers and gateways add to links what they like.
    /// - Throws: `token_invalid` unless there is exactly one, decoded once.
    static func read(from request: Request) throws(Problem) -> String {
        let tokens = try? FormPairs.values(of: "token", inQuery: request.query ?? "")
        guard let tokens, tokens.count == 1 else { throw Problem(TokenRejected.invalid) }
        return tokens[0]
    }
}

/// What a program hears about a link that works.
enum LinkStatus {
    static func json(expiresAt: Timestamp) -> Response {
        let body = JSON.members(("status", .string("valid")), ("expires_at", .string(RFC3339.format(expiresAt))))
        return Response(.ok, contentType: "application/json", body: body.write())
    }
}
