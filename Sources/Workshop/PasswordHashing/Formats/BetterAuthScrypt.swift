import Cryptography

/// better-auth's scrypt: `salt:key` in hexadecimal digits; the salt is its digits, not the bytes they mean, and the
/// cost stands nowhere: N 16384, r 16, p 1. The library derives from the password's NFKC form, we from the bytes given:
/// the two differ only for compatibility characters such as ligatures and full-width letters.
struct BetterAuthScrypt: StoredHash {
    private static let cost = Scrypt.Cost(logN: 14, r: 16, p: 1)

    private let key: DerivedKey

    init?(_ text: String) {
        guard let fields = text.fields(2, separator: ":"), fields[0].utf8.count == 32,
            Hexadecimal.decode(fields[0].utf8) != nil,
            let bytes = Hexadecimal.decode(fields[1].utf8), bytes.count == 64,
            let key = DerivedKey(.scrypt(BetterAuthScrypt.cost), salt: Array(fields[0].utf8), key: bytes)
        else { return nil }
        self.key = key
    }

    var formatName: String { "better-auth-scrypt" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }
}
