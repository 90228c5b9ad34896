import Cryptography

/// A label in braces before a hash: `{bcrypt}` and others of Spring Security, `{BLF-CRYPT}` and others of Dovecot, `{CRYPT}` of LDAP. In any
/// case; a label whose scheme is too weak or unknown (`{SSHA}`, `{MD5}`, `{noop}`) is not read.
struct LabelledHash: StoredHash {
    private static let formats: [String: [any StoredHash.Type]] = {
        let crypts: [any StoredHash.Type] = [BCrypt.self, SHACrypt.self, Yescrypt.self]
        let pbkdf2: [any StoredHash.Type] = [SpringPBKDF2.self, DovecotPBKDF2.self, LDAPPBKDF2.self]
        let scrypt: [any StoredHash.Type] = [SpringScrypt.self, PHCScrypt.self]
        var formats: [String: [any StoredHash.Type]] = [
            "bcrypt": [BCrypt.self], "blf-crypt": [BCrypt.self], "sha256-crypt": [SHACrypt.self],
            "sha512-crypt": [SHACrypt.self], "crypt": crypts, "pbkdf2": pbkdf2, "scrypt": scrypt,
            "pbkdf2-sha1": [LDAPPBKDF2.self], "pbkdf2-sha256": [LDAPPBKDF2.self], "pbkdf2-sha512": [LDAPPBKDF2.self],
            "argon2": [Argon2Hash.self], "argon2i": [Argon2Hash.self], "argon2id": [Argon2Hash.self],
        ]
        for name in ["pbkdf2", "scrypt", "argon2"] { formats["\(name)@springsecurity_v5_8"] = formats[name] }
        return formats
    }()
    private static let labelBytesMax = 32

    private let label: String
    private let hash: any StoredHash

    init?(_ text: String) {
        let bytes = text.utf8
        guard bytes.first == UInt8(ascii: "{"),
            let end = bytes.prefix(Self.labelBytesMax + 2).firstIndex(of: UInt8(ascii: "}"))
        else { return nil }
        let label = String(
            decoding: bytes[bytes.index(after: bytes.startIndex)..<end].map {
                (0x41...0x5A).contains($0) ? $0 | 0x20 : $0
            }, as: UTF8.self)
        let rest = String(text[text.index(after: end)...])
        guard let hash = Self.formats[label]?.lazy.compactMap({ $0.init(rest) }).first else { return nil }
        self.label = label
        self.hash = hash
    }

    /// The label is one of the table's.
    var formatName: String { "{\(label)} \(hash.formatName)" }
    var cost: HashCost { hash.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try hash.matches(password) }
}
