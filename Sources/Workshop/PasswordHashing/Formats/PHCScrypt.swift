import Cryptography

/// scrypt in the PHC string form, ours and passlib's: `$scrypt$ln=14,r=8,p=5$salt$key`, both in base64 without padding.
struct PHCScrypt: StoredHash {
    private let key: DerivedKey

    init?(_ text: String) {
        guard let fields = text.fields(5), fields[0].isEmpty, fields[1] == "scrypt",
            let costs = String(fields[2]).fields(3, separator: ","),
            let logN = costs[0].value(after: "ln=")?.costNumber,
            let r = costs[1].value(after: "r=")?.costNumber,
            let p = costs[2].value(after: "p=")?.costNumber,
            let salt = Base64.decode(fields[3].utf8, padded: false),
            let bytes = Base64.decode(fields[4].utf8, padded: false),
            let key = DerivedKey(.scrypt(Scrypt.Cost(logN: logN, r: r, p: p)), salt: salt, key: bytes)
        else { return nil }
        self.key = key
    }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }

    static func write(_ cost: Scrypt.Cost, salt: [UInt8], key: [UInt8]) -> String {
        let costs = "ln=\(cost.logN),r=\(cost.r),p=\(cost.p)"
        return "$scrypt$\(costs)$\(Base64.encode(salt, padded: false))$\(Base64.encode(key, padded: false))"
    }
}
