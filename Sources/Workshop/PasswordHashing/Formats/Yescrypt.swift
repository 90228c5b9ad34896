import Cryptography

/// yescrypt as `crypt(5)` writes it, Debian's default: `$y$j9T$salt$hash`.
struct Yescrypt: StoredHash {
    private static let alphabet = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private static let hashLength = 43

    static let scheme = "yescrypt"

    private let text: String
    private let work: Int

    var formatName: String { Yescrypt.scheme }
    var cost: HashCost { .crypt(scheme: Yescrypt.scheme, work: work) }

    init?(_ text: String) {
        guard let fields = text.fields(5), fields[0].isEmpty, fields[1] == "y",
            let work = Yescrypt.work(parameters: Array(fields[2].utf8)),
            (1...86).contains(fields[3].utf8.count), fields[4].utf8.count == Yescrypt.hashLength
        else { return nil }
        self.text = text
        self.work = work
    }

    func matches(_ password: Password) -> Bool { CryptHash.matches(password, text, last: Yescrypt.hashLength) }

    /// Three characters, as every cost of `crypt_gensalt` is written: the flavour `j`, log2 of N less 1, r less 1. More
    /// characters would mean larger numbers, parallelism, extra time or a ROM: nobody's default, and not to be trusted.
    /// - Returns: nil beyond the limits.
    private static func work(parameters: [UInt8]) -> Int? {
        guard parameters.count == 3, parameters[0] == UInt8(ascii: "j"),
            let n = alphabet.firstIndex(of: parameters[1]), let r = alphabet.firstIndex(of: parameters[2]),
            // From 48 on a character says that the number goes on in the next.
            n < 48, r < 48
        else { return nil }
        let cost = Scrypt.Cost(logN: n + 1, r: r + 1, p: 1)
        return CostLimits.allow(cost) ? cost.work : nil
    }
}
