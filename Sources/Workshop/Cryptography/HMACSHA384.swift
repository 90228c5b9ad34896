/// HMAC with SHA-384 (RFC 2104, FIPS 198-1).
package enum HMACSHA384 {
    private static let blockBytes = 128

    /// - Returns: 48 bytes.
    package static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        let key = key.count > blockBytes ? Digest.sha384(key) : key
        let block = key + [UInt8](repeating: 0, count: blockBytes - key.count)
        return Digest.sha384(block.map { $0 ^ 0x5c } + Digest.sha384(block.map { $0 ^ 0x36 } + message))
    }
}
