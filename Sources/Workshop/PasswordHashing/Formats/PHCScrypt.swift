import Cryptography

/// scrypt in the PHC string form, ours and passlib's: `$scrypt$ln=14,r=8,p=5$salt$key`, both in base64 without padding. Ory Kratos writes N
/// itself there, `ln=16384`, and pads; no N is as small as its logarithm may be.
struct PHCScrypt: StoredHash {
    private let key: DerivedKey

    init?(_ text: String) {
        guard let fields = text.fields(5), fields[0].isEmpty, fields[1] == "scrypt",
            let costs = String(fields[2]).fields(3, separator: ","),
            let logN = PHCScrypt.logN(costs[0].value(after: "ln=")),
            let r = costs[1].value(after: "r=")?.costNumber,
            let p = costs[2].value(after: "p=")?.costNumber,
            let salt = fields[3].base64, let bytes = fields[4].base64,
            let key = DerivedKey(.scrypt(Scrypt.Cost(logN: logN, r: r, p: p)), salt: salt, key: bytes)
        else { return nil }
        self.key = key
    }

    var formatName: String { "scrypt" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }

    private static func logN(_ text: Substring?) -> Int? {
        guard let number = text?.costNumber else { return nil }
        return number < 64 ? number : text?.costLogarithm
    }

    static func write(_ cost: Scrypt.Cost, salt: [UInt8], key: [UInt8]) -> String {
        let costs = "ln=\(cost.logN),r=\(cost.r),p=\(cost.p)"
        return "$scrypt$\(costs)$\(Base64.encode(salt, padded: false))$\(Base64.encode(key, padded: false))"
    }
}
