import Cryptography

/// How much a stored hash may ask for: 256 MiB, and about two seconds on a slow processor. Hashes are imported from
/// elsewhere, so a hostile one must be refused before it is obeyed. Every format has its own measure of time.
enum CostLimits {
    static let memoryBytes = 256 << 20
    /// `N · r · p` of scrypt, `N · r` of yescrypt; 2^20 take 0.3 to 0.5 s of scrypt.
    static let scryptWork = 1 << 22
    /// `memoryKiB · passes` of Argon2; 2^20 take 0.5 to 0.7 s.
    static let argon2Work = 1 << 21
    /// log2 of bcrypt's rounds; 12 takes about 0.25 s.
    static let bcryptCost = 15
    /// passlib's default is 656,000, which takes 0.4 s; a password of 511 bytes takes six times as long as a short one.
    static let shaCryptRounds = 700_000
    /// phpass' rounds of MD5 and Drupal's of SHA-512, with the longest password that each takes: 4,096 and 512 bytes.
    static func rounds(of hash: RepeatedDigest.Hash) -> Int {
        switch hash {
        case .md5: 1 << 17
        case .sha512: 1 << 19
        }
    }
    /// The longest salt; real ones have 8 to 32 bytes, passlib allows this many.
    static let saltBytes = 1024
    /// The longest stored text; nothing behind it is looked at.
    static let textBytes = 4096

    /// PBKDF2: a million iterations take 0.3 s with SHA-1 and SHA-256, 0.8 s with SHA-512.
    static func iterations(of hash: PBKDF2.Hash) -> Int {
        switch hash {
        case .sha1, .sha256: 4_000_000
        case .sha512: 2_000_000
        }
    }

    static func allow(_ cost: Scrypt.Cost) -> Bool {
        guard let bytes = cost.memoryBytes, let work = cost.work else { return false }
        return bytes <= memoryBytes && work <= scryptWork
    }

    static func allow(_ cost: Argon2.Cost) -> Bool {
        guard cost.isDefined else { return false }
        let (work, overflow) = cost.memoryKiB.multipliedReportingOverflow(by: cost.passes)
        return cost.memoryKiB <= memoryBytes >> 10 && !overflow && work <= argon2Work
    }
}
