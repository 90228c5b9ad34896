import COpenSSL

/// Argon2 (RFC 9106): OpenSSL's if it has one, from 3.2 on, else that of `libargon2.so.1` if the machine has it. Both are looked for at run
/// time, once.
package enum Argon2 {
    package enum Variant: String, Sendable { case i = "argon2i", id = "argon2id" }

    /// What one derivation costs: `memoryKiB` of memory, time in proportion to `memoryKiB · passes`. Lanes are gone through one
    /// after the other, on the caller's thread.
    package struct Cost: Sendable, Hashable {
        package let memoryKiB: Int
        package let passes: Int
        package let lanes: Int

        package init(memoryKiB: Int, passes: Int, lanes: Int) {
            self.memoryKiB = memoryKiB
            self.passes = passes
            self.lanes = lanes
        }

        /// RFC 9106 §3.1: at least 8 KiB a lane, 2^24 - 1 lanes, numbers of 32 bits.
        package var isDefined: Bool {
            guard (1..<1 << 24).contains(lanes), passes >= 1 else { return false }
            return memoryKiB >= 8 * lanes && UInt32(exactly: memoryKiB) != nil && UInt32(exactly: passes) != nil
        }
    }

    /// The two there were: 0x13 is today's, 0x10 is what strings without a version mean.
    package enum Version: UInt32, Sendable { case old = 0x10, current = 0x13 }

    /// RFC 9106 §3.1: of key it asks for 4.
    package static let saltBytesMin = 8
    static let keyBytesMin = 4

    /// What gives this process Argon2 where OpenSSL is older, for people.
    package static let libraryWords = "OpenSSL 3.2 or later, or libargon2 (Debian, Ubuntu: apt install libargon2-1)"

    /// Whether this process can derive anything.
    package static let isAvailable = OpenSSLArgon2.id != nil || LibArgon2.shared != nil

    /// Limits are the caller's: whatever RFC 9106 defines and the memory allows is computed.
    /// - Throws: `.parameters` where the cost is not defined, salt or key are too short or nobody can; `.library` where the library
    ///   gives up, above all without memory.
    package static func derive(
        _ password: [UInt8], salt: [UInt8], variant: Variant, version: Version, cost: Cost, byteCount: Int
    ) throws(DerivationFailed) -> [UInt8] {
        guard cost.isDefined, salt.count >= saltBytesMin, byteCount >= keyBytesMin,
            [byteCount, salt.count, password.count].allSatisfy({ UInt32(exactly: $0) != nil })
        else { throw .parameters }
        if let function = variant == .id ? OpenSSLArgon2.id : OpenSSLArgon2.i {
            return try function.derive(password, salt: salt, version: version, cost: cost, byteCount: byteCount)
        }
        guard let library = LibArgon2.shared else { throw .parameters }
        return try library.derive(
            password, salt: salt, variant: variant, version: version, cost: cost, byteCount: byteCount)
    }
}

/// One variant of OpenSSL's, looked up once.
private struct OpenSSLArgon2: @unchecked Sendable {
    // Unchecked, because an EVP_KDF is never changed after the look-up, and OpenSSL counts its references atomically.
    private let pointer: OpaquePointer

    static let i = OpenSSLArgon2("ARGON2I")
    static let id = OpenSSLArgon2("ARGON2ID")

    /// - Returns: nil where this OpenSSL has none.
    private init?(_ name: String) {
        // Not to be found is an error to OpenSSL, and would be taken for the next call's.
        defer { ERR_clear_error() }
        guard let pointer = EVP_KDF_fetch(nil, name, nil) else { return nil }
        self.pointer = pointer
    }

    func derive(
        _ password: [UInt8], salt: [UInt8], version: Argon2.Version, cost: Argon2.Cost, byteCount: Int
    ) throws(DerivationFailed) -> [UInt8] {
        guard let context = EVP_KDF_CTX_new(pointer) else { throw .takingLibrarysCode() }
        defer { EVP_KDF_CTX_free(context) }
        var key = [UInt8](repeating: 0, count: byteCount)
        // An array without elements may have no address, and the library takes that for no password.
        var (password, passwordCount, salt) = (password + [0], password.count, salt)
        // The caller has checked that these fit.
        var numbers = [cost.memoryKiB, cost.passes, cost.lanes].map(UInt32.init) + [version.rawValue]
        let status = password.withUnsafeMutableBytes { password in
            salt.withUnsafeMutableBytes { salt in
                numbers.withUnsafeMutableBufferPointer { numbers in
                    var parameters = [
                        OSSL_PARAM_construct_octet_string(Self.name("pass"), password.baseAddress, passwordCount),
                        OSSL_PARAM_construct_octet_string(Self.name("salt"), salt.baseAddress, salt.count),
                    ]
                    let names: [StaticString] = ["memcost", "iter", "lanes", "version"]
                    for (name, place) in zip(names, numbers.indices) {
                        // Four numbers have an address.
                        parameters.append(OSSL_PARAM_construct_uint32(Self.name(name), numbers.baseAddress! + place))
                    }
                    parameters.append(OSSL_PARAM_construct_end())
                    return EVP_KDF_derive(context, &key, byteCount, parameters)
                }
            }
        }
        guard status == 1 else { throw .takingLibrarysCode() }
        return key
    }

    /// A parameter keeps the pointer to its name: it must outlive the call that makes it, as only a constant does.
    private static func name(_ text: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
