/// Why no answer came.

internal import Sockets

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where an attempt ended, and why in words that hold no secret and no address of a person.
package struct HTTPClientFailed: Error, Equatable {
    package enum Stage: String, Sendable {
        /// The request itself cannot be sent: a control byte in a field, a path that is none.
        case request
        /// No connection became free before the deadline, too many wait already, or the client was shut down.
        case pool
        case resolving, connecting
        /// The proxy opened no tunnel.
        case proxy
        case handshake
        /// Not all of the request was written.
        case sending
        /// All was written, and not a byte of an answer came.
        case waiting
        /// All was written, and an answer began whose head was refused or not whole in time.
        case receiving
    }
    package let stage: Stage
    package let reason: String
    /// Whether the whole request may have reached the server, which may have acted on it.
    package var wasWritten: Bool { stage == .waiting || stage == .receiving }

    package init(stage: Stage, reason: String) {
        self.stage = stage
        self.reason = reason
    }

    init(_ stage: Stage, _ failure: SocketFailed) {
        self.init(stage: stage, reason: failure.words)
    }
}

extension SocketFailed {
    /// For the log.
    var words: String {
        switch self {
        case .timedOut: "timed out"
        case .closed: "closed"
        case .system("getaddrinfo", EAI_NONAME): "DNS knows no such name"
        case .system("getaddrinfo", EAI_AGAIN): "DNS does not answer"
        case .system(let call, let number): "\(call): \(unsafe String(cString: strerror(number)))"
        case .layer(let reason): reason
        }
    }
}
