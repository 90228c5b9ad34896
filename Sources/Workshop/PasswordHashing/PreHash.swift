import Cryptography

/// What some apps make of a password before it is hashed. The hash itself does not show it, so an import writes a mark before it:
/// `{sha256-hex}$2b$10$…`.
package enum PreHash: String, Sendable, CaseIterable {
    /// Meteor, Rocket.Chat: the 64 lower-case hexadecimal digits of SHA-256.
    case sha256Hex = "sha256-hex"
    case sha256Base64 = "sha256-base64"
    case sha384Base64 = "sha384-base64"
    case sha512Hex = "sha512-hex"
    /// What is left where a table of unsalted digests was hashed again.
    case sha1Hex = "sha1-hex"
    case md5Hex = "md5-hex"

    /// Stands before the hash that is stored.
    package var mark: String { "{\(rawValue)}" }

    /// Text, so that it has no NUL, at which bcrypt would stop.
    func apply(to password: Password) -> Password {
        let bytes = password.bytes
        let text =
            switch self {
            case .sha256Hex: Hexadecimal.encode(Digest.sha256(bytes))
            case .sha256Base64: Base64.encode(Digest.sha256(bytes))
            case .sha384Base64: Base64.encode(Digest.sha384(bytes))
            case .sha512Hex: Hexadecimal.encode(Digest.sha512(bytes))
            case .sha1Hex: Hexadecimal.encode(Digest.sha1(bytes))
            case .md5Hex: Hexadecimal.encode(Digest.md5(bytes))
            }
        return Password(Array(text.utf8))
    }
}

/// A mark, and a hash of any format without one.
struct PreHashed: StoredHash {
    private let preHash: PreHash
    private let hash: any StoredHash

    init?(_ text: String) {
        for preHash in PreHash.allCases where preHash != .md5Hex || RepeatedDigest.Hash.md5.isAvailable {
            guard let rest = text.value(after: preHash.mark) else { continue }
            guard let hash = HashFormats.readPlain(String(rest)) else { return nil }
            self.preHash = preHash
            self.hash = hash
            return
        }
        return nil
    }

    var formatName: String { "\(preHash.mark) \(hash.formatName)" }
    var cost: HashCost { hash.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool {
        try hash.matches(preHash.apply(to: password))
    }
}
