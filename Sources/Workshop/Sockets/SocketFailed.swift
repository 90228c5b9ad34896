/// Why a stream stopped. Numbers are kept.
import Glibc

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

extension SocketFailed {
    /// The other end's kernel acknowledged nothing for as long as ``KernelLimits/unacknowledged``, or does not answer at all.
    package var isUnacknowledged: Bool {
        if case .system(_, ETIMEDOUT) = self { return true }
        return false
    }
}
