/// Bytes both ways: what a layer above a socket, plain or encrypted, is used as.

/// Used by one task at a time, on the loop it belongs to.
package protocol ByteStream: AnyObject, Sendable {
    var loop: EventLoop { get }
    /// Appends what is there, at most `limit` bytes, waiting until `deadline` for the first. 0: the other end has finished sending.
    func read(into buffer: inout [UInt8], atMost limit: Int, until deadline: Deadline?) async throws(SocketFailed)
        -> Int
    /// Whether bytes have come that were not read yet. Never waits; on the loop.
    var hasWord: Bool { get }
    /// Whether nothing has come that was not read yet, neither bytes nor the end: what a client expects of a connection that it asked
    /// nothing. Never waits; on the loop.
    var isQuiet: Bool { get }
    /// Writes all of them, waiting until `deadline` at most.
    func write(_ bytes: [UInt8], until deadline: Deadline?) async throws(SocketFailed)
    /// We have finished sending (FIN; with TLS close_notify too).
    func finishWriting()
    /// From any thread, any number of times. A wait in progress ends with ``SocketFailed/closed``.
    func close()
}
