import COpenSSL

/// Verifies ECDSA signatures on the curve P-256 with SHA-256 (FIPS 186-5 §6.4).
///
/// `@unchecked`: the key is read only after it was made, which OpenSSL allows from several threads.
package final class P256PublicKey: @unchecked Sendable {
    private let key: OpaquePointer

    /// - Parameter der: a SubjectPublicKeyInfo (RFC 5480 §2), nothing behind it.
    /// - Returns: nil for anything else, other kinds of keys and other curves among it.
    package init?(der: [UInt8]) {
        // A key on this curve takes 91 bytes; nothing longer needs to be parsed.
        guard (1...256).contains(der.count) else { return nil }
        let parsed = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var front = bytes.baseAddress
            guard let key = d2i_PUBKEY(nil, &front, bytes.count) else { return nil }
            guard let base = bytes.baseAddress, front == base + bytes.count, Self.isOnP256(key) else {
                EVP_PKEY_free(key)
                return nil
            }
            return key
        }
        ERR_clear_error()
        guard let parsed else { return nil }
        key = parsed
    }

    deinit { EVP_PKEY_free(key) }

    private static func isOnP256(_ key: OpaquePointer) -> Bool {
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return false }
        return name.prefix(length).map { UInt8(bitPattern: $0) }.elementsEqual("prime256v1".utf8)
    }

    /// - Parameter signature: ECDSA-Sig-Value in DER (RFC 3279 §2.2.3).
    package func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        // Two numbers of 32 bytes, each with its header and perhaps a leading zero.
        guard (8...72).contains(signature.count), let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
