import Cryptography

/// Argon2 in the PHC string form: `$argon2id$v=19$m=65536,t=3,p=4$salt$key`, `$argon2i$` alike, salt and key in base64 without
/// padding; without `v=` it is the old version. Django writes `argon2` before it. Read only where this process has Argon2.
struct Argon2Hash: StoredHash {
    private let key: DerivedKey

    init?(_ text: String) {
        guard Argon2.isAvailable else { return nil }
        var fields = text.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 5 || fields.count == 6, fields[0].isEmpty || fields[0] == "argon2",
            let variant = Argon2.Variant(rawValue: String(fields[1]))
        else { return nil }
        var version = Argon2.Version.old
        if fields.count == 6 {
            guard let named = Argon2Hash.version(fields.remove(at: 2)) else { return nil }
            version = named
        }
        guard let costs = String(fields[2]).fields(3, separator: ","),
            let memoryKiB = costs[0].value(after: "m=")?.costNumber,
            let passes = costs[1].value(after: "t=")?.costNumber,
            let lanes = costs[2].value(after: "p=")?.costNumber,
            let salt = Base64.decode(fields[3].utf8, padded: false), salt.count >= Argon2.saltBytesMin,
            let bytes = Base64.decode(fields[4].utf8, padded: false),
            let key = DerivedKey(
                .argon2(variant, version, Argon2.Cost(memoryKiB: memoryKiB, passes: passes, lanes: lanes)),
                salt: salt, key: bytes)
        else { return nil }
        self.key = key
    }

    var formatName: String { key.function.name }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }

    private static func version(_ text: Substring) -> Argon2.Version? {
        text.value(after: "v=")?.costNumber.flatMap { UInt32(exactly: $0) }.flatMap(Argon2.Version.init)
    }

    /// Of today's version.
    static func write(_ cost: Argon2.Cost, salt: [UInt8], key: [UInt8]) -> String {
        let costs = "m=\(cost.memoryKiB),t=\(cost.passes),p=\(cost.lanes)"
        return "$argon2id$v=19$\(costs)$\(Base64.encode(salt, padded: false))$\(Base64.encode(key, padded: false))"
    }
}
