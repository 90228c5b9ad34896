import Cryptography

/// passlib's `bcrypt_sha256`: `$bcrypt-sha256$v=2,t=2b,r=12$salt$hash`, bcrypt of base64 of HMAC-SHA256 of the password, the salt's characters
/// being its key. Before 1.7.3: `$bcrypt-sha256$2b,12$salt$hash`, of base64 of SHA-256 alone.
struct BCryptSHA256: StoredHash {
    private let hash: BCrypt
    /// nil: SHA-256 without a key.
    private let key: [UInt8]?

    init?(_ text: String) {
        guard let fields = text.fields(5), fields[0].isEmpty, fields[1] == "bcrypt-sha256", fields[3].utf8.count == 22
        else { return nil }
        var costs = fields[2].split(separator: ",", omittingEmptySubsequences: false)
        let isKeyed = costs.first == "v=2"
        if isKeyed, costs.count == 3, let type = costs[1].value(after: "t="), let rounds = costs[2].value(after: "r=") {
            costs = [type, rounds]
        }
        guard costs.count == 2, costs[1].costNumber != nil else { return nil }
        let rounds = costs[1].utf8.count == 1 ? "0\(costs[1])" : String(costs[1])
        guard let hash = BCrypt("$\(costs[0])$\(rounds)$\(fields[3])\(fields[4])") else { return nil }
        self.hash = hash
        key = isKeyed ? Array(fields[3].utf8) : nil
    }

    var formatName: String { "bcrypt-sha256" }
    var cost: HashCost { hash.cost }

    func matches(_ password: Password) -> Bool {
        let digest = key.map { HMACSHA256.authenticate(password.bytes, key: $0) } ?? Digest.sha256(password.bytes)
        return hash.matches(Password(Array(Base64.encode(digest).utf8)))
    }
}
