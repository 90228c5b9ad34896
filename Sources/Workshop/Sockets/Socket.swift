/// A connected socket that calls its driver, for connections by the thousand: no task waits, and none is needed.
import CLinux
import Glibc

/// Told by the loop, on its thread.
package protocol SocketDriver: AnyObject {
    /// There may be bytes, room, or an end: try again whatever was not possible before.
    func socketChanged()
    /// The moment of ``Socket/alarm(at:)`` has come.
    func socketTimedOut()
    /// By `Socket.close()` or because the loop was shut down. The last call.
    func socketClosed()
}

/// Non-blocking, TCP_NODELAY. Everything here is called on the loop's thread, and nothing waits: what is not possible now is tried again
/// when the driver is told of a change.
package final class Socket: Watched {
    package let peer: SocketAddress
    private let loop: EventLoop
    private var layer: (any SocketLayer)?
    /// nil if there is no layer, or once it is made.
    private var makeLayer: MakeSocketLayer?
    /// Kept until the socket is closed, as the loop keeps the socket.
    private var driver: (any SocketDriver)?

    /// - Parameter layer: makes what lies between, such as TLS. Called when the first byte has come: until then a connection that sends
    ///   nothing costs what a plain one does.
    package init(_ accepted: AcceptedSocket, on loop: EventLoop, layer: MakeSocketLayer? = nil) {
        self.loop = loop
        makeLayer = layer
        peer = accepted.peer
        super.init(accepted.descriptor)
    }

    /// From here on `driver` is told. Where the loop is shutting down, that is ``SocketDriver/socketClosed()``.
    package func start(_ driver: any SocketDriver) {
        self.driver = driver
        loop.register(self)
    }

    /// - Returns: whether bytes can be sent and received; false: try again after a change.
    /// - Throws: ``SocketFailed/closed`` if the other end has finished before its first byte; what the layer says.
    package func shakeHands() throws(SocketFailed) -> Bool {
        try checkOpen()
        if let makeLayer {
            guard try hasFirstByte() else { return false }
            layer = try makeLayer(descriptor)
            self.makeLayer = nil
        }
        guard let layer else { return true }
        if case .done = try layer.shakeHands() { return true }
        return false
    }

    /// Nothing has come yet, and there is no layer.
    package var awaitsFirstByte: Bool { makeLayer != nil }

    /// Leaves the byte where it is.
    private func hasFirstByte() throws(SocketFailed) -> Bool {
        var byte: UInt8 = 0
        guard let count = try systemUnlessBlocked("recv", { recv(descriptor, &byte, 1, Int32(MSG_PEEK)) }) else {
            return false
        }
        guard count > 0 else { throw .closed }
        return true
    }

    /// False: nothing can have come since the last ``receive(into:atMost:)``.
    package var mayHaveBytes: Bool { layer != nil || mayRead }

    /// What has come may not have been reported yet: the next receive asks the kernel.
    package func lookAgain() { mayRead = true }

    /// Appends what has come.
    /// - Returns: how much, 0 where the other end has finished sending, nil where nothing has come yet.
    package func receive(into buffer: inout [UInt8], atMost limit: Int) throws(SocketFailed) -> Int? {
        try checkOpen()
        guard makeLayer == nil else { return nil }
        let space = UnsafeMutableRawBufferPointer(rebasing: loop.scratch[..<min(limit, loop.scratch.count)])
        guard let count = try layer == nil ? receivePlain(into: space) : receiveLayered(into: space) else { return nil }
        buffer.append(contentsOf: space[..<count])
        return count
    }

    /// - Returns: how many of `bytes` were taken, nil where there is no room.
    package func send(_ bytes: Span<UInt8>) throws(SocketFailed) -> Int? {
        try checkOpen()
        guard makeLayer == nil else { return nil }
        return try bytes.bytes.withUnsafeBytes { (bytes) throws(SocketFailed) -> Int? in
            guard let layer else { return try sendPlain(bytes) }
            if case .done(let count) = try layer.send(bytes) { return count }
            return nil
        }
    }

    /// We have finished sending (FIN; before it what the layer says at its end).
    package func finishSending() {
        guard isOpen else { return }
        layer?.finishSending()
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Calls ``SocketDriver/socketTimedOut()`` at `deadline` instead of whenever it was set to before.
    package func alarm(at deadline: Deadline) { loop.arm(self, at: deadline) }

    /// Calls ``SocketDriver/socketChanged()`` once more, after all other sockets had a turn.
    package func postpone() { loop.postpone(self) }

    /// Any number of times. The layer announces its end first, if it is not broken: an end without it could come from an attacker (RFC 9112 §9.8).
    package func closeNow() {
        if isOpen { layer?.finishSending() }
        loop.close(self)
    }

    /// As ``closeNow()``, and what was sent and not acknowledged is thrown away: the other end is reset, and nothing is left to the kernel,
    /// which would keep it for as long as the other end likes (`SO_LINGER` with no time at all, socket(7)).
    package func reset() {
        guard isOpen else { return }
        var lingers = linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &lingers, socklen_t(MemoryLayout<linger>.size))
        loop.close(self)
    }

    /// Whether nothing that was sent waits to be acknowledged: by the other end's kernel, that is; whether it was read, only the other end
    /// knows. True of a connection that is over, too: what it had not delivered is thrown away.
    package var isDelivered: Bool {
        guard isOpen else { return true }
        var waiting: Int32 = 0
        // SIOCOUTQ (tcp(7), unix(7)), which has the number of this one.
        guard ioctl(descriptor, UInt(TIOCOUTQ), &waiting) == 0, waiting > 0 else { return true }
        // The first byte is the state; 7 is TCP_CLOSE. A connection that was reset still tells how much waited.
        guard let state = try? option(descriptor, Int32(IPPROTO_TCP), TCP_INFO) else { return false }
        return state & 0xFF == 7
    }

    override func changed() { driver?.socketChanged() }
    override package func expire() { driver?.socketTimedOut() }

    override func closed() {
        let driver = driver.take()
        driver?.socketClosed()
    }

    private func receivePlain(into space: UnsafeMutableRawBufferPointer) throws(SocketFailed) -> Int? {
        guard mayRead else { return nil }
        let count = try systemUnlessBlocked("recv") { recv(descriptor, space.baseAddress, space.count, 0) }
        // A buffer that was not filled has emptied the kernel's; what comes later is reported.
        if count ?? 0 < space.count, !hungUp { mayRead = false }
        return count
    }

    private func receiveLayered(into space: UnsafeMutableRawBufferPointer) throws(SocketFailed) -> Int? {
        if case .done(let count)? = try layer?.receive(into: space) { return count }
        return nil
    }

    private func sendPlain(_ bytes: UnsafeRawBufferPointer) throws(SocketFailed) -> Int? {
        try systemUnlessBlocked("send") { Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
    }
}

/// A connection that was accepted and has no owner yet: making a ``Socket`` or a ``SocketStream`` of it takes ownership.
package struct AcceptedSocket: Sendable {
    package let descriptor: Int32
    package let peer: SocketAddress

    init(_ descriptor: Int32, peer: SocketAddress) {
        self.descriptor = descriptor
        self.peer = peer
    }

    /// Instead of making anything of it.
    package func close() { _ = Glibc.close(descriptor) }
}
