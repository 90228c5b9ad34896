import Cryptography
import HTTP

/// The tokens that admit to the user API, as digests: the time of a comparison says nothing of the length or the bytes of a token.
struct UserAPITokens: Sendable {
    private let digests: [[UInt8]]

    init(_ tokens: [String]) { digests = tokens.map { Digest.sha256(Array($0.utf8)) } }

    /// Looks at every token, whichever is the right one.
    func admit(_ token: String) -> Bool {
        let digest = Digest.sha256(Array(token.utf8))
        return digests.reduce(false) { isFound, known in equalInConstantTime(digest, known) || isFound }
    }
}

/// `Authorization: Bearer …`.
enum BearerToken {
    /// The scheme without case (RFC 9110 §11.1), one space, one field.
    static func read(_ request: Request) -> String? {
        let fields = request.values(of: "Authorization")
        guard fields.count == 1 else { return nil }
        let parts = fields[0].utf8.split(separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].map({ $0 | 0x20 }).elementsEqual("bearer".utf8) else { return nil }
        return String(parts[1])
    }
}
