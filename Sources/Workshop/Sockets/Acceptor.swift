/// Takes the connections of one listener, on one loop.
import CLinux
import Glibc

/// `@unchecked Sendable`: `channel`, `reserve`, `taken` and `lastLeft` are touched on the loop's thread alone.
package final class Acceptor: @unchecked Sendable {
    /// How many connections are turned away at once where descriptors have run out.
    private static let turnedAwayMax = 64
    /// So many taken in a row, dead ones too, and the loop's other work gets its turn.
    private static let takenMax = 64
    /// How many are still taken after ``finish()``: twice what the kernel lets wait.
    private static let lastTakenMax = 2 * Int(Listener.waitingMax)

    package let loop: EventLoop
    package let listener: Listener
    private let channel: Channel
    /// A descriptor kept for the moment when there are none: given up, it lets a waiting connection be taken and closed.
    private var reserve: Int32
    /// Since there was nothing to take, or others had a turn.
    private var taken = 0
    /// Of those that may still be taken after ``finish()``; nil before.
    private var lastLeft: Int?

    /// The listener's socket is watched through a descriptor of its own: several loops may accept from one listener.
    package init(_ listener: Listener, on loop: EventLoop) throws(SocketFailed) {
        self.listener = listener
        self.loop = loop
        let descriptor = try listener.duplicate()
        reserve = Self.openReserve()
        channel = Channel(descriptor)
        loop.perform { self.loop.register(self.channel) }
    }

    deinit {
        // The acceptor is no longer referenced; the closure keeps what it needs of it.
        nonisolated(unsafe) let channel = channel
        let reserve = reserve
        loop.perform { [loop] in
            loop.close(channel)
            if reserve >= 0 { _ = Glibc.close(reserve) }
        }
    }

    /// The next connection, as a stream of `other`, or of this acceptor's loop. Connections that died while they waited are passed over.
    /// - Throws: `EMFILE`, `ENFILE`, `ENOBUFS` or `ENOMEM` where there is no descriptor or memory for one: some that waited have been turned
    ///   away; accept again a moment later. ``SocketFailed/closed`` after ``close()``.
    @concurrent package func accept(for other: EventLoop? = nil, until deadline: Deadline? = nil)
        async throws(SocketFailed) -> SocketStream
    {
        SocketStream(try await next(until: deadline), on: other ?? loop)
    }

    /// As ``accept(for:until:)``, for callers that make something else of the connection.
    @concurrent package func next(until deadline: Deadline? = nil) async throws(SocketFailed) -> AcceptedSocket {
        guard loop.isCurrent else {
            return try await withTaskExecutorPreference(loop) { () async throws(SocketFailed) -> AcceptedSocket in
                try await nextHere(until: deadline)
            }
        }
        return try await nextHere(until: deadline)
    }

    /// Takes no more. From any thread; a wait in progress ends with ``SocketFailed/closed``.
    package func close() {
        loop.perform { self.loop.close(self.channel) }
    }

    /// Takes those that wait now, then no more: the connection may hold a whole request, and closing the listener would reset it.
    /// ``next(until:)`` gives them, closes the listener and ends with ``SocketFailed/closed``. From any thread, any number of times.
    package func finish() {
        loop.perform {
            self.lastLeft = self.lastLeft ?? Self.lastTakenMax
            self.channel.wake()
        }
    }

    private func nextHere(until deadline: Deadline?) async throws(SocketFailed) -> AcceptedSocket {
        while true {
            if taken == Self.takenMax {
                taken = 0
                await Task.yield()
            }
            try channel.checkOpen()
            do throws(SocketFailed) {
                taken += 1
                if let accepted = try lastLeft == 0 ? nil : acceptOne() {
                    lastLeft = lastLeft.map { $0 - 1 }
                    listener.prepare(accepted)
                    return accepted
                }
                taken = 0
                if lastLeft != nil {
                    // Nothing waits now. At once, so that as few as possible come in between.
                    listener.close()
                    loop.close(channel)
                    throw .closed
                }
                try await loop.wait(for: .readable, of: channel, until: deadline)
            } catch .system("accept4", let number) where Self.concernsOneConnection(number) {
                continue
            } catch .system("accept4", let number) where Self.isExhaustion(number) {
                turnAway()
                throw .system(call: "accept4", errno: number)
            }
        }
    }

    private func acceptOne() throws(SocketFailed) -> AcceptedSocket? {
        var peer = SocketAddress.unix(path: "")
        let descriptor = try systemUnlessBlocked("accept4") {
            let (result, address) = SocketAddress.filled {
                let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
                return clinux_accept4(channel.descriptor, $0, $1, flags)
            }
            peer = address
            return Int(result)
        }
        return descriptor.map { AcceptedSocket(Int32(truncatingIfNeeded: $0), peer: peer) }
    }

    /// Linux passes on what happened to the connection while it waited (accept(2), "Error handling").
    private static func concernsOneConnection(_ number: Int32) -> Bool {
        [
            ECONNABORTED, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, ENETDOWN,
            EPERM,
            ETIMEDOUT,
        ].contains(number)
    }

    /// Whether ``next(until:)`` threw for want of descriptors or memory, and may be asked again.
    package static func isShortage(_ failure: SocketFailed) -> Bool {
        guard case .system("accept4", let number) = failure else { return false }
        return isExhaustion(number)
    }

    private static func isExhaustion(_ number: Int32) -> Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(number)
    }

    /// Better a connection that closes at once than one that hangs until its own time is over.
    private func turnAway() {
        guard reserve >= 0 else {
            reserve = Self.openReserve()
            return
        }
        _ = Glibc.close(reserve)
        for _ in 0..<Self.turnedAwayMax {
            let descriptor = Glibc.accept(channel.descriptor, nil, nil)
            if descriptor < 0 { break }
            _ = Glibc.close(descriptor)
        }
        reserve = Self.openReserve()
    }

    private static func openReserve() -> Int32 { open("/dev/null", O_RDONLY | O_CLOEXEC) }
}
