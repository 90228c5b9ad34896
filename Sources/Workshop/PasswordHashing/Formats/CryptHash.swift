import Cryptography

/// Checks a password against a hash that `crypt_r` understands.
enum CryptHash {
    /// Stands in for a password that `crypt_r` refuses, so that an over-long one costs what every other does: else the
    /// time would tell which accounts exist and how they are hashed.
    private static let standIn = Password([UInt8](repeating: UInt8(ascii: "x"), count: UnixCrypt.passwordByteLimit))

    /// - Parameter last: how many characters at the end are the hash itself.
    static func matches(_ password: Password, _ text: String, last hashLength: Int) -> Bool {
        let isAccepted = UnixCrypt.accepts(password.bytes)
        let computed = UnixCrypt.hash((isAccepted ? password : standIn).bytes, setting: text)
        guard let computed else { return false }
        return equalInConstantTime(Array(computed.utf8.suffix(hashLength)), Array(text.utf8.suffix(hashLength)))
            && isAccepted
    }
}
