/// A connected TCP or Unix socket.
import CLinux
import Glibc

/// Non-blocking, closed on exec, TCP_NODELAY. Reads and writes first and waits only where the kernel has nothing to give or no room.
///
/// Every operation runs on the loop; a task that prefers another executor is taken there and back.
/// `@unchecked Sendable`: `channel` and `streak` are touched on the loop's thread alone.
package final class SocketStream: ByteStream, @unchecked Sendable {
    /// So many reads in a row that did not have to wait, and the loop's other tasks get their turn.
    private static let streakMax = 16

    package let loop: EventLoop
    package let peer: SocketAddress
    private let channel: Channel
    private var streak = 0

    package var descriptor: Int32 { channel.descriptor }

    /// Owns the descriptor, which must be non-blocking, from here on.
    init(_ descriptor: Int32, peer: SocketAddress, on loop: EventLoop, isConnected: Bool = true) {
        self.loop = loop
        self.peer = peer
        channel = Channel(descriptor, mayWrite: isConnected)
        loop.perform { self.loop.register(self.channel) }
    }

    convenience init(_ accepted: AcceptedSocket, on loop: EventLoop) {
        self.init(accepted.descriptor, peer: accepted.peer, on: loop)
    }

    deinit {
        // The stream is no longer referenced; the closure keeps what it needs of it.
        nonisolated(unsafe) let channel = channel
        loop.perform { [loop] in loop.close(channel) }
    }

    /// - Throws: `.timedOut`, or what the kernel said to `socket`, `connect` or the connection attempt.
    package static func connect(
        to address: SocketAddress, on loop: EventLoop, until deadline: Deadline?
    ) async throws(SocketFailed) -> SocketStream {
        let descriptor = try openSocket(family: address.family)
        do throws(SocketFailed) {
            try begin(descriptor, address)
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
        let stream = SocketStream(descriptor, peer: address, on: loop, isConnected: false)
        do throws(SocketFailed) {
            try await stream.waitUntilWritable(until: deadline)
            let number = try option(descriptor, SOL_SOCKET, SO_ERROR)
            if number != 0 { throw .system(call: "connect", errno: number) }
        } catch {
            stream.close()
            throw error
        }
        return stream
    }

    package func read(
        into buffer: inout [UInt8], atMost limit: Int, until deadline: Deadline?
    ) async throws(SocketFailed) -> Int {
        guard isHere(#isolation) else {
            return try await readFromElsewhere(into: &buffer, atMost: limit, until: deadline)
        }
        return try await readHere(into: &buffer, atMost: limit, until: deadline)
    }

    package func write(_ bytes: [UInt8], until deadline: Deadline?) async throws(SocketFailed) {
        guard isHere(#isolation) else { return try await writeFromElsewhere(bytes, until: deadline) }
        try await writeHere(bytes, until: deadline)
    }

    package var hasWord: Bool { (peeked ?? 0) > 0 }
    package var isQuiet: Bool { peeked == nil }

    /// How many bytes could be read now, at most one; 0 at the end, after an error and off the loop; nil where nothing has come.
    private var peeked: Int? {
        guard loop.isCurrent, channel.isOpen else { return 0 }
        var byte: UInt8 = 0
        do throws(SocketFailed) {
            return try systemUnlessBlocked("recv") { recv(descriptor, &byte, 1, Int32(MSG_PEEK)) }
        } catch {
            return 0
        }
    }

    package func finishWriting() {
        loop.perform { if self.channel.isOpen { _ = shutdown(self.descriptor, Int32(SHUT_WR)) } }
    }

    package func close() {
        loop.perform { self.loop.close(self.channel) }
    }

    /// For layers above that read and write the descriptor themselves (OpenSSL's socket BIO), after the kernel had
    /// nothing to give. May come back early: try again.
    @concurrent package func waitUntilReadable(until deadline: Deadline?) async throws(SocketFailed) {
        guard loop.isCurrent else {
            return try await withTaskExecutorPreference(loop) { () async throws(SocketFailed) in
                try await waitHere(for: .readable, until: deadline)
            }
        }
        try await waitHere(for: .readable, until: deadline)
    }

    /// As ``waitUntilReadable(until:)``, after the kernel had no room.
    @concurrent package func waitUntilWritable(until deadline: Deadline?) async throws(SocketFailed) {
        guard loop.isCurrent else {
            return try await withTaskExecutorPreference(loop) { () async throws(SocketFailed) in
                try await waitHere(for: .writable, until: deadline)
            }
        }
        try await waitHere(for: .writable, until: deadline)
    }

    // MARK: To the loop

    /// Whether the caller runs on the loop and stays there: an actor may be on this thread now and on another after a wait.
    /// Other callers are taken to the loop and back, which costs two switches of executors.
    private func isHere(_ isolation: (any Actor)?) -> Bool { isolation == nil && loop.isCurrent }

    @concurrent private func readFromElsewhere(
        into buffer: inout [UInt8], atMost limit: Int, until deadline: Deadline?
    ) async throws(SocketFailed) -> Int {
        try await withTaskExecutorPreference(loop) { () async throws(SocketFailed) -> Int in
            try await readHere(into: &buffer, atMost: limit, until: deadline)
        }
    }

    @concurrent private func writeFromElsewhere(_ bytes: [UInt8], until deadline: Deadline?) async throws(SocketFailed)
    {
        try await withTaskExecutorPreference(loop) { () async throws(SocketFailed) in
            try await writeHere(bytes, until: deadline)
        }
    }

    // MARK: On the loop

    private func readHere(
        into buffer: inout [UInt8], atMost limit: Int, until deadline: Deadline?
    ) async throws(SocketFailed) -> Int {
        let room = min(limit, loop.scratch.count)
        if streak >= Self.streakMax {
            streak = 0
            await Task.yield()
        }
        while true {
            try channel.checkOpen()
            if channel.mayRead {
                let count = try systemUnlessBlocked("recv") { recv(descriptor, loop.scratch.baseAddress, room, 0) }
                // A buffer that was not filled has emptied the kernel's; what comes later is reported.
                if count ?? 0 < room, !channel.hungUp { channel.mayRead = false }
                if let count {
                    buffer.append(contentsOf: loop.scratch.prefix(count))
                    streak += 1
                    return count
                }
                channel.mayRead = false
            }
            streak = 0
            try await loop.wait(for: .readable, of: channel, until: deadline)
        }
    }

    private func writeHere(_ bytes: [UInt8], until deadline: Deadline?) async throws(SocketFailed) {
        var written = 0
        while written < bytes.count {
            try channel.checkOpen()
            let count = try systemUnlessBlocked("send") {
                bytes.withUnsafeBytes { bytes in
                    let rest = bytes[written...]
                    return send(
                        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                }
            }
            if let count {
                written += count
            } else {
                channel.mayWrite = false
                try await loop.wait(for: .writable, of: channel, until: deadline)
            }
        }
    }

    private func waitHere(for interest: Channel.Interest, until deadline: Deadline?) async throws(SocketFailed) {
        try channel.checkOpen()
        // A change that was reported since the last wait may be the one waited for.
        if !(interest == .readable ? channel.mayRead : channel.mayWrite) {
            try await loop.wait(for: interest, of: channel, until: deadline)
        }
        switch interest {
        case .readable: channel.mayRead = false
        case .writable: channel.mayWrite = false
        }
    }

    // MARK: Connecting

    private static func begin(_ descriptor: Int32, _ address: SocketAddress) throws(SocketFailed) {
        if address.family != AF_UNIX { try setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, to: 1) }
        try address.withKernelForm { (form, length) throws(SocketFailed) in
            // Interrupted, the attempt goes on by itself: calling again would say EALREADY.
            guard Glibc.connect(descriptor, form, length) != 0, errno != EINPROGRESS, errno != EINTR else { return }
            throw .system(call: "connect", errno: errno)
        }
    }
}

/// A socket that does not wait and is not inherited.
func openSocket(family: Int32) throws(SocketFailed) -> Int32 {
    let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    return try system("socket") { socket(family, Int32(kind), 0) }
}
