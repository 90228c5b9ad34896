import COpenSSL

/// Why no key was derived from a password: the parameters have no meaning, or the library gave up (most often: memory).
package enum DerivationFailed: Error, Equatable {
    case parameters
    /// - Parameter code: OpenSSL's own, as `openssl errstr` takes it in hexadecimal.
    case library(code: UInt)

    /// Also empties this thread's queue of errors, or a later call would find them and take them for its own.
    static func takingLibrarysCode() -> DerivationFailed {
        let code = ERR_get_error()
        ERR_clear_error()
        return .library(code: UInt(code))
    }
}
