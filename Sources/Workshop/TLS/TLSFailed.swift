/// Why a context could not be made, and how OpenSSL's own words are read: its queue of errors belongs to the thread,
/// so it is emptied before a call and read right after it.

internal import COpenSSL
internal import Glibc

/// What was wrong with the settings of TLS. Holds OpenSSL's words and the path, never what a file contains.
package enum TLSFailed: Error, Equatable {
    /// The certificates to trust could not be read.
    case trust(path: String?, reason: String)
    /// A server's certificate chain could not be read.
    case certificate(path: String, reason: String)
    /// A server's key could not be read, is encrypted, or does not belong to the certificate.
    case key(path: String, reason: String)
    /// The library refused a setting.
    case settings(reason: String)
}

/// OpenSSL's queue of errors of this thread.
enum ErrorQueue {
    static func clear() { ERR_clear_error() }

    /// The first reason in the queue, which is emptied: `certificate verify failed`. Those that follow it say less and
    /// less about what happened.
    static func takeReason() -> String {
        let code = ERR_peek_error()
        ERR_clear_error()
        if code == 0 { return "no reason given" }
        // A number of the system's has no text in OpenSSL (`ERR_SYSTEM_FLAG`).
        if code & 0x8000_0000 != 0 { return String(cString: strerror(Int32(truncatingIfNeeded: code & 0x7fff_ffff))) }
        return ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code) of OpenSSL"
    }
}
