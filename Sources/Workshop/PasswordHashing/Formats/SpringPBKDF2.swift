import Cryptography

/// Spring Security's PBKDF2, without a secret of the application: hexadecimal digits of salt and key. Costs stand nowhere: two settings have
/// been the default, and are told apart by their length. Read only behind its prefix, since nothing marks it as a hash.
struct SpringPBKDF2: StoredHash {
    private let key: DerivedKey

    init?(_ text: String) {
        guard let bytes = Hexadecimal.decode(text.utf8) else { return nil }
        let function: DerivedKey.Function
        let saltBytes: Int
        switch bytes.count {
        // Up to 5.7, and `defaultsForSpringSecurity_v5_5`.
        case 8 + 32: (function, saltBytes) = (.pbkdf2(.sha1, iterations: 185_000), 8)
        // From 5.8 on.
        case 16 + 32: (function, saltBytes) = (.pbkdf2(.sha256, iterations: 310_000), 16)
        default: return nil
        }
        guard
            let key = DerivedKey(
                function, salt: Array(bytes.prefix(saltBytes)), key: Array(bytes.dropFirst(saltBytes)))
        else { return nil }
        self.key = key
    }

    var formatName: String { "spring-\(key.function.name)" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }
}
