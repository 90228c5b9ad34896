/// The key that signs one account's links: HKDF-SHA256 (RFC 5869) over everything a link depends on.
import Cryptography
import PasswordHashing

/// 32 bytes from the stored hash (input keying material), a server secret (salt), and id, stored address and epoch (info):
/// where one of them changes, so does the key, and every link signed with the old one is dead. Never printed.
struct LinkKey: Sendable, CustomStringConvertible {
    /// What a link is for: the first field of `info`, so that the keys of one purpose sign nothing of another.
    enum Purpose: String, Sendable {
        case passwordReset = "keyturn password-reset v1"
        case invitation = "keyturn invitation v1"
    }

    static let byteCount = 32

    let bytes: [UInt8]

    /// - Parameter secret: one of ``Secrets``; its bytes as configured. The hash is opaque: its UTF-8 bytes as stored.
    init(for credentials: Credentials, purpose: Purpose = .passwordReset, secret: [UInt8]) {
        bytes = HKDFSHA256.derive(
            from: Array(credentials.hash.text.utf8), salt: secret, info: Self.info(for: credentials, purpose),
            byteCount: Self.byteCount)
    }

    /// Label, user id, stored address and reset epoch in decimal.
    static func info(for credentials: Credentials, _ purpose: Purpose = .passwordReset) -> [UInt8] {
        LengthPrefixed.bytes(
            purpose.rawValue, credentials.id.text, credentials.email.text, String(credentials.epoch))
    }

    var description: String { "LinkKey(…)" }
}
