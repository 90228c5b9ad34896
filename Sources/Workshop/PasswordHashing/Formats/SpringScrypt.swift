import Cryptography

/// Spring Security's scrypt: `$e0801$salt$key`; the hexadecimal number is log2 of N, r and p, of 8 bits each from r on; salt and key in base64.
struct SpringScrypt: StoredHash {
    private let key: DerivedKey

    init?(_ text: String) {
        guard let fields = text.fields(4), fields[0].isEmpty, (5...6).contains(fields[1].utf8.count),
            let numbers = Hexadecimal.decode((fields[1].utf8.count == 5 ? "0" : "").utf8 + Array(fields[1].utf8)),
            numbers.count == 3, let salt = Base64.decode(fields[2].utf8), let bytes = Base64.decode(fields[3].utf8),
            let key = DerivedKey(
                .scrypt(Scrypt.Cost(logN: Int(numbers[0]), r: Int(numbers[1]), p: Int(numbers[2]))), salt: salt,
                key: bytes)
        else { return nil }
        self.key = key
    }

    var formatName: String { "spring-scrypt" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }
}
