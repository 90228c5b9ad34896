import COpenSSL

/// SHA-1 and SHA-2 digests (FIPS 180-4) of messages that lie in memory as a whole.
package enum Digest {
    /// - Returns: 32 bytes.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] { Algorithm.sha256.digest(bytes) }

    /// - Returns: 48 bytes.
    package static func sha384(_ bytes: [UInt8]) -> [UInt8] { Algorithm.sha384.digest(bytes) }

    /// - Returns: 64 bytes.
    package static func sha512(_ bytes: [UInt8]) -> [UInt8] { Algorithm.sha512.digest(bytes) }

    /// For what others prescribe (public breach lists, old hash formats), never to protect anything new.
    /// - Returns: 20 bytes.
    package static func sha1(_ bytes: [UInt8]) -> [UInt8] { Algorithm.sha1.digest(bytes) }

    /// For old hash formats only; a library in FIPS mode has none, see ``RepeatedDigest/Hash/isAvailable``.
    /// - Returns: 16 bytes.
    package static func md5(_ bytes: [UInt8]) -> [UInt8] { Algorithm.md5.digest(bytes) }
}

/// One digest algorithm of the library, looked up once: OpenSSL 3 takes longer to find it than to use it.
struct Algorithm: @unchecked Sendable {
    // Unchecked, because an EVP_MD is never changed after the look-up, and OpenSSL counts its references atomically.
    let pointer: OpaquePointer?
    let byteCount: Int

    static let sha1 = Algorithm("SHA1", byteCount: 20)
    static let sha256 = Algorithm("SHA256", byteCount: 32)
    static let sha384 = Algorithm("SHA384", byteCount: 48)
    static let sha512 = Algorithm("SHA512", byteCount: 64)
    /// A library in FIPS mode has none.
    static let md5 = Algorithm("MD5", byteCount: 16)

    private init(_ name: String, byteCount: Int) {
        pointer = EVP_MD_fetch(nil, name, nil)
        self.byteCount = byteCount
    }

    func digest(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
            let status = EVP_Digest(bytes, bytes.count, output.baseAddress, nil, pointer, nil)
            // Every message has a digest, so no input can bring this about: only a library without its algorithms, or
            // a machine without memory. To go on would mean to sign with bytes that were never computed.
            precondition(status == 1, "OpenSSL cannot compute a digest")
            count = byteCount
        }
    }
}
