import Cryptography

/// Django's formats (`django.contrib.auth.hashers`): the algorithm's name, then fields with `$` between them.

/// `pbkdf2_sha256$iterations$salt$key`, `pbkdf2_sha1$…`: the salt as it stands there, the key in base64. Django's keys have the digest's
/// length; tools that move users out of Keycloak write its longer ones in this form too, and those of SHA-512.
struct DjangoPBKDF2: StoredHash {
    private let key: DerivedKey

    init?(_ text: String) {
        guard let fields = text.fields(4), let hash = DjangoPBKDF2.hash(named: fields[0]),
            let iterations = fields[1].costNumber,
            let bytes = Base64.decode(fields[3].utf8), bytes.count >= hash.byteCount,
            let key = DerivedKey(.pbkdf2(hash, iterations: iterations), salt: Array(fields[2].utf8), key: bytes)
        else { return nil }
        self.key = key
    }

    var formatName: String { "django-\(key.function.name)" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }

    private static func hash(named name: Substring) -> PBKDF2.Hash? {
        switch name {
        case "pbkdf2_sha256": .sha256
        case "pbkdf2_sha1": .sha1
        case "pbkdf2_sha512": .sha512
        default: nil
        }
    }

    /// With SHA-256.
    static func write(iterations: Int, salt: String, key: [UInt8]) -> String {
        "pbkdf2_sha256$\(iterations)$\(salt)$\(Base64.encode(key))"
    }
}

/// `scrypt$N$salt$r$p$key`: the salt as it stands there, the key of 64 bytes in base64.
struct DjangoScrypt: StoredHash {
    private let key: DerivedKey

    init?(_ text: String) {
        guard let fields = text.fields(6), fields[0] == "scrypt",
            let logN = fields[1].costLogarithm, let r = fields[3].costNumber, let p = fields[4].costNumber,
            let bytes = Base64.decode(fields[5].utf8), bytes.count == 64,
            let key = DerivedKey(
                .scrypt(Scrypt.Cost(logN: logN, r: r, p: p)), salt: Array(fields[2].utf8), key: bytes)
        else { return nil }
        self.key = key
    }

    var formatName: String { "django-scrypt" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }

    static func write(_ cost: Scrypt.Cost, salt: String, key: [UInt8]) -> String {
        "scrypt$\(1 << cost.logN)$\(salt)$\(cost.r)$\(cost.p)$\(Base64.encode(key))"
    }
}

/// `bcrypt$` before a bcrypt hash.
struct DjangoBCrypt: StoredHash {
    private let hash: BCrypt

    init?(_ text: String) {
        guard let hash = text.value(after: "bcrypt$").flatMap({ BCrypt(String($0)) }) else { return nil }
        self.hash = hash
    }

    var formatName: String { "django-bcrypt" }
    var cost: HashCost { hash.cost }

    func matches(_ password: Password) -> Bool { hash.matches(password) }
}

/// `bcrypt_sha256$` before a bcrypt hash of the password's SHA-256 in hexadecimal digits, so that no byte is cut off.
struct DjangoBCryptSHA256: StoredHash {
    private let hash: BCrypt

    init?(_ text: String) {
        guard let hash = text.value(after: "bcrypt_sha256$").flatMap({ BCrypt(String($0)) }) else { return nil }
        self.hash = hash
    }

    var formatName: String { "django-bcrypt-sha256" }
    var cost: HashCost { hash.cost }

    func matches(_ password: Password) -> Bool {
        hash.matches(Password(Array(Hexadecimal.encode(Digest.sha256(password.bytes)).utf8)))
    }
}
