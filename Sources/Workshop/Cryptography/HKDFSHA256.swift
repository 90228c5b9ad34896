/// HKDF with SHA-256 (RFC 5869): from keying material to keys, extract first, then expand.
package enum HKDFSHA256 {
    /// What the one-byte block counter allows: 255 blocks of 32 bytes.
    package static let byteLimit = 255 * 32

    /// - Parameter salt: may be empty; the RFC then takes 32 zero bytes, which is the same HMAC key.
    /// - Parameter byteCount: 1 to ``byteLimit``.
    package static func derive(from material: [UInt8], salt: [UInt8], info: [UInt8], byteCount: Int) -> [UInt8] {
        // Callers write the length as a constant; none comes from outside.
        precondition((1...byteLimit).contains(byteCount))
        return expand(HMACSHA256.authenticate(material, key: salt), info: info, byteCount: byteCount)
    }

    private static func expand(_ pseudorandomKey: [UInt8], info: [UInt8], byteCount: Int) -> [UInt8] {
        var output: [UInt8] = []
        var block: [UInt8] = []
        // At most 255: the precondition above.
        for counter in 1...UInt8((byteCount + 31) / 32) {
            block = HMACSHA256.authenticate(block + info + [counter], key: pseudorandomKey)
            output += block
        }
        return Array(output.prefix(byteCount))
    }
}
