import COpenSSL

/// scrypt (RFC 7914) through OpenSSL.
package enum Scrypt {
    /// What one derivation costs: `128 · N · r` bytes of memory, time in proportion to `N · r · p`.
    package struct Cost: Sendable, Hashable {
        /// log2 of N.
        package let logN: Int
        package let r: Int
        package let p: Int

        package init(logN: Int, r: Int, p: Int) {
            self.logN = logN
            self.r = r
            self.p = p
        }

        /// Whether RFC 7914 §6 knows such a cost: N > 1 and below 2^(16·r), r and p at least 1, r · p below 2^30.
        package var isDefined: Bool {
            guard logN >= 1, logN <= 62, r >= 1, p >= 1, r < 1 << 30, p < 1 << 30 else { return false }
            return r * p < 1 << 30 && logN < 16 * r
        }

        /// The large table, `128 · N · r` bytes; nil where that is no cost, or no 64-bit number.
        package var memoryBytes: Int? {
            guard isDefined else { return nil }
            let (bytes, overflow) = (128 * r).multipliedReportingOverflow(by: 1 << logN)
            return overflow ? nil : bytes
        }

        /// `N · r · p`, which the time is in proportion to; nil where that is no cost, or no 64-bit number.
        package var work: Int? {
            guard isDefined else { return nil }
            let (product, overflow) = (r * p).multipliedReportingOverflow(by: 1 << logN)
            return overflow ? nil : product
        }

        /// All that OpenSSL counts against its limit: the table, two more blocks of it, and a block for each p.
        fileprivate var librarysBytes: Int? {
            guard let memoryBytes else { return nil }
            let (bytes, overflow) = memoryBytes.addingReportingOverflow(128 * r * (p + 2))
            return overflow ? nil : bytes
        }
    }

    /// Limits are the caller's: whatever RFC 7914 defines and the memory allows is computed.
    /// - Parameter byteCount: at least 1.
    /// - Throws: `.parameters` where the cost is not defined, `.library` where OpenSSL refuses, above all without memory.
    package static func derive(
        _ password: [UInt8], salt: [UInt8], cost: Cost, byteCount: Int
    ) throws(DerivationFailed) -> [UInt8] {
        guard let librarysBytes = cost.librarysBytes, byteCount >= 1 else { throw .parameters }
        var key = [UInt8](repeating: 0, count: byteCount)
        let status = password.withUnsafeBytes { password in
            EVP_PBE_scrypt(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt, salt.count,
                1 << cost.logN, UInt64(cost.r), UInt64(cost.p), UInt64(librarysBytes), &key, byteCount)
        }
        guard status == 1 else { throw .takingLibrarysCode() }
        return key
    }
}
