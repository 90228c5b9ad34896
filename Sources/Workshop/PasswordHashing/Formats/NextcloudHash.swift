import Cryptography

/// Nextcloud's number before a hash: `1|` bcrypt, `2|` Argon2i, `3|` Argon2id.
struct NextcloudHash: StoredHash {
    private let hash: any StoredHash

    init?(_ text: String) {
        let hash: (any StoredHash)? =
            if let rest = text.value(after: "1|") {
                BCrypt(String(rest))
            } else if let rest = text.value(after: "2|") ?? text.value(after: "3|") {
                Argon2Hash(String(rest))
            } else {
                nil
            }
        guard let hash else { return nil }
        self.hash = hash
    }

    var formatName: String { "nextcloud-\(hash.formatName)" }
    var cost: HashCost { hash.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try hash.matches(password) }
}
