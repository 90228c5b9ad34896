import Cryptography

/// ASP.NET Identity's version 2, and ASP.NET Core's compatibility mode: base64 of 0x00, 16 bytes of salt, 32 of key: PBKDF2 with SHA-1, 1,000
/// iterations.
struct ASPNETIdentity2: StoredHash {
    private static let saltBytes = 16
    private static let keyBytes = 32
    private static let iterations = 1000

    private let key: DerivedKey

    init?(_ text: String) {
        guard let bytes = Base64.decode(text.utf8), bytes.count == 1 + Self.saltBytes + Self.keyBytes, bytes[0] == 0,
            let key = DerivedKey(
                .pbkdf2(.sha1, iterations: Self.iterations), salt: Array(bytes[1...Self.saltBytes]),
                key: Array(bytes.suffix(Self.keyBytes)))
        else { return nil }
        self.key = key
    }

    var formatName: String { "aspnet-identity-v2" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }
}
