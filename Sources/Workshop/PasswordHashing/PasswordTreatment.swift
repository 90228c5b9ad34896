import Cryptography

/// What the app beside us does to a password before it hashes it; nothing unless configured.
package struct PasswordTreatment: Sendable, Equatable {
    /// Appended for bcrypt, stored or new; see `peppered(_:)`. Empty: none.
    package var pepper: [UInt8] = []
    /// Whether blanks around a password do not count, as in WordPress.
    package var trims = false
    /// Whether `&`, `<`, `>` and `"` are written as HTML does, as in phpBB.
    package var escapesHTML = false

    package init() {}

    /// Before every hash, stored or new.
    func apply(to password: Password) -> Password {
        guard trims || escapesHTML else { return password }
        return Password(treated(password.bytes), typed: password.typed.map(treated))
    }

    private func treated(_ bytes: [UInt8]) -> [UInt8] {
        let trimmed = trims ? WordPressBCrypt.trimmed(bytes) : bytes
        return escapesHTML ? trimmed.flatMap(Self.escaped) : trimmed
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "&"): Array("&amp;".utf8)
        case UInt8(ascii: "<"): Array("&lt;".utf8)
        case UInt8(ascii: ">"): Array("&gt;".utf8)
        case UInt8(ascii: "\""): Array("&quot;".utf8)
        default: [byte]
        }
    }

    /// With the pepper behind it, the whole cut at bcrypt's 72 bytes, as bcrypt-ruby does for Devise, whose pepper alone has 128.
    func peppered(_ password: Password) -> Password {
        guard !pepper.isEmpty else { return password }
        let cut = { (bytes: [UInt8]) in Array((bytes + pepper).prefix(BCrypt.passwordByteLimit)) }
        return Password(cut(password.bytes), typed: password.typed.map(cut))
    }
}
