/// The server's side of TLS under one accepted socket.

package import Sockets

/// For a `Socket`, which calls it on its loop's thread alone.
package final class TLSServerLayer: SocketLayer {
    private var connection: Connection
    /// Keeps the context alive, which OpenSSL calls back.
    private let context: TLSServerContext

    /// - Parameter descriptor: of a connected, non-blocking socket that the caller closes.
    /// - Throws: `.layer` where memory is out.
    package init(over descriptor: Int32, with context: TLSServerContext) throws(SocketFailed) {
        self.context = context
        connection = try Connection(context: context.handle, descriptor: descriptor)
        connection.expectClient()
    }

    package func shakeHands() throws(SocketFailed) -> SocketProgress {
        try progress(connection.handshake())
    }

    /// - Returns: 0 also for an end without close_notify: whether a message is whole is for the protocol above to know.
    /// - Throws: `.layer` for a record that was forged or malformed.
    package func receive(into space: UnsafeMutableRawBufferPointer) throws(SocketFailed) -> SocketProgress {
        try progress(connection.read(into: space))
    }

    package func send(_ bytes: UnsafeRawBufferPointer) throws(SocketFailed) -> SocketProgress {
        try progress(connection.write(bytes))
    }

    package func finishSending() { connection.finishWriting() }

    private func progress(_ step: Step) throws(SocketFailed) -> SocketProgress {
        switch step {
        case .done(let count): .done(count)
        case .waitForReading, .waitForWriting: .blocked
        case .failed(let reason): throw reason
        }
    }
}
