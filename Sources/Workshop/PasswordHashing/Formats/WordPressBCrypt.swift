import Cryptography

/// WordPress since 6.8: `$wp` before a bcrypt hash of base64 of HMAC-SHA384 of the trimmed password, so that no byte is cut off.
struct WordPressBCrypt: StoredHash {
    private static let key = Array("wp-sha384".utf8)
    private static let prefix = "$wp"
    /// What PHP's `trim` takes away.
    private static let blanks: Set<UInt8> = [0x20, 0x09, 0x0a, 0x0d, 0x00, 0x0b]

    private let hash: BCrypt

    init?(_ text: String) {
        guard let hash = text.value(after: Self.prefix).flatMap({ BCrypt(String($0)) }) else { return nil }
        self.hash = hash
    }

    var formatName: String { "wordpress-bcrypt" }
    var cost: HashCost { hash.cost }

    func matches(_ password: Password) -> Bool { hash.matches(Self.prepared(password)) }

    /// What bcrypt is given: 64 characters.
    private static func prepared(_ password: Password) -> Password {
        Password(Array(Base64.encode(HMACSHA384.authenticate(trimmed(password.bytes), key: key)).utf8))
    }

    static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        guard let first = bytes.firstIndex(where: { !blanks.contains($0) }),
            let last = bytes.lastIndex(where: { !blanks.contains($0) })
        else { return [] }
        return Array(bytes[first...last])
    }

    /// - Returns: nil never: base64 has no NUL.
    static func hash(_ password: Password, cost: Int) -> String? {
        BCrypt.hash(prepared(password), cost: cost, as: .y).map { prefix + $0 }
    }

    static func decoy(cost: Int) -> String { prefix + BCrypt.decoy(cost: cost, as: .y) }
}
