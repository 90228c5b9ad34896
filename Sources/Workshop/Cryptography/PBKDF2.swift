import COpenSSL

/// PBKDF2 with HMAC (RFC 8018 §5.2) through OpenSSL.
package enum PBKDF2 {
    package enum Hash: Sendable {
        case sha1, sha256, sha512

        /// The digest's length, the longest key that costs one pass.
        package var byteCount: Int { algorithm.byteCount }

        /// How many passes a key of this length takes, each of all iterations.
        /// - Parameter byteCount: at least 1.
        package func passes(byteCount: Int) -> Int { (byteCount - 1) / self.byteCount + 1 }

        fileprivate var algorithm: Algorithm {
            switch self {
            case .sha1: .sha1
            case .sha256: .sha256
            case .sha512: .sha512
            }
        }
    }

    /// Limits are the caller's: time is in proportion to `iterations`, once for every digest's length of `byteCount`.
    /// - Throws: `.parameters` where a number is below 1 or above 2^31 - 1, `.library` where OpenSSL refuses.
    package static func derive(
        _ password: [UInt8], salt: [UInt8], iterations: Int, hash: Hash, byteCount: Int
    ) throws(DerivationFailed) -> [UInt8] {
        guard iterations >= 1, byteCount >= 1,
            let iterations = Int32(exactly: iterations), let outputBytes = Int32(exactly: byteCount),
            let passwordBytes = Int32(exactly: password.count), let saltBytes = Int32(exactly: salt.count)
        else { throw .parameters }
        var key = [UInt8](repeating: 0, count: byteCount)
        let status = password.withUnsafeBytes { password in
            PKCS5_PBKDF2_HMAC(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), passwordBytes, salt, saltBytes,
                iterations, hash.algorithm.pointer, outputBytes, &key)
        }
        guard status == 1 else { throw .takingLibrarysCode() }
        return key
    }
}
