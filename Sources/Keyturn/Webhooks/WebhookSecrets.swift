/// What messages to the app are signed with, by the scheme of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over
/// `id.timestamp.body`.
import Cryptography

package struct WebhookSecrets: Sendable, Equatable {
    /// A secret in words ours and the app's: `whsec_` and base64 of so many bytes.
    private static let prefix = "whsec_"
    private static let keyBytes = 24...64
    /// Secrets at once: the old one and the new one, while the app learns the new.
    package static let countMax = 4

    private let keys: [[UInt8]]

    /// - Parameter texts: one to ``countMax``; every one of them signs, so that the app may know any.
    /// - Returns: nil where one is not `whsec_` and base64 of 24 to 64 bytes.
    package init?(_ texts: [String]) {
        let keys = texts.compactMap(Self.key)
        guard keys.count == texts.count, (1...Self.countMax).contains(keys.count) else { return nil }
        self.keys = keys
    }

    private static func key(_ text: String) -> [UInt8]? {
        guard text.utf8.starts(with: prefix.utf8),
            let key = Base64.decode(text.utf8.dropFirst(prefix.utf8.count)), keyBytes.contains(key.count)
        else { return nil }
        return key
    }

    /// One key, as bytes.
    package init(key: [UInt8]) { keys = [key] }

    /// Whether one of the signatures in a field's value is of one of these secrets.
    package func verifies(_ field: String, id: String, seconds: Int64, body: [UInt8]) -> Bool {
        let signed = Array("\(id).\(seconds).".utf8) + body
        let expected = keys.map { Array(("v1," + Base64.encode(HMACSHA256.authenticate(signed, key: $0))).utf8) }
        return field.utf8.split(separator: UInt8(ascii: " ")).contains { given in
            expected.contains { equalInConstantTime($0, Array(given)) }
        }
    }

    /// A new one, of 32 random bytes.
    package static func generate() -> String { prefix + Base64.encode(SecureRandom.bytes(32)) }

    /// The value of `webhook-signature`: `v1,BASE64`, one for each secret, a blank between.
    /// - Parameter seconds: since 1970, as `webhook-timestamp` says.
    package func signature(id: String, seconds: Int64, body: [UInt8]) -> String {
        let signed = Array("\(id).\(seconds).".utf8) + body
        return keys.map { "v1," + Base64.encode(HMACSHA256.authenticate(signed, key: $0)) }.joined(separator: " ")
    }
}
