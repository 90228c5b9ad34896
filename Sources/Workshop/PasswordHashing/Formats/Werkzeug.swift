import Cryptography

/// Werkzeug's formats (`werkzeug.security`, Flask): `method$salt$key`, the key in hexadecimal digits.

/// `scrypt:N:r:p$salt$key`: the salt as it stands there, the key of 64 bytes.
struct WerkzeugScrypt: StoredHash {
    private let key: DerivedKey

    init?(_ text: String) {
        guard let fields = text.fields(3), let method = String(fields[0]).fields(4, separator: ":"),
            method[0] == "scrypt",
            let logN = method[1].costLogarithm, let r = method[2].costNumber, let p = method[3].costNumber,
            let bytes = Hexadecimal.decode(fields[2].utf8), bytes.count == 64,
            let key = DerivedKey(
                .scrypt(Scrypt.Cost(logN: logN, r: r, p: p)), salt: Array(fields[1].utf8), key: bytes)
        else { return nil }
        self.key = key
    }

    var formatName: String { "werkzeug-scrypt" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }

    static func write(_ cost: Scrypt.Cost, salt: String, key: [UInt8]) -> String {
        "scrypt:\(1 << cost.logN):\(cost.r):\(cost.p)$\(salt)$\(Hexadecimal.encode(key))"
    }
}

/// `pbkdf2:sha256:iterations$salt$key`, also with `sha1` and `sha512`: the salt as it stands there.
struct WerkzeugPBKDF2: StoredHash {
    private let key: DerivedKey

    init?(_ text: String) {
        guard let fields = text.fields(3), let method = String(fields[0]).fields(3, separator: ":"),
            method[0] == "pbkdf2", let hash = WerkzeugPBKDF2.hash(named: method[1]),
            let iterations = method[2].costNumber,
            let bytes = Hexadecimal.decode(fields[2].utf8), bytes.count == hash.byteCount,
            let key = DerivedKey(.pbkdf2(hash, iterations: iterations), salt: Array(fields[1].utf8), key: bytes)
        else { return nil }
        self.key = key
    }

    var formatName: String { "werkzeug-\(key.function.name)" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }

    private static func hash(named name: Substring) -> PBKDF2.Hash? {
        switch name {
        case "sha1": .sha1
        case "sha256": .sha256
        case "sha512": .sha512
        default: nil
        }
    }
}
