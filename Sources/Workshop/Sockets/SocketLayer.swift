/// What may lie between a socket and the bytes its user means: TLS.

/// Reads and writes the socket's descriptor by itself and never waits. Belongs to the socket's loop.
package protocol SocketLayer: AnyObject {
    /// Called until it is done, before anything else.
    func shakeHands() throws(SocketFailed) -> SocketProgress
    /// - Returns: how many bytes came, 0 where the other end has said that it has finished.
    func receive(into space: UnsafeMutableRawBufferPointer) throws(SocketFailed) -> SocketProgress
    /// - Returns: how many bytes were taken. After `.blocked` the same bytes are offered again.
    func send(_ bytes: UnsafeRawBufferPointer) throws(SocketFailed) -> SocketProgress
    /// Says that we have finished, as far as the socket takes it now.
    func finishSending()
}

/// Makes the layer of a connected, non-blocking socket from its descriptor, which the socket closes.
package typealias MakeSocketLayer = @Sendable (_ descriptor: Int32) throws(SocketFailed) -> any SocketLayer

package enum SocketProgress: Sendable {
    case done(Int)
    /// Nothing before the socket changes.
    case blocked
}
