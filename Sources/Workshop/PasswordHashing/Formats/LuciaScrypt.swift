import Cryptography

/// Lucia's scrypt: `s2:salt:key` of version 2, with r 16, and `salt:key` of version 1, with r 8; N is 16384, p 1. The salt is its text, the key
/// has 64 bytes in hexadecimal digits. Version 3 writes what ``BetterAuthScrypt`` reads. As there, the password is not brought into NFKC.
struct LuciaScrypt: StoredHash {
    private let key: DerivedKey

    init?(_ text: String) {
        var fields = text.split(separator: ":", omittingEmptySubsequences: false)
        let isSecond = fields.count == 3 && fields[0] == "s2"
        if isSecond { fields.removeFirst() }
        // A hexadecimal salt of 32 digits without `s2` is version 3's.
        guard fields.count == 2, (8...(isSecond ? 64 : 31)).contains(fields[0].utf8.count),
            fields[0].utf8.allSatisfy(Self.isLetterOrDigit), fields[1].utf8.count == 128,
            let bytes = Hexadecimal.decode(fields[1].utf8),
            let key = DerivedKey(
                .scrypt(Scrypt.Cost(logN: 14, r: isSecond ? 16 : 8, p: 1)), salt: Array(fields[0].utf8), key: bytes)
        else { return nil }
        self.key = key
    }

    var formatName: String { "lucia-scrypt" }
    var cost: HashCost { key.cost }

    func matches(_ password: Password) throws(DerivationFailed) -> Bool { try key.matches(password) }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
