/// HMAC with SHA-256 (RFC 2104), built from two digests: the library's own takes several times as long to set up.
package enum HMACSHA256 {
    /// The block of SHA-256; longer keys are digested first (RFC 2104 §2).
    private static let blockBytes = 64

    /// - Returns: 32 bytes.
    package static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        let key = key.count > blockBytes ? Digest.sha256(key) : key
        let inner = Digest.sha256(block(key, with: 0x36, before: message))
        return Digest.sha256(block(key, with: 0x5c, before: inner))
    }

    private static func block(_ key: [UInt8], with byte: UInt8, before message: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(blockBytes + message.count)
        bytes += repeatElement(byte, count: blockBytes)
        for index in key.indices { bytes[index] ^= key[index] }
        bytes += message
        return bytes
    }
}
