/// How many records, in a row and in all, the other end may send that hold no application data.

internal import COpenSSL

/// A change of key (KeyUpdate, RFC 8446 §4.6.3) or a renegotiation that is refused (RFC 5246 §7.4.1) costs the other end some thirty
/// bytes, and us the derivation of a key or an alert. OpenSSL takes them one after the other until application data come, so that the
/// thread would belong to a peer that sends enough of them: beyond a limit its socket fails. A single byte of data between them would begin a
/// row anew, so they are limited in all, too: no honest peer comes near it, for a key is good for some 2^24 records (§5.5).
final class RecordsWithoutData {
    /// That of the data counts too: it is noted before its content is known. A handshake takes about ten.
    private static let inARowMax = 64
    /// Of one connection, those of the handshake left out.
    private static let inAllMax = 256

    private var inARow = 0
    private var inAll = 0

    /// OpenSSL calls back inside of calls on `ssl`, which must not outlive this.
    func watch(_ ssl: OpaquePointer) {
        SSL_set_msg_callback(ssl, noteMessage)
        _ = SSL_ctrl(ssl, SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, Unmanaged.passUnretained(self).toOpaque())
    }

    /// The handshake is done: what it took counts no more.
    func endHandshake() { (inARow, inAll) = (0, 0) }

    /// Application data came: the record that held them is no longer counted.
    func endRow() {
        guard inARow > 0 else { return }
        inAll -= 1
        inARow = 0
    }

    fileprivate func note(on ssl: OpaquePointer) {
        inARow += 1
        inAll += 1
        if inARow > Self.inARowMax || inAll > Self.inAllMax { SocketBIO.refuseToReceive(SSL_get_rbio(ssl)) }
    }
}

/// Called by OpenSSL with every message of the protocol and with the head of every record, sent or received.
private func noteMessage(
    isSent: Int32, _: Int32, type: Int32, _: UnsafeRawPointer?, _: Int, ssl: OpaquePointer?,
    records: UnsafeMutableRawPointer?
) {
    guard isSent == 0, type == SSL3_RT_HEADER, let ssl, let records else { return }
    Unmanaged<RecordsWithoutData>.fromOpaque(records).takeUnretainedValue().note(on: ssl)
}
