/// What the kernel may hold for one connection of a listener, and for how long. A client that reads nothing costs no more than this.
import CLinux
import Glibc

/// Set on the listening socket, whose connections inherit them (tcp(7), socket(7)). Without them a client that reads nothing is
/// given up to `tcp_wmem[2]` (4 MiB as delivered) of the kernel's memory, and one that sends ahead up to `tcp_rmem[2]`.
package struct KernelLimits: Sendable, Equatable {
    /// Of what was handed over and not sent yet: a socket that holds more takes no more (`TCP_NOTSENT_LOWAT`).
    package var unsentBytes: Int32 = 16 * 1024
    /// Sent and not acknowledged yet, and received and not read yet (`SO_SNDBUF`, `SO_RCVBUF`). The kernel doubles both for what
    /// it needs besides: 64 KiB each. A fixed size instead of one that grows with the connection's rate.
    package var sendBytes: Int32 = 32 * 1024, receiveBytes: Int32 = 32 * 1024
    /// Sent data that nothing acknowledges, and a window that stays shut, end the connection after this time (`TCP_USER_TIMEOUT`),
    /// also where the program has closed it already.
    package var unacknowledged: Duration

    package init(unacknowledged: Duration) { self.unacknowledged = unacknowledged }

    /// On a listening socket of TCP. A kernel that does not know an option goes without it.
    func apply(toListener descriptor: Int32) {
        let (seconds, attoseconds) = unacknowledged.components
        let milliseconds = Int32(clamping: min(seconds, 1_000_000) * 1000 + attoseconds / 1_000_000_000_000_000)
        try? setOption(descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, to: unsentBytes)
        try? setOption(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, to: milliseconds)
        try? setOption(descriptor, SOL_SOCKET, SO_SNDBUF, to: sendBytes)
        try? setOption(descriptor, SOL_SOCKET, SO_RCVBUF, to: receiveBytes)
    }

    /// On a connection over a Unix socket, which inherits nothing. What the other end sends is its own to pay for.
    func apply(toUnixConnection descriptor: Int32) {
        try? setOption(descriptor, SOL_SOCKET, SO_SNDBUF, to: sendBytes)
    }
}
