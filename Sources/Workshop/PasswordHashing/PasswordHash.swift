import Cryptography

/// A stored password hash: opaque text. Never printed, not even by a debugger's dump of whatever holds it.
package struct PasswordHash: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package let text: String

    package init(_ text: String) { self.text = text }

    /// A random string that no password matches, for accounts that never had one: `!` and 32 random bytes in base64url.
    package static func unusable() -> PasswordHash { PasswordHash("!" + Base64URL.encode(SecureRandom.bytes(32))) }

    /// Whether no password can ever match: see ``unusable()``.
    package var isUnusable: Bool { text.utf8.first == UInt8(ascii: "!") }

    package var description: String { "PasswordHash(…)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Compares UTF-8 bytes, not canonical equivalence.
    package static func == (a: PasswordHash, b: PasswordHash) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }
}
