import Cryptography

/// Firebase's scrypt with the project's parameters in the text, as Supabase writes it:
/// `$fbscrypt$v=1,n=14,r=8,p=1,ss=separator,sk=signer key$salt$hash`, and as Ory Kratos does:
/// `$firescrypt$ln=14,r=8,p=1$salt$hash$separator$signer key`. All four in base64.
///
/// The hash is the project's signer key, encrypted by AES-256-CTR under the first 32 bytes that scrypt makes of the password and of the
/// salt with the separator behind it.
struct FirebaseScrypt: StoredHash {
    private static let derivedBytes = 64

    private let scryptCost: Scrypt.Cost
    private let salt: [UInt8]
    private let signerKey: [UInt8]
    private let hash: [UInt8]

    init?(_ text: String) {
        guard let parts = Self.supabase(text) ?? Self.kratos(text), let logN = parts.costs[0]?.costNumber,
            let r = parts.costs[1]?.costNumber, let p = parts.costs[2]?.costNumber,
            let salt = parts.salt.base64, let separator = parts.separator.base64,
            let signerKey = parts.signerKey.base64, let hash = parts.hash.base64,
            (16...128).contains(signerKey.count), hash.count == signerKey.count,
            salt.count + separator.count <= CostLimits.saltBytes
        else { return nil }
        scryptCost = Scrypt.Cost(logN: logN, r: r, p: p)
        guard CostLimits.allow(scryptCost) else { return nil }
        self.salt = salt + separator
        self.signerKey = signerKey
        self.hash = hash
    }

    var formatName: String { "firebase-scrypt" }
    var cost: HashCost { .derived(.scrypt(scryptCost), byteCount: Self.derivedBytes) }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool {
        let key = try Scrypt.derive(password.bytes, salt: salt, cost: scryptCost, byteCount: Self.derivedBytes)
        return equalInConstantTime(
            try AES256CTR.apply(Array(key.prefix(AES256CTR.keyBytes)), to: signerKey), hash)
    }

    private typealias Parts = (
        costs: [Substring?], salt: Substring, hash: Substring, separator: Substring, signerKey: Substring
    )

    private static func supabase(_ text: String) -> Parts? {
        guard let fields = text.fields(5), fields[0].isEmpty, fields[1] == "fbscrypt" else { return nil }
        var values: [Substring: Substring] = [:]
        for field in fields[2].split(separator: ",", omittingEmptySubsequences: false) {
            guard let sign = field.firstIndex(of: "="), values[field[..<sign]] == nil else { return nil }
            values[field[..<sign]] = field[field.index(after: sign)...]
        }
        guard values.removeValue(forKey: "v") == "1", let signerKey = values.removeValue(forKey: "sk") else {
            return nil
        }
        let separator = values.removeValue(forKey: "ss") ?? ""
        let costs = ["n", "r", "p"].map { values.removeValue(forKey: $0) }
        return values.isEmpty ? (costs, fields[3], fields[4], separator, signerKey) : nil
    }

    private static func kratos(_ text: String) -> Parts? {
        guard let fields = text.fields(7), fields[0].isEmpty, fields[1] == "firescrypt",
            let costs = String(fields[2]).fields(3, separator: ",")
        else { return nil }
        let values = zip(["ln=", "r=", "p="], costs).map { $1.value(after: $0) }
        return (values, fields[3], fields[4], fields[5], fields[6])
    }
}
