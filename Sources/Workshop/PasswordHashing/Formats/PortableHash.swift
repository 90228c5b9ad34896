import Cryptography

/// phpass' portable hashes: `$P$B`, 8 characters of salt, 22 of MD5 (WordPress up to 6.7, many plugins' users); phpBB 3 writes `$H$`. Drupal 7
/// to 10.0 takes SHA-512 in the same way, `$S$D`, and keeps 55 characters of it all. `U` before any of them: Drupal hashed the hexadecimal MD5
/// that older tables had in the password's place.
struct PortableHash: StoredHash {
    private static let alphabet = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private static let headCharacters = 12
    private let hash: RepeatedDigest.Hash
    private let isOfMD5: Bool
    private let rounds: Int
    private let salt: [UInt8]
    private let digest: [UInt8]

    init?(_ text: String) {
        var rest = text[...]
        isOfMD5 = rest.first == "U"
        if isOfMD5 { rest = rest.dropFirst() }
        let bytes = Array(rest.utf8)
        if rest.hasPrefix("$S$"), bytes.count == 55 {
            hash = .sha512
        } else if rest.hasPrefix("$P$") || rest.hasPrefix("$H$"), bytes.count == 34 {
            hash = .md5
        } else {
            return nil
        }
        guard hash.isAvailable, !isOfMD5 || RepeatedDigest.Hash.md5.isAvailable,
            bytes.dropFirst(3).allSatisfy(Self.alphabet.contains),
            let logarithm = Self.alphabet.firstIndex(of: bytes[3]), (7...30).contains(logarithm),
            1 << logarithm <= CostLimits.rounds(of: hash)
        else { return nil }
        rounds = 1 << logarithm
        salt = Array(bytes[4..<Self.headCharacters])
        digest = Array(bytes[Self.headCharacters...])
    }

    var formatName: String {
        switch hash {
        case .md5: "phpass"
        case .sha512: isOfMD5 ? "drupal-sha512-md5" : "drupal-sha512"
        }
    }
    /// Both programs refuse longer passwords; what is hashed in their place costs as much.
    private var passwordBytesMax: Int { hash == .md5 ? 4096 : 512 }

    var cost: HashCost { .repeatedDigest(hash, rounds: rounds) }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool {
        let isAccepted = password.bytes.count <= passwordBytesMax
        let taken = Array(password.bytes.prefix(passwordBytesMax))
        let subject = isOfMD5 ? Array(Hexadecimal.encode(Digest.md5(taken)).utf8) : taken
        let computed = try RepeatedDigest.derive(subject, salt: salt, rounds: rounds, hash: hash)
        return equalInConstantTime(Array(Self.encode(computed).prefix(digest.count)), digest) && isAccepted
    }

    /// Base64 in an order of its own, the lowest bits first.
    private static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
            for _ in 0...group.count {
                text.append(alphabet[bits & 63])
                bits >>= 6
            }
        }
        return text
    }
}
