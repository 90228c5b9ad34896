import Cryptography

/// sha256crypt and sha512crypt: `$5$` or `$6$`, perhaps `rounds=N$`, the salt, `$`, 43 or 86 characters of hash.
struct SHACrypt: StoredHash {
    private static let hashLengths: [Substring: Int] = ["5": 43, "6": 86]

    private let text: String
    private let hashLength: Int
    private let rounds: Int

    var formatName: String { hashLength == 43 ? "sha256crypt" : "sha512crypt" }
    var cost: HashCost { .crypt(scheme: formatName, work: rounds) }

    init?(_ text: String) {
        var fields = text.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count >= 4, fields[0].isEmpty, let hashLength = SHACrypt.hashLengths[fields[1]] else { return nil }
        var counted = 5000
        if let rounds = fields[2].value(after: "rounds=") {
            guard let rounds = rounds.costNumber, (1000...CostLimits.shaCryptRounds).contains(rounds) else {
                return nil
            }
            counted = rounds
            fields.remove(at: 2)
        }
        guard fields.count == 4, (1...16).contains(fields[2].utf8.count), fields[3].utf8.count == hashLength else {
            return nil
        }
        self.text = text
        self.hashLength = hashLength
        self.rounds = counted
    }

    func matches(_ password: Password) -> Bool { CryptHash.matches(password, text, last: hashLength) }
}
