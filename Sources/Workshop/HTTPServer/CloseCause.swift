/// Why an admitted connection was closed, in a word that programs may rely on.
enum CloseCause: String, CaseIterable {
    /// In good order behind the last response.
    case answered
    /// The client finished between two requests, or before the first.
    case client
    /// The client asked for nothing for ``HTTPServerLimits/idle``.
    case idle
    /// The longest idle one, for a newcomer that found all seats taken.
    case scarce
    /// The client did not take its responses within ``HTTPServerLimits/writeDeadline``, or its kernel acknowledged nothing for so long.
    case slow
    /// Behind its last response the client neither finished in time nor stopped sending.
    case lingering
    /// The layer (TLS) refused the client or was refused by it.
    case handshakeFailed = "handshake_failed"
    /// The layer's handshake took longer than a head may.
    case handshakeSlow = "handshake_slow"
    /// The client reset the connection, or the network or the layer failed.
    case reset
    /// A response's body could not be made to its end.
    case broken
    /// The server ended.
    case stopped
}
