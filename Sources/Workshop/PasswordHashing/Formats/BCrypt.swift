import Cryptography

/// bcrypt as everybody writes it: `$2b$12$`, 22 characters of salt, 31 of hash; `$2a$` and PHP's `$2y$` alike.
struct BCrypt: StoredHash {
    /// Blowfish takes no more; what is longer was cut off wherever a library did not refuse it.
    static let passwordByteLimit = 72

    private static let length = 60
    private static let hashLength = 31
    /// Base64 in an order of its own (OpenBSD's).
    static let alphabet = Array("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    private let text: String

    init?(_ text: String) {
        guard text.utf8.count == BCrypt.length, let fields = text.fields(4), fields[0].isEmpty,
            ["2a", "2b", "2y"].contains(fields[1]), let cost = BCrypt.cost(fields[2]),
            (4...CostLimits.bcryptCost).contains(cost),
            fields[3].utf8.allSatisfy(BCrypt.alphabet.contains)
        else { return nil }
        self.text = text
    }

    func matches(_ password: Password) -> Bool {
        // Behind the salt only: some libraries leave bits in its last character that others clear.
        CryptHash.matches(
            Password(Array(password.bytes.prefix(BCrypt.passwordByteLimit))), text, last: BCrypt.hashLength)
    }

    /// Two digits; `Int` would take a sign for one of them.
    private static func cost(_ text: Substring) -> Int? {
        let digits = text.utf8.first == UInt8(ascii: "0") ? text.dropFirst() : text
        return text.utf8.count == 2 ? digits.costNumber : nil
    }

    /// - Parameter cost: 4 to 15.
    /// - Returns: nil for a password with a NUL.
    static func hash(_ password: Password, cost: Int) -> String? {
        UnixCrypt.hash(password.bytes, setting: setting(cost: cost))
    }

    /// What a hash of nothing looks like: it costs the same to check, and no password matches.
    static func decoy(cost: Int) -> String { setting(cost: cost) + SecureRandom.text(hashLength, from: alphabet) }

    private static func setting(cost: Int) -> String {
        // 16 bytes in 22 characters: of the last one only two bits are salt.
        let salt = SecureRandom.text(21, from: alphabet) + SecureRandom.text(1, from: Array(".Oeu".utf8))
        return "$2b$\(cost < 10 ? "0" : "")\(cost)$\(salt)"
    }
}
