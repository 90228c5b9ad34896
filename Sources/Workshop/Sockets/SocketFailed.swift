/// Why a stream stopped. Numbers are kept.
package enum SocketFailed: Error, Equatable {
    /// The deadline came first.
    case timedOut
    /// Closed on our side, or its loop was shut down.
    case closed
    /// What the kernel said to which call.
    case system(call: String, errno: Int32)
    /// Of a layer above the socket: a handshake refused, a certificate, a truncated record.
    case layer(String)
}
