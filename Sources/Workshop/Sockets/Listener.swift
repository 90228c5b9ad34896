/// A listening socket: made here, or inherited from the process that started this one.
import CLinux
import Glibc
import Synchronization

package final class Listener: Sendable {
    /// How many connections wait in the kernel to be accepted, unless another number is asked for.
    package static let waitingMax: Int32 = 4096

    /// Where it listens; the port that was picked where 0 was asked for.
    package let address: SocketAddress
    /// -1 once closed.
    private let descriptor: Mutex<Int32>
    private let kernelLimits = Mutex<KernelLimits?>(nil)

    /// Binds with SO_REUSEADDR; port 0 picks one. `::` takes IPv4 too. A Unix socket whose process has ended is replaced, by one
    /// process at a time.
    /// - Parameter backlog: how many connections wait in the kernel to be accepted.
    /// - Parameter sharesPort: SO_REUSEPORT: other processes of the same user may listen there as well.
    package init(_ address: SocketAddress, backlog: Int32 = waitingMax, sharesPort: Bool = false) throws(SocketFailed) {
        let descriptor = try openSocket(family: address.family)
        // Until it listens: a socket that is bound and does not listen yet looks abandoned to another start.
        let lock = DirectoryLock(of: address)
        defer { lock?.release() }
        do throws(SocketFailed) {
            try Self.bind(descriptor, to: address, sharesPort: sharesPort, mayReplace: lock != nil)
            try system("listen") { listen(descriptor, backlog) }
            self.address = try Self.ownAddress(descriptor)
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
        self.descriptor = Mutex(descriptor)
    }

    /// Takes over a descriptor that already listens, as systemd's socket activation hands them down (from 3 on).
    /// - Throws: `EINVAL` where it does not listen, `EBADF`, `ENOTSOCK`; it is closed only where this succeeds.
    package init(adopting descriptor: Int32) throws(SocketFailed) {
        guard try option(descriptor, SOL_SOCKET, SO_ACCEPTCONN) != 0 else {
            throw .system(call: "listen", errno: EINVAL)
        }
        try system("fcntl") { fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        let flags = try system("fcntl") { fcntl(descriptor, F_GETFL) }
        try system("fcntl") { fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
        self.address = try Self.ownAddress(descriptor)
        self.descriptor = Mutex(descriptor)
    }

    deinit { close() }

    /// No client can connect any more, unless another process holds the socket too; a client that waits to be accepted is turned away with the last
    /// ``Acceptor``. From any thread, any number of times.
    package func close() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { _ = Glibc.close(descriptor) }
            descriptor = -1
        }
    }

    /// For connections that are made from here on; who waits to be accepted has the limits of before. From any thread.
    package func limit(_ limits: KernelLimits) {
        kernelLimits.withLock { $0 = limits }
        guard address.family != AF_UNIX else { return }
        descriptor.withLock { descriptor in
            if descriptor >= 0 { limits.apply(toListener: descriptor) }
        }
    }

    /// What an accepted connection does not get from the kernel by itself.
    func prepare(_ accepted: AcceptedSocket) {
        if accepted.peer.family == AF_UNIX {
            kernelLimits.withLock(\.self)?.apply(toUnixConnection: accepted.descriptor)
        } else {
            // Fails only for a connection that is already dead: the first read says so.
            try? setOption(accepted.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, to: 1)
        }
    }

    /// The same socket once more, for its caller to close.
    func duplicate() throws(SocketFailed) -> Int32 {
        let outcome = descriptor.withLock { descriptor -> Result<Int32, SocketFailed> in
            Result { () throws(SocketFailed) in try system("fcntl") { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) } }
        }
        return try outcome.get()
    }

    private static func ownAddress(_ descriptor: Int32) throws(SocketFailed) -> SocketAddress {
        let (result, address) = SocketAddress.filled { getsockname(descriptor, $0, $1) }
        try system("getsockname") { result }
        return address
    }

    private static func bind(
        _ descriptor: Int32, to address: SocketAddress, sharesPort: Bool, mayReplace: Bool
    ) throws(SocketFailed) {
        try setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, to: 1)
        if sharesPort { try setOption(descriptor, SOL_SOCKET, SO_REUSEPORT, to: 1) }
        if address.family == AF_INET6 { try setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, to: 0) }
        do throws(SocketFailed) {
            try bindOnce(descriptor, to: address)
        } catch .system("bind", EADDRINUSE) where mayReplace && isAbandoned(address) {
            if case .unix(let path) = address { unlink(path) }
            try bindOnce(descriptor, to: address)
        }
    }

    private static func bindOnce(_ descriptor: Int32, to address: SocketAddress) throws(SocketFailed) {
        try address.withKernelForm { (form, length) throws(SocketFailed) in
            _ = try system("bind") { Glibc.bind(descriptor, form, length) }
        }
    }

    /// A Unix socket's file outlives its process: if a connection is refused, no process listens there. Connecting to any other file is refused too.
    private static func isAbandoned(_ address: SocketAddress) -> Bool {
        var entry = stat()
        guard case .unix(let path) = address, lstat(path, &entry) == 0, entry.st_mode & S_IFMT == S_IFSOCK,
            let probe = try? openSocket(family: AF_UNIX)
        else { return false }
        defer { _ = Glibc.close(probe) }
        let refusal = try? address.withKernelForm { (form, length) in
            Glibc.connect(probe, form, length) == 0 ? 0 : errno
        }
        return refusal == ECONNREFUSED
    }
}
