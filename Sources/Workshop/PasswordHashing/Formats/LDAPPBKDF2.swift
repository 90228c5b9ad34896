import Cryptography

/// PBKDF2 in LDAP directories, as passlib and OpenLDAP's `pw-pbkdf2` write it behind their prefix: `iterations$salt$key` in base64 with `.` for
/// `+`. The prefix names the digest, so one type reads one digest: by the key's length.
struct LDAPPBKDF2: StoredHash {
    private let key: DerivedKey

    init?(_ text: String) {
        guard let fields = text.fields(3), let iterations = fields[0].costNumber, let salt = fields[1].adaptedBase64,
            let bytes = fields[2].adaptedBase64, let hash = Self.hash(ofBytes: bytes.count),
            let key = DerivedKey(.pbkdf2(hash, iterations: iterations), salt: salt, key: bytes)
        else { return nil }
        self.key = key
    }

    var formatName: String { "ldap-\(key.function.name)" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }

    private static func hash(ofBytes count: Int) -> PBKDF2.Hash? {
        let hashes: [PBKDF2.Hash] = [.sha1, .sha256, .sha512]
        return hashes.first { $0.byteCount == count }
    }
}
