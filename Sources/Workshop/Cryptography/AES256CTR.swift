import COpenSSL

/// AES-256 in counter mode (NIST SP 800-38A §6.5), from counter zero: encrypting and decrypting are one.
package enum AES256CTR {
    package static let keyBytes = 32

    /// - Parameter key: ``keyBytes``, and never twice for different messages.
    /// - Throws: `.parameters` for a key of another length, `.library` if OpenSSL refuses.
    package static func apply(_ key: [UInt8], to message: [UInt8]) throws(DerivationFailed) -> [UInt8] {
        guard key.count == keyBytes, let length = Int32(exactly: message.count) else { throw .parameters }
        guard let context = EVP_CIPHER_CTX_new() else { throw .takingLibrarysCode() }
        defer { EVP_CIPHER_CTX_free(context) }
        let counter = [UInt8](repeating: 0, count: 16)
        var (output, written) = ([UInt8](repeating: 0, count: message.count), Int32(0))
        guard EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), nil, key, counter) == 1,
            EVP_EncryptUpdate(context, &output, &written, message, length) == 1, written == length
        else { throw .takingLibrarysCode() }
        return output
    }
}
