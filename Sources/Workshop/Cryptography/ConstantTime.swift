import COpenSSL

/// Compares without telling by time where the difference is. Lengths are not secret.
package func equalInConstantTime(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
}
