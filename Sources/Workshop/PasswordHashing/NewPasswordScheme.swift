package import Cryptography

/// The names of one and the same function.
package enum BCryptVersion: String, Sendable, Hashable { case a = "2a", b = "2b", y = "2y" }

/// How new passwords are hashed: the format that is written, and what it costs.
package enum NewPasswordScheme: Sendable, Equatable {
    /// `$scrypt$ln=14,r=8,p=5$…`, 16 bytes of salt, 32 of key.
    case scrypt(Scrypt.Cost)
    /// `$2b$12$…`, or the same under an older name that some programs ask for.
    /// - Parameter cost: log2 of the rounds, 4 to 15.
    case bcrypt(cost: Int, as: BCryptVersion = .b)
    /// `$wp$2y$10$…`, WordPress since 6.8.
    case wordPressBCrypt(cost: Int)
    /// ASP.NET Core Identity's version 3 with SHA-512, 16 bytes of salt, 32 of key.
    case aspNetIdentity(iterations: Int)
    /// `pbkdf2_sha256$1000000$…`.
    case djangoPBKDF2SHA256(iterations: Int)
    /// `scrypt$16384$…`.
    case djangoScrypt(Scrypt.Cost)
    /// `scrypt:32768:8:1$…`.
    case werkzeugScrypt(Scrypt.Cost)
    /// `$argon2id$v=19$m=19456,t=2,p=1$…`, 16 bytes of salt, 32 of key. Only where this process ``Argon2/isAvailable``.
    case argon2id(Argon2.Cost)

    /// The longest password in bytes that counts in full; nil where all of it always does. Longer ones are refused.
    package var maximumBytes: Int? { if case .bcrypt = self { BCrypt.passwordByteLimit } else { nil } }

    /// Whether its hashes could be verified again: nothing dearer than 256 MiB or about two seconds is.
    package var isWithinLimits: Bool {
        switch self {
        case .scrypt(let cost), .djangoScrypt(let cost), .werkzeugScrypt(let cost): CostLimits.allow(cost)
        case .bcrypt(let cost, _), .wordPressBCrypt(let cost): (4...CostLimits.bcryptCost).contains(cost)
        case .aspNetIdentity(let iterations): (1...CostLimits.iterations(of: .sha512)).contains(iterations)
        case .argon2id(let cost): CostLimits.allow(cost)
        case .djangoPBKDF2SHA256(let iterations): (1...CostLimits.iterations(of: .sha256)).contains(iterations)
        }
    }

    /// The name under which it is configured, which is also ``HashFormat/name(of:)`` of what it writes but for the bcrypts.
    package var name: String {
        switch self {
        case .scrypt: "scrypt"
        case .bcrypt(_, .b): "bcrypt"
        case .bcrypt(_, let version): "bcrypt-\(version.rawValue)"
        case .wordPressBCrypt: "wordpress-bcrypt"
        case .aspNetIdentity: "aspnet-identity-v3"
        case .djangoPBKDF2SHA256: "django-pbkdf2-sha256"
        case .djangoScrypt: "django-scrypt"
        case .werkzeugScrypt: "werkzeug-scrypt"
        case .argon2id: "argon2id"
        }
    }

    /// All that may be configured.
    package static let names = [
        "scrypt", "argon2id", "bcrypt", "bcrypt-2a", "bcrypt-2y", "wordpress-bcrypt", "aspnet-identity-v3",
        "django-pbkdf2-sha256", "django-scrypt", "werkzeug-scrypt",
    ]

    /// Which scheme writes what stands in a table.
    /// - Returns: one of ``names``; nil if none does.
    package static func name(writing hash: PasswordHash) -> String? {
        guard let format = HashFormat.name(of: hash) else { return nil }
        if format == "bcrypt" {
            return hash.text.hasPrefix("$2a$") ? "bcrypt-2a" : hash.text.hasPrefix("$2y$") ? "bcrypt-2y" : "bcrypt"
        }
        return names.first { $0 == format }
    }

    /// Hashes with a new salt.
    func hash(_ password: Password, _ treatment: PasswordTreatment) throws(HashingRefused) -> PasswordHash {
        guard isWithinLimits else { throw .costBeyondLimits }
        // The password by itself: what a pepper adds is cut, as the app beside us does.
        if let maximumBytes, password.bytes.count > maximumBytes { throw .passwordTooLong(limitBytes: maximumBytes) }
        switch form {
        case .bcrypt(let cost, let version):
            guard let text = BCrypt.hash(treatment.peppered(password), cost: cost, as: version) else {
                throw .passwordHasNUL
            }
            return PasswordHash(text)
        case .wordPressBCrypt(let cost):
            guard let text = WordPressBCrypt.hash(password, cost: cost) else { throw .passwordHasNUL }
            return PasswordHash(text)
        case .derived(let blank):
            do { return blank.filled(with: try blank.derive(from: password)) } catch { throw .busy }
        }
    }

    /// A hash that no password has, for who does not exist: random bytes in place of the key, so that making it costs
    /// nothing, and checking it what checking a real one does.
    func decoy() -> PasswordHash {
        switch form {
        case .bcrypt(let cost, let version): PasswordHash(BCrypt.decoy(cost: cost, as: version))
        case .wordPressBCrypt(let cost): PasswordHash(WordPressBCrypt.decoy(cost: cost))
        case .derived(let blank): blank.filled(with: SecureRandom.bytes(blank.byteCount))
        }
    }

    /// `crypt_r` writes bcrypt's text itself; all others are a key put into a text.
    private enum Form {
        case bcrypt(cost: Int, BCryptVersion)
        case wordPressBCrypt(cost: Int)
        case derived(Blank)
    }

    /// Everything of a new hash but its key.
    private struct Blank {
        let function: DerivedKey.Function
        let salt: [UInt8]
        let byteCount: Int
        let text: (_ key: [UInt8]) -> String

        func derive(from password: Password) throws(DerivationFailed) -> [UInt8] {
            try function.derive(password, salt: salt, byteCount: byteCount)
        }

        func filled(with key: [UInt8]) -> PasswordHash { PasswordHash(text(key)) }
    }

    /// With a new salt each time.
    private var form: Form {
        switch self {
        case .bcrypt(let cost, let version):
            return .bcrypt(cost: cost, version)
        case .wordPressBCrypt(let cost):
            return .wordPressBCrypt(cost: cost)
        case .aspNetIdentity(let iterations):
            let salt = SecureRandom.bytes(16)
            return .derived(
                Blank(function: .pbkdf2(.sha512, iterations: iterations), salt: salt, byteCount: 32) {
                    ASPNETIdentity.write(iterations: iterations, salt: salt, key: $0)
                })
        case .scrypt(let cost):
            let salt = SecureRandom.bytes(16)
            return .derived(
                Blank(function: .scrypt(cost), salt: salt, byteCount: 32) {
                    PHCScrypt.write(cost, salt: salt, key: $0)
                })
        case .argon2id(let cost):
            let salt = SecureRandom.bytes(16)
            return .derived(
                Blank(function: .argon2(.id, .current, cost), salt: salt, byteCount: 32) {
                    Argon2Hash.write(cost, salt: salt, key: $0)
                })
        case .djangoPBKDF2SHA256(let iterations):
            let salt = NewPasswordScheme.saltText(22)
            return .derived(
                Blank(function: .pbkdf2(.sha256, iterations: iterations), salt: Array(salt.utf8), byteCount: 32) {
                    DjangoPBKDF2.write(iterations: iterations, salt: salt, key: $0)
                })
        case .djangoScrypt(let cost):
            let salt = NewPasswordScheme.saltText(22)
            return .derived(
                Blank(function: .scrypt(cost), salt: Array(salt.utf8), byteCount: 64) {
                    DjangoScrypt.write(cost, salt: salt, key: $0)
                })
        case .werkzeugScrypt(let cost):
            let salt = NewPasswordScheme.saltText(16)
            return .derived(
                Blank(function: .scrypt(cost), salt: Array(salt.utf8), byteCount: 64) {
                    WerkzeugScrypt.write(cost, salt: salt, key: $0)
                })
        }
    }

    /// A salt of letters and digits, as Django and Werkzeug make theirs: nearly six bits a character.
    private static func saltText(_ count: Int) -> String {
        SecureRandom.text(count, from: Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8))
    }
}
