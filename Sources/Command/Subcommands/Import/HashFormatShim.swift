import PasswordHashing

enum HashFormat {
    static func name(of hash: PasswordHash) -> String? {
        let text =
            hash.text.hasPrefix(PreHash.sha256Hex.mark)
            ? String(hash.text.dropFirst(PreHash.sha256Hex.mark.count)) : hash.text
        return PasswordHasher.canVerify(PasswordHash(text)) ? (text.hasPrefix("$2") ? "bcrypt" : "known") : nil
    }
    static func opaqueName(of hash: PasswordHash) -> String { "unknown" }
}

enum PreHash: String, CaseIterable, Sendable {
    case sha256Hex = "sha256-hex"
    var mark: String { "{\(rawValue)}" }
}
