import CCrypt
import COpenSSL

/// `crypt_r` of the C library: bcrypt, yescrypt and sha-crypt as every other program on the machine computes them.
package enum UnixCrypt {
    /// The longest password; the library refuses 512 bytes and more.
    package static let passwordByteLimit = Int(CRYPT_MAX_PASSPHRASE_SIZE) - 1

    /// Whether `hash` can take it: `crypt_r` stops at a NUL, so that `x` and `x` + NUL + anything would be one password.
    package static func accepts(_ password: [UInt8]) -> Bool {
        password.count <= passwordByteLimit && !password.contains(0)
    }

    /// - Parameter setting: scheme, cost and salt, or a whole hash; at most 383 bytes. Its cost is obeyed, so check it.
    /// - Returns: the whole hash, or nil where the password is not one `accepts` takes, or the setting is unknown.
    package static func hash(_ password: [UInt8], setting: String) -> String? {
        let setting = Array(setting.utf8)
        guard accepts(password), setting.count < Int(CRYPT_OUTPUT_SIZE), !setting.contains(0) else { return nil }
        let memory = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        // The library leaves the password and its digests in there.
        defer {
            OPENSSL_cleanse(memory, MemoryLayout<crypt_data>.size)
            memory.deallocate()
        }
        UnsafeMutableRawPointer(memory).initializeMemory(
            as: UInt8.self, repeating: 0, count: MemoryLayout<crypt_data>.size)
        return withCString(password) { password in
            withCString(setting) { setting in
                // "*0" or "*1" is libxcrypt's way to say that it failed; no hash begins with a star.
                guard let hash = crypt_r(password, setting, memory), hash.pointee != UInt8(ascii: "*") else {
                    return nil
                }
                return String(validatingCString: hash)
            }
        }
    }

    /// - Parameter bytes: without NUL.
    private static func withCString<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let terminated = bytes.map { CChar(bitPattern: $0) } + [0]
        return terminated.withUnsafeBufferPointer { buffer in
            // An array that holds at least the terminator has an address.
            body(buffer.baseAddress!)
        }
    }
}
