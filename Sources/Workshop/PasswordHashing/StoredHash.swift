import Cryptography

/// A stored hash that was understood, its costs within ``CostLimits``. One type a format, each in a file of its own.
protocol StoredHash: Sendable {
    /// - Returns: nil if the text is not of this format, or asks for more than the limits allow.
    init?(_ text: String)
    /// The format, as operators read it: never a part of the hash itself.
    var formatName: String { get }
    var cost: HashCost { get }
    /// - Throws: only if the library gave up, for want of memory.
    func matches(_ password: Password) throws(DerivationFailed) -> Bool
}

/// What it costs to check a password: two hashes of the same cost take the same time, whatever their salts are.
enum HashCost: Sendable, Hashable {
    case derived(DerivedKey.Function, byteCount: Int)
    /// `crypt_r`'s: the scheme and its parameters.
    case crypt(scheme: String, work: Int)
    case repeatedDigest(RepeatedDigest.Hash, rounds: Int)

    /// Grows with the time; only to be compared within one scheme.
    var work: Int {
        switch self {
        case .derived(.scrypt(let cost), _): cost.work ?? 0
        case .derived(.pbkdf2(_, let iterations), _): iterations
        case .derived(.argon2(_, _, let cost), _):
            cost.memoryKiB.multipliedReportingOverflow(by: cost.passes).partialValue
        case .crypt(_, let work): work
        case .repeatedDigest(_, let rounds): rounds
        }
    }

    /// Whether a long password takes longer than a short one.
    var growsWithPassword: Bool {
        switch self {
        case .derived: false
        case .crypt(let scheme, _): scheme != BCrypt.scheme && scheme != Yescrypt.scheme
        case .repeatedDigest: true
        }
    }
}

/// All formats that can be verified.
enum HashFormats {
    /// Those that stand alone; a wrapper's inner hash is of one of these.
    static let plain: [any StoredHash.Type] = [
        PHCScrypt.self, BCrypt.self, SHACrypt.self, Yescrypt.self, Argon2Hash.self, PHCPBKDF2.self,
        PortableHash.self, WordPressBCrypt.self, BCryptSHA256.self, FirebaseScrypt.self, SpringScrypt.self,
        DjangoPBKDF2.self, DjangoScrypt.self, DjangoBCrypt.self, DjangoBCryptSHA256.self,
        WerkzeugScrypt.self, WerkzeugPBKDF2.self, ASPNETIdentity.self, ASPNETIdentity2.self, MediaWikiPBKDF2.self,
        BetterAuthScrypt.self, LuciaScrypt.self, NextcloudHash.self, LabelledHash.self,
    ]

    static func read(_ hash: PasswordHash) -> (any StoredHash)? {
        guard isReadable(hash.text) else { return nil }
        if let marked = PreHashed(hash.text) { return marked }
        return readPlain(hash.text)
    }

    static func readPlain(_ text: String) -> (any StoredHash)? {
        for format in plain {
            if let stored = format.init(text) { return stored }
        }
        return nil
    }

    /// Every format is printable ASCII; here that is settled for all the splitting and comparing that follows.
    private static func isReadable(_ text: String) -> Bool {
        text.utf8.count <= CostLimits.textBytes && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }
}

/// A key derived from password and salt: what most formats come down to, however they spell it.
struct DerivedKey: Sendable {
    enum Function: Sendable, Hashable {
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

        var name: String {
            switch self {
            case .scrypt: "scrypt"
            case .pbkdf2(.sha1, _): "pbkdf2-sha1"
            case .pbkdf2(.sha256, _): "pbkdf2-sha256"
            case .pbkdf2(.sha512, _): "pbkdf2-sha512"
            case .argon2(let variant, _, _): variant.rawValue
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

    let function: Function
    private let salt: [UInt8]
    private let key: [UInt8]

    var cost: HashCost { .derived(function, byteCount: key.count) }

    /// - Parameter key: 16 bytes or more, so that no password matches by chance; 128 bytes are the most that any format writes.
    init?(_ function: Function, salt: [UInt8], key: [UInt8]) {
        guard function.isAllowed, salt.count <= CostLimits.saltBytes, (16...128).contains(key.count) else { return nil }
        // A key longer than the digest costs all iterations once for every digest's length.
        if case .pbkdf2(let hash, let iterations) = function,
            iterations * hash.passes(byteCount: key.count) > CostLimits.iterations(of: hash)
        {
            return nil
        }
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

    /// Base64 of the standard alphabet, padded or not.
    var base64: [UInt8]? { Base64.decode(utf8) ?? Base64.decode(utf8, padded: false) }

    /// passlib's: `.` in place of `+`, not padded.
    var adaptedBase64: [UInt8]? {
        utf8.contains(UInt8(ascii: "+"))
            ? nil
            : Base64.decode(utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "+") : $0 }, padded: false)
    }

    func value(after prefix: String) -> SubSequence? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}
