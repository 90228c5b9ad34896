/// Whose signature on a server's certificate is believed.

package enum Trust: Sendable, Equatable {
    /// The system's store; OpenSSL looks into `SSL_CERT_FILE` and `SSL_CERT_DIR` before its own directories.
    case system
    /// The certificates of one PEM file, and no others.
    case file(path: String)
}
