import Cryptography

/// PBKDF2 between dollar signs, in its two spellings.
///
/// passlib's (Odoo, CKAN, Flask-Security): `$pbkdf2-sha512$25000$salt$key`, base64 with `.` for `+`; `$pbkdf2$` means SHA-1. The PHC string
/// form (Auth0, Ory Kratos): `$pbkdf2-sha256$i=100000,l=32$salt$key`, standard base64 without padding, `l` the key's length in bytes.
struct PHCPBKDF2: StoredHash {
    private static let hashes: [Substring: PBKDF2.Hash] = [
        "pbkdf2": .sha1, "pbkdf2-sha1": .sha1, "pbkdf2-sha256": .sha256, "pbkdf2-sha512": .sha512,
    ]

    private let key: DerivedKey

    init?(_ text: String) {
        guard let fields = text.fields(5), fields[0].isEmpty, let hash = Self.hashes[fields[1]],
            let parts = Self.passlib(fields, hash) ?? Self.phc(fields),
            let key = DerivedKey(.pbkdf2(hash, iterations: parts.iterations), salt: parts.salt, key: parts.key)
        else { return nil }
        self.key = key
    }

    var formatName: String { key.function.name }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }

    private typealias Parts = (iterations: Int, salt: [UInt8], key: [UInt8])

    private static func passlib(_ fields: [Substring], _ hash: PBKDF2.Hash) -> Parts? {
        guard let iterations = fields[2].costNumber, let salt = fields[3].adaptedBase64,
            let key = fields[4].adaptedBase64, key.count == hash.byteCount
        else { return nil }
        return (iterations, salt, key)
    }

    private static func phc(_ fields: [Substring]) -> Parts? {
        let costs = String(fields[2]).split(separator: ",", omittingEmptySubsequences: false)
        guard let iterations = costs[0].value(after: "i=")?.costNumber, let salt = fields[3].base64,
            let key = fields[4].base64
        else { return nil }
        if costs.count == 2, costs[1].value(after: "l=")?.costNumber == key.count { return (iterations, salt, key) }
        return costs.count == 1 ? (iterations, salt, key) : nil
    }
}
