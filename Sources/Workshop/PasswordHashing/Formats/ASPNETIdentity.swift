import Cryptography

/// ASP.NET Core Identity's version 3: base64 of 0x01, then PRF, iterations and length of the salt as 32-bit big-endian
/// numbers, the salt, the key. (`Microsoft.AspNetCore.Identity.PasswordHasher`.)
struct ASPNETIdentity: StoredHash {
    private static let headerBytes = 13

    private let key: DerivedKey

    init?(_ text: String) {
        guard let bytes = Base64.decode(text.utf8), bytes.count > ASPNETIdentity.headerBytes, bytes[0] == 1 else {
            return nil
        }
        let saltCount = ASPNETIdentity.number(bytes[9..<13])
        let rest = bytes.dropFirst(ASPNETIdentity.headerBytes)
        guard let hash = ASPNETIdentity.hash(numbered: ASPNETIdentity.number(bytes[1..<5])),
            saltCount >= 16, saltCount <= rest.count,
            let key = DerivedKey(
                .pbkdf2(hash, iterations: ASPNETIdentity.number(bytes[5..<9])),
                salt: Array(rest.prefix(saltCount)), key: Array(rest.dropFirst(saltCount)))
        else { return nil }
        self.key = key
    }

    var formatName: String { "aspnet-identity-v3" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

    private static func hash(numbered number: Int) -> PBKDF2.Hash? {
        switch number {
        case 0: .sha1
        case 1: .sha256
        case 2: .sha512
        default: nil
        }
    }

    /// With SHA-512, as Identity writes since .NET 7.
    static func write(iterations: Int, salt: [UInt8], key: [UInt8]) -> String {
        let numbers = [2, UInt32(clamping: iterations), UInt32(clamping: salt.count)].flatMap { number in
            stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
        }
        return Base64.encode([1] + numbers + salt + key)
    }
}
