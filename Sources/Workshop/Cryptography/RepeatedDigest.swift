import COpenSSL

/// A digest of salt and password, then as often as asked the digest of the last one and the password again: how phpass makes time pass.
package enum RepeatedDigest {
    package enum Hash: Sendable, Hashable {
        case md5, sha512

        package var byteCount: Int { algorithm.byteCount }
        /// Whether this library has it.
        package var isAvailable: Bool { algorithm.pointer != nil }

        fileprivate var algorithm: Algorithm {
            switch self {
            case .md5: .md5
            case .sha512: .sha512
            }
        }
    }

    /// Limits are the caller's: time is in proportion to `rounds`, and grows with the password's length.
    /// - Parameter rounds: how often the first digest is digested again.
    /// - Throws: `.library` if OpenSSL refuses.
    package static func derive(
        _ password: [UInt8], salt: [UInt8], rounds: Int, hash: Hash
    ) throws(DerivationFailed) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw .takingLibrarysCode() }
        defer { EVP_MD_CTX_free(context) }
        let algorithm = hash.algorithm
        guard let pointer = algorithm.pointer else { throw .parameters }
        // The last digest, and behind it the password: one message, of which only the front changes.
        var message = [UInt8](repeating: 0, count: algorithm.byteCount) + password
        defer { OPENSSL_cleanse(&message, message.count) }
        var status = EVP_DigestInit_ex(context, pointer, nil)
        if status == 1 { status = EVP_DigestUpdate(context, salt, salt.count) }
        if status == 1 { status = EVP_DigestUpdate(context, password, password.count) }
        if status == 1 { status = EVP_DigestFinal_ex(context, &message, nil) }
        var left = rounds
        message.withUnsafeMutableBytes { message in
            let front = message.baseAddress?.assumingMemoryBound(to: UInt8.self)
            while status == 1, left > 0 {
                status = EVP_DigestInit_ex(context, nil, nil)
                if status == 1 { status = EVP_DigestUpdate(context, message.baseAddress, message.count) }
                if status == 1 { status = EVP_DigestFinal_ex(context, front, nil) }
                left -= 1
            }
        }
        guard status == 1 else { throw .takingLibrarysCode() }
        return Array(message.prefix(algorithm.byteCount))
    }
}
