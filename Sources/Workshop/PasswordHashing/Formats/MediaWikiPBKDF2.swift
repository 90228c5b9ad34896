import Cryptography

/// MediaWiki: `:pbkdf2:sha512:30000:64:salt:key`, both in base64; the number before the salt is the key's length in bytes, 128 in older
/// tables.
struct MediaWikiPBKDF2: StoredHash {
    private static let hashes: [Substring: PBKDF2.Hash] = ["sha1": .sha1, "sha256": .sha256, "sha512": .sha512]

    private let key: DerivedKey

    init?(_ text: String) {
        guard let fields = text.fields(7, separator: ":"), fields[0].isEmpty, fields[1] == "pbkdf2",
            let hash = Self.hashes[fields[2]], let iterations = fields[3].costNumber,
            let salt = Base64.decode(fields[5].utf8), let bytes = Base64.decode(fields[6].utf8),
            fields[4].costNumber == bytes.count,
            let key = DerivedKey(.pbkdf2(hash, iterations: iterations), salt: salt, key: bytes)
        else { return nil }
        self.key = key
    }

    var formatName: String { "mediawiki-\(key.function.name)" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }
}
