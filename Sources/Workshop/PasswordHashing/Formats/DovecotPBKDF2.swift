import Cryptography

/// Dovecot's PBKDF2: `$1$salt$iterations$key`: the salt as it stands there, 20 bytes of key in hexadecimal digits, SHA-1. Read only behind
/// its prefix: alone it begins as md5crypt does.
struct DovecotPBKDF2: StoredHash {
    private let key: DerivedKey

    init?(_ text: String) {
        guard let fields = text.fields(5), fields[0].isEmpty, fields[1] == "1", let iterations = fields[3].costNumber,
            let bytes = Hexadecimal.decode(fields[4].utf8), bytes.count == PBKDF2.Hash.sha1.byteCount,
            let key = DerivedKey(.pbkdf2(.sha1, iterations: iterations), salt: Array(fields[2].utf8), key: bytes)
        else { return nil }
        self.key = key
    }

    var formatName: String { "dovecot-\(key.function.name)" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }
}
