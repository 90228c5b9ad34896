/// TLS over a connected socket, with the socket's own way of waiting.

package import Sockets
internal import Synchronization

/// A `ByteStream` like the socket itself, but encrypted and, for a client, from a server that was verified.
/// An end without close_notify is an error: an attacker may have cut the rest off (RFC 8446 §6.1).
package final class TLSStream: ByteStream {
    private let socket: SocketStream
    /// Held for one call into OpenSSL, never while waiting. Only a close from elsewhere ever contends for it.
    private let connection: Mutex<Connection>
    private let role: Role

    /// Keeps the context alive, which OpenSSL calls back.
    private enum Role {
        case client(TLSClientContext, host: String)
        case server(TLSServerContext)

        var context: ContextHandle {
            switch self {
            case .client(let context, _): context.handle
            case .server(let context): context.handle
            }
        }
    }

    /// Cancelling closes the socket.
    /// - Parameter host: verified against the certificate's SANs; sent as SNI unless it is an IP address (no brackets).
    /// - Throws: `.layer` where the server was refused or refused us, with the reason; then the socket is closed.
    package static func connect(
        over socket: SocketStream, to host: String, with context: TLSClientContext, until deadline: Deadline?
    ) async throws(SocketFailed) -> TLSStream {
        try await handshake(over: socket, as: .client(context, host: host), until: deadline)
    }

    /// - Throws: `.layer` where no common version, cipher or protocol was found; then the socket is closed.
    package static func accept(
        over socket: SocketStream, with context: TLSServerContext, until deadline: Deadline?
    ) async throws(SocketFailed) -> TLSStream {
        try await handshake(over: socket, as: .server(context), until: deadline)
    }

    private static func handshake(
        over socket: SocketStream, as role: Role, until deadline: Deadline?
    ) async throws(SocketFailed) -> TLSStream {
        do throws(SocketFailed) {
            let stream = try TLSStream(over: socket, as: role)
            let greeted = await withTaskCancellationHandler {
                await stream.greet(until: deadline)
            } onCancel: {
                stream.close()
            }
            _ = try greeted.get()
            try stream.checkAgreement()
            return stream
        } catch {
            socket.close()
            throw error
        }
    }

    /// As a value: the handler of cancellations would forget the error's type.
    private func greet(until deadline: Deadline?) async -> Result<Int, SocketFailed> {
        do throws(SocketFailed) {
            return .success(try await repeating(until: deadline) { $0.handshake() })
        } catch {
            return .failure(error)
        }
    }

    private init(over socket: SocketStream, as role: Role) throws(SocketFailed) {
        let connection = try Connection(context: role.context, descriptor: socket.descriptor)
        switch role {
        case .client(let context, let host):
            try connection.expectServer(host, resuming: context.sessions.take(for: host))
        case .server: connection.expectClient()
        }
        self.socket = socket
        self.role = role
        self.connection = Mutex(connection)
    }

    /// OpenSSL has refused whatever is wrong by now; these two would be its bugs or a server's answer out of thin air.
    private func checkAgreement() throws(SocketFailed) {
        guard case .client(let context, _) = role else { return }
        guard connection.withLock({ $0.isVerified }) else { throw .layer("certificate: not verified") }
        let chosen = applicationProtocol
        guard chosen.isEmpty || context.applicationProtocols.names.contains(chosen) else {
            throw .layer("handshake: an application protocol that was not offered")
        }
    }

    package var loop: EventLoop { socket.loop }

    /// Whether it is a client's, and believed those whom this context trusts.
    package func isMade(with context: TLSClientContext) -> Bool {
        if case .client(let own, _) = role { own === context } else { false }
    }

    /// `TLSv1.2` or `TLSv1.3`.
    package var version: String { connection.withLock { $0.version } }
    /// What ALPN chose; empty where one side does not know it.
    package var applicationProtocol: String { connection.withLock { $0.applicationProtocol } }
    /// Whether a session of an earlier connection was resumed.
    package var isResumed: Bool { connection.withLock { $0.isResumed } }

    /// - Returns: 0 only after the other end's close_notify.
    /// - Throws: `.layer` for a record that was forged, malformed or cut off.
    package func read(
        into buffer: inout [UInt8], atMost limit: Int, until deadline: Deadline?
    ) async throws(SocketFailed) -> Int {
        guard limit > 0 else { return 0 }
        if connection.withLock({ $0.readsTooEarly() }) { _ = try await settle(.waitForReading, until: deadline) }
        while true {
            // A record holds at most this much, and one call gives at most one record.
            let step = withUnsafeTemporaryAllocation(byteCount: min(limit, Self.recordBytesMax), alignment: 1) {
                space in
                let step = connection.withLock { $0.read(into: space) }
                if case .done(let count) = step { buffer.append(contentsOf: space[..<count]) }
                return step
            }
            guard let count = try await settle(step, until: deadline) else { continue }
            keepSession()
            return count
        }
    }

    /// RFC 8446 §5.1.
    private static let recordBytesMax = 16_384

    package func write(_ bytes: [UInt8], until deadline: Deadline?) async throws(SocketFailed) {
        var written = 0
        while written < bytes.count {
            written += try await repeating(until: deadline) { connection in
                bytes.withUnsafeBytes { connection.write(UnsafeRawBufferPointer(rebasing: $0[written...])) }
            }
        }
    }

    /// close_notify, then FIN.
    package func finishWriting() {
        connection.withLock { connection in
            guard !connection.isClosed else { return }
            connection.finishWriting()
            socket.finishWriting()
        }
    }

    /// close_notify where it was not said yet, then the socket's own end.
    package func close() {
        connection.withLock { connection in
            guard !connection.isClosed else { return }
            connection.finishWriting()
            connection.close()
            socket.close()
        }
    }

    /// From any thread.
    package var isQuiet: Bool { connection.withLock { $0.isQuiet() } }

    /// From any thread.
    package var hasWord: Bool { connection.withLock { $0.hasWord() } }

    /// Calls until it is done, waiting for the socket between.
    private func repeating(
        until deadline: Deadline?, _ call: (inout Connection) -> Step
    ) async throws(SocketFailed) -> Int {
        while true {
            if let count = try await settle(connection.withLock { call(&$0) }, until: deadline) { return count }
        }
    }

    /// - Returns: nil after waiting, when the call is to be made again.
    private func settle(_ step: Step, until deadline: Deadline?) async throws(SocketFailed) -> Int? {
        do throws(SocketFailed) {
            switch step {
            case .done(let count): return count
            case .waitForReading: try await socket.waitUntilReadable(until: deadline)
            case .waitForWriting: try await socket.waitUntilWritable(until: deadline)
            case .failed(let reason): throw reason
            }
            return nil
        } catch {
            // A loop that shuts down closes the socket by itself; its number must not be used again.
            if error == .closed { connection.withLock { $0.close() } }
            throw error
        }
    }

    /// With TLS 1.3 the ticket comes after the handshake, before or with the first bytes.
    private func keepSession() {
        guard case .client(let context, let host) = role else { return }
        guard let session = connection.withLock({ $0.takeNewSession() }) else { return }
        context.sessions.keep(session, for: host)
    }
}
