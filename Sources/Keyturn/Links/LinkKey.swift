/// The key that signs one account's reset links: HKDF-SHA256 (RFC 5869) over everything a link depends on.
import Cryptography
import PasswordHashing

/// 32 bytes from the stored hash (input keying material), a server secret (salt), and id, stored address and epoch (info):
/// where one of them changes, so does the key, and every link signed with the old one is dead. Never printed.
struct LinkKey: Sendable, CustomStringConvertible {
    /// The first field of `info`: no other key of this or a later kind is ever derived with it.
    static let label = "keyturn password-reset v1"
    static let byteCount = 32

    let bytes: [UInt8]

    /// - Parameter secret: one of ``Secrets``; its bytes as configured. The hash is opaque: its UTF-8 bytes as stored.
    init(for credentials: Credentials, secret: [UInt8]) {
        bytes = HKDFSHA256.derive(
            from: Array(credentials.hash.text.utf8), salt: secret, info: Self.info(for: credentials),
            byteCount: Self.byteCount)
    }

    /// Label, user id, stored address and reset epoch in decimal.
    static func info(for credentials: Credentials) -> [UInt8] {
        LengthPrefixed.bytes(label, credentials.id.text, credentials.email.text, String(credentials.epoch))
    }

    var description: String { "LinkKey(…)" }
}
