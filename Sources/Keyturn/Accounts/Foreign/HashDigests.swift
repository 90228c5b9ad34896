/// What an intent says about a hash, without telling it.
import Cryptography
package import PasswordHashing

/// HMAC-SHA256 with a standard secret: what is left of an intent in the log of our database is no help in guessing a password.
package struct HashDigests: Sendable {
    private static let label = "keyturn intent v1"
    private let secrets: Secrets

    package init(secrets: Secrets) { self.secrets = secrets }

    /// - Returns: 32 bytes, made with the newest secret.
    package func digest(of hash: PasswordHash, user: UserID) -> [UInt8] {
        Self.digest(of: hash, user: user, secret: secrets.newest)
    }

    /// Whether a digest, made with any of the configured secrets, is one of this hash.
    package func matches(_ digest: [UInt8]?, _ hash: PasswordHash, user: UserID) -> Bool {
        guard let digest else { return false }
        return secrets.keys.contains { equalInConstantTime(digest, Self.digest(of: hash, user: user, secret: $0)) }
    }

    private static func digest(of hash: PasswordHash, user: UserID, secret: [UInt8]) -> [UInt8] {
        HMACSHA256.authenticate(LengthPrefixed.bytes(label, user.text, hash.text), key: secret)
    }
}
