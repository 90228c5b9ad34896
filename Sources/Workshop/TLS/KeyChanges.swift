/// How often in a row the other end may change its key (KeyUpdate, RFC 8446 §4.6.3).

internal import COpenSSL

/// A change costs the other end 27 bytes, and us the derivation of a key. OpenSSL takes them one after the other until application data
/// come, so that the thread would belong to whoever sends enough of them: beyond the limit its socket fails.
final class KeyChanges {
    private static let inARowMax = 32

    private var inARow = 0

    /// OpenSSL calls back inside of calls on `ssl`, which must not outlive this.
    func watch(_ ssl: OpaquePointer) {
        SSL_set_msg_callback(ssl, noteMessage)
        _ = SSL_ctrl(ssl, SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Application data came.
    func endRow() { inARow = 0 }

    fileprivate func note(on ssl: OpaquePointer) {
        inARow += 1
        if inARow > Self.inARowMax { SocketBIO.refuseToReceive(SSL_get_rbio(ssl)) }
    }
}

/// Called by OpenSSL with every message of the protocol, sent or received.
private func noteMessage(
    isSent: Int32, _: Int32, type: Int32, message: UnsafeRawPointer?, length: Int, ssl: OpaquePointer?,
    changes: UnsafeMutableRawPointer?
) {
    guard isSent == 0, type == SSL3_RT_HANDSHAKE, length > 0, let message, let ssl, let changes,
        message.load(as: UInt8.self) == SSL3_MT_KEY_UPDATE
    else { return }
    Unmanaged<KeyChanges>.fromOpaque(changes).takeUnretainedValue().note(on: ssl)
}
