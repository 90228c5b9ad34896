import Cryptography

/// bcrypt: `$2b$12$`, 22 characters of salt, 31 of hash; `$2a$` and PHP's `$2y$` alike. `$2x$` marks what PHP before 5.3.7 made of
/// characters beyond ASCII, and is computed as there.
struct BCrypt: StoredHash {
    /// Blowfish takes no more; what is longer was cut off wherever a library did not refuse it.
    static let passwordByteLimit = 72

    static let scheme = "bcrypt"

    private static let length = 60
    private static let hashLength = 31
    /// Base64 in an order of its own (OpenBSD's).
    static let alphabet = Array("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    private let text: String
    private let rounds: Int

    var formatName: String { BCrypt.scheme }
    var cost: HashCost { .crypt(scheme: BCrypt.scheme, work: rounds) }

    init?(_ text: String) {
        guard text.utf8.count == BCrypt.length, let fields = text.fields(4), fields[0].isEmpty,
            ["2a", "2b", "2x", "2y"].contains(fields[1]), let cost = BCrypt.cost(fields[2]),
            (4...CostLimits.bcryptCost).contains(cost),
            fields[3].utf8.allSatisfy(BCrypt.alphabet.contains)
        else { return nil }
        self.text = text
        self.rounds = cost
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
    static func hash(_ password: Password, cost: Int, as version: BCryptVersion = .b) -> String? {
        UnixCrypt.hash(password.bytes, setting: setting(cost: cost, version))
    }

    /// What a hash of nothing looks like: it costs the same to check, and no password matches.
    static func decoy(cost: Int, as version: BCryptVersion = .b) -> String {
        setting(cost: cost, version) + SecureRandom.text(hashLength, from: alphabet)
    }

    private static func setting(cost: Int, _ version: BCryptVersion) -> String {
        // 16 bytes in 22 characters: of the last one only two bits are salt.
        let salt = SecureRandom.text(21, from: alphabet) + SecureRandom.text(1, from: Array(".Oeu".utf8))
        return "$\(version.rawValue)$\(cost < 10 ? "0" : "")\(cost)$\(salt)"
    }
}
