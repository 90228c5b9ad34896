/// HMAC with SHA-256 (RFC 2104), built from two digests: the library's own takes several times as long to set up.
package enum HMACSHA256 {
    /// The block of SHA-256; longer keys are digested first (RFC 2104 §2).
    private static let blockBytes = 64

    /// - Returns: 32 bytes.
    package static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        let key = key.count > blockBytes ? Digest.sha256(key) : key
        let inner = Digest.sha256(pad(key, with: 0x36) + message)
        return Digest.sha256(pad(key, with: 0x5c) + inner)
    }

    private static func pad(_ key: [UInt8], with byte: UInt8) -> [UInt8] {
        var block = [UInt8](repeating: byte, count: blockBytes)
        for index in key.indices { block[index] ^= key[index] }
        return block
    }
}
