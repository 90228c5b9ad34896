import Cryptography

/// A stored hash that was understood, its costs within ``CostLimits``. One type a format, each in a file of its own.
protocol StoredHash: Sendable {
    /// - Returns: nil where the text is not of this format, or asks for more than the limits allow.
    init?(_ text: String)
    /// - Throws: only where the library gave up, for want of memory.
    func matches(_ password: Password) throws(DerivationFailed) -> Bool
}

/// All formats that can be verified.
enum HashFormats {
    static let all: [any StoredHash.Type] = [
        PHCScrypt.self, BCrypt.self, SHACrypt.self, Yescrypt.self,
        DjangoPBKDF2.self, DjangoScrypt.self, DjangoBCrypt.self, DjangoBCryptSHA256.self,
        WerkzeugScrypt.self, WerkzeugPBKDF2.self, ASPNETIdentity.self, BetterAuthScrypt.self, Argon2Hash.self,
    ]

    static func read(_ hash: PasswordHash) -> (any StoredHash)? {
        // Every format is printable ASCII; here that is settled for all the splitting and comparing that follows.
        guard hash.text.utf8.count <= CostLimits.textBytes, hash.text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        for format in all {
            if let stored = format.init(hash.text) { return stored }
        }
        return nil
    }
}

/// A key derived from password and salt: what most formats come down to, however they spell it.
struct DerivedKey: Sendable {
    enum Function: Sendable {
        case scrypt(Scrypt.Cost)
        case pbkdf2(PBKDF2.Hash, iterations: Int)
        case argon2(Argon2.Variant, Argon2.Version, Argon2.Cost)

        var isAllowed: Bool {
            switch self {
            case .scrypt(let cost): CostLimits.allow(cost)
            case .pbkdf2(let hash, let iterations): (1...CostLimits.iterations(of: hash)).contains(iterations)
            case .argon2(_, _, let cost): CostLimits.allow(cost)
            }
        }

        func derive(_ password: Password, salt: [UInt8], byteCount: Int) throws(DerivationFailed) -> [UInt8] {
            switch self {
            case .scrypt(let cost):
                try Scrypt.derive(password.bytes, salt: salt, cost: cost, byteCount: byteCount)
            case .pbkdf2(let hash, let iterations):
                try PBKDF2.derive(
                    password.bytes, salt: salt, iterations: iterations, hash: hash, byteCount: byteCount)
            case .argon2(let variant, let version, let cost):
                try Argon2.derive(
                    password.bytes, salt: salt, variant: variant, version: version, cost: cost, byteCount: byteCount)
            }
        }
    }

    private let function: Function
    private let salt: [UInt8]
    private let key: [UInt8]

    /// - Parameter key: 16 bytes or more, so that no password matches by chance; a longer one than PBKDF2's digest
    ///   would cost a pass for every digest's length, and 64 bytes are the most that any format writes.
    init?(_ function: Function, salt: [UInt8], key: [UInt8]) {
        guard function.isAllowed, salt.count <= CostLimits.saltBytes, (16...64).contains(key.count) else { return nil }
        if case .pbkdf2(let hash, _) = function, key.count > hash.byteCount { return nil }
        self.function = function
        self.salt = salt
        self.key = key
    }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool {
        equalInConstantTime(try function.derive(password, salt: salt, byteCount: key.count), key)
    }
}

/// Splits and numbers as hash formats write them.
extension String {
    /// - Returns: the parts between `separator`, empty ones too; nil where they are not `count`.
    func fields(_ count: Int, separator: Character = "$") -> [Substring]? {
        let fields = split(separator: separator, omittingEmptySubsequences: false)
        return fields.count == count ? fields : nil
    }
}

extension StringProtocol {
    /// ASCII digits only, at most nine of them, no leading zero.
    var costNumber: Int? {
        guard (1...9).contains(utf8.count), utf8.first != UInt8(ascii: "0"),
            utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(self)
    }

    /// log2 of a number that is a power of two and at least 2.
    var costLogarithm: Int? {
        guard let number = costNumber, number >= 2, number.nonzeroBitCount == 1 else { return nil }
        return number.trailingZeroBitCount
    }

    func value(after prefix: String) -> SubSequence? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}
