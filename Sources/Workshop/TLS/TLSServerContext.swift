/// What the connections of a listener share: the certificate chain, its key, the protocols it speaks.

internal import COpenSSL

/// A server's side of TLS 1.2 and 1.3. To change certificates, make a new one and accept with that:
/// connections keep the one they began with.
package final class TLSServerContext: Sendable {
    let handle: ContextHandle
    private let applicationProtocols: ApplicationProtocols

    /// - Parameter certificateFile: PEM, the leaf first, then the intermediates.
    /// - Parameter keyFile: PEM, not encrypted.
    /// - Parameter applicationProtocols: the best first; a client that offers (by ALPN) none of them is refused.
    /// - Throws: ``TLSFailed``: which of the two files, and OpenSSL's reason.
    package init(
        certificateFile: String, keyFile: String, applicationProtocols: [String] = ["http/1.1"]
    ) throws(TLSFailed) {
        self.applicationProtocols = try ApplicationProtocols(applicationProtocols)
        handle = try ContextHandle(method: TLS_server_method())
        // OpenSSL would ask for a passphrase on the terminal, and a service would hang there.
        SSL_CTX_set_default_passwd_cb(handle.pointer) { _, _, _, _ in -1 }
        try useCertificate(of: certificateFile)
        try useKey(of: keyFile)
        guard SSL_CTX_set_cipher_list(handle.pointer, Self.ciphers) == 1 else {
            throw .settings(reason: ErrorQueue.takeReason())
        }
        // The key of tickets would live as long as the process, and with it those of TLS 1.2's connections (RFC 9325 §3.4). A person who
        // sets a password needs one or two handshakes.
        SSL_CTX_set_options(handle.pointer, Self.noTicket)
        _ = SSL_CTX_set_num_tickets(handle.pointer, 0)
        // Thousands of idle connections need no buffers.
        _ = SSL_CTX_ctrl(handle.pointer, SSL_CTRL_MODE, Int(SSL_MODE_RELEASE_BUFFERS), nil)
        // Many clients end TCP without close_notify. What HTTP/1.1 says of a message's end does not depend on it (RFC 9112 §9.8), and an
        // answer that is owed must not become an alert.
        SSL_CTX_set_options(handle.pointer, Self.ignoreUnexpectedEnd)
        guard !applicationProtocols.isEmpty else { return }
        SSL_CTX_set_alpn_select_cb(
            handle.pointer, chooseApplicationProtocol, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Of TLS 1.2, only suites with forward secrecy: a key that leaks later opens no old traffic (RFC 9325 §4.2). All suites of 1.3 have it.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

    /// `SSL_OP_NO_TICKET`: a macro that Swift does not import.
    private static let noTicket = UInt64(1) << 14

    /// `SSL_OP_IGNORE_UNEXPECTED_EOF`: a macro that Swift does not import.
    private static let ignoreUnexpectedEnd = UInt64(1) << 7

    private func useCertificate(of path: String) throws(TLSFailed) {
        ErrorQueue.clear()
        guard !path.utf8.contains(0), SSL_CTX_use_certificate_chain_file(handle.pointer, path) == 1 else {
            throw .certificate(path: path, reason: ErrorQueue.takeReason())
        }
    }

    private func useKey(of path: String) throws(TLSFailed) {
        ErrorQueue.clear()
        guard !path.utf8.contains(0), SSL_CTX_use_PrivateKey_file(handle.pointer, path, SSL_FILETYPE_PEM) == 1
        else { throw .key(path: path, reason: ErrorQueue.takeReason()) }
    }

    /// Picks the first of ours that the client offers, as a place in the client's list, which outlives the call.
    fileprivate func choose(from offered: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        for name in applicationProtocols.names {
            var start = 0
            while start < offered.count {
                let end = start + 1 + Int(offered[start])
                guard end <= offered.count else { break }
                if offered[(start + 1)..<end].elementsEqual(name.utf8) { return (start + 1)..<end }
                start = end
            }
        }
        return nil
    }
}

/// Called by OpenSSL in a handshake. The context is alive: whatever was made with it holds it.
private func chooseApplicationProtocol(
    _: OpaquePointer?, chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, chosenLength: UnsafeMutablePointer<UInt8>?,
    offered: UnsafePointer<UInt8>?, offeredLength: UInt32, context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let chosen, let chosenLength, let offered, let context else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    let server = Unmanaged<TLSServerContext>.fromOpaque(context).takeUnretainedValue()
    guard let place = server.choose(from: UnsafeBufferPointer(start: offered, count: Int(offeredLength))) else {
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    chosen.pointee = offered + place.lowerBound
    chosenLength.pointee = UInt8(place.count)
    return SSL_TLSEXT_ERR_OK
}
