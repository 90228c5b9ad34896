/// What the connections of a client share: whom to trust, which protocol to offer, sessions to resume.

internal import COpenSSL

/// A client's side of TLS 1.2 and 1.3. The server must show a chain to a trusted certificate, and the name asked for.
/// Making one reads the trusted certificates (some 20 ms for the system's store), so do it off the loops.
package final class TLSClientContext: Sendable {
    let handle: ContextHandle
    let applicationProtocols: ApplicationProtocols
    let sessions = Sessions()

    /// - Parameter applicationProtocols: offered by ALPN (RFC 7301), the best first.
    /// - Throws: ``TLSFailed/trust(path:reason:)`` where the certificates can't be read, `.settings` for an unusable
    ///   list of protocols.
    package init(trust: Trust, applicationProtocols: [String] = ["http/1.1"]) throws(TLSFailed) {
        self.applicationProtocols = try ApplicationProtocols(applicationProtocols)
        handle = try ContextHandle(method: TLS_client_method())
        SSL_CTX_set_verify(handle.pointer, SSL_VERIFY_PEER, nil)
        try load(trust)
        let wire = self.applicationProtocols.wire
        guard wire.isEmpty || SSL_CTX_set_alpn_protos(handle.pointer, wire, UInt32(wire.count)) == 0 else {
            throw .settings(reason: ErrorQueue.takeReason())
        }
    }

    private func load(_ trust: Trust) throws(TLSFailed) {
        ErrorQueue.clear()
        switch trust {
        case .system:
            guard SSL_CTX_set_default_verify_paths(handle.pointer) == 1 else {
                throw .trust(path: nil, reason: ErrorQueue.takeReason())
            }
        case .file(let path):
            // C would read another file's name up to the NUL.
            guard !path.utf8.contains(0), SSL_CTX_load_verify_file(handle.pointer, path) == 1 else {
                throw .trust(path: path, reason: ErrorQueue.takeReason())
            }
        }
        ErrorQueue.clear()
    }
}
