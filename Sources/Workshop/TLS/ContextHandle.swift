/// What a client's and a server's context have in common: the versions, the strength, and who frees it.

internal import COpenSSL

/// Owns an `SSL_CTX`: TLS 1.2 and 1.3, security level 2 (112 bits), no renegotiation.
///
/// `@unchecked`: OpenSSL counts references to a context atomically and locks what it changes in it; here it is
/// configured before it is shared, and never after.
final class ContextHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init(method: OpaquePointer?) throws(TLSFailed) {
        ErrorQueue.clear()
        guard let pointer = SSL_CTX_new(method) else { throw .settings(reason: ErrorQueue.takeReason()) }
        self.pointer = pointer
        guard SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil) == 1 else {
            throw .settings(reason: ErrorQueue.takeReason())
        }
        SSL_CTX_set_security_level(pointer, 2)
        SSL_CTX_set_options(pointer, Self.noRenegotiation)
        // Part of a write may go out and the rest be offered again from elsewhere: an array may move between two calls.
        let modes = Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)
        _ = SSL_CTX_ctrl(pointer, SSL_CTRL_MODE, modes, nil)
        // A record's head and body in one `recv` instead of two.
        _ = SSL_CTX_ctrl(pointer, SSL_CTRL_SET_READ_AHEAD, 1, nil)
        // Sessions are kept by `Sessions` on the client's side, and not at all on the server's: none in OpenSSL.
        _ = SSL_CTX_ctrl(pointer, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
    }

    /// `SSL_OP_NO_RENEGOTIATION`: a macro that Swift does not import.
    private static let noRenegotiation = UInt64(1) << 30

    deinit { SSL_CTX_free(pointer) }
}

/// Names of protocols as ALPN sends them: each after a byte with its length (RFC 7301 §3.1).
struct ApplicationProtocols: Sendable {
    let names: [String]
    let wire: [UInt8]

    /// - Throws: `.settings` for an empty name or one over 255 bytes.
    init(_ names: [String]) throws(TLSFailed) {
        var wire: [UInt8] = []
        for name in names {
            guard let length = UInt8(exactly: name.utf8.count), length > 0 else {
                throw .settings(reason: "an application protocol's name is empty or too long")
            }
            wire.append(length)
            wire.append(contentsOf: name.utf8)
        }
        self.names = names
        self.wire = wire
    }
}
