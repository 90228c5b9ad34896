/// Which part of a request a connection waits for, until when, and what the end of the wait means.
import HTTP
import Sockets

/// A value that is told what happened and when; it touches no socket and no clock.
struct ConnectionState: ~Copyable {
    enum Phase: Equatable { case idle, head, body }

    enum Ending: Equatable {
        /// No response is due.
        case close
        case refuse(Refusal, Status, detail: String)
    }

    private let limits: HTTPServerLimits
    private var phase: Phase?
    private var since: Deadline
    /// Of the body that is waited for, as far as it is in.
    private var bodyBytes = 0
    private var answered = 0

    init(_ limits: HTTPServerLimits, at now: Deadline) {
        self.limits = limits
        since = now
    }

    /// More bytes are needed for `phase`. Its time began with the first such wait: bytes that trickle in do not prolong it.
    mutating func waits(for phase: Phase, at now: Deadline) {
        guard phase != self.phase else { return }
        self.phase = phase
        since = now
        bodyBytes = 0
    }

    /// So much of the body is in, without what its chunks need besides.
    mutating func has(bodyBytes: Int) { self.bodyBytes = bodyBytes }

    func deadline(isScarce: Bool) -> Deadline {
        switch phase {
        case .head: since + limits.headDeadline
        case .body:
            since
                + min(
                    limits.bodyDeadline + .seconds(bodyBytes / max(1, limits.bodyBytesPerSecond)),
                    max(limits.bodyDeadline, limits.bodyDeadlineInAll))
        case .idle, nil: since + (isScarce ? min(limits.idle, limits.idleWhenScarce) : limits.idle)
        }
    }

    /// Since the first wait for the phase.
    func waited(at now: Deadline) -> Duration { now - since }

    /// ``deadline(isScarce:)`` has passed.
    var timedOut: Ending {
        switch phase {
        case .head:
            .refuse(.requestTimeout, .requestTimeout, detail: "The request's head took too long to arrive.")
        case .body:
            .refuse(.requestTimeout, .requestTimeout, detail: "The request's body took too long to arrive.")
        case .idle, nil: .close
        }
    }

    /// The client has finished sending. It may still read.
    var finished: Ending {
        switch phase {
        case .head, .body: .refuse(.requestIncomplete, .badRequest, detail: "The request ended before it was complete.")
        case .idle, nil: .close
        }
    }

    var hasAnswered: Bool { answered > 0 }

    /// A whole request has come and is about to be answered: what comes next is another one's.
    /// - Returns: whether the connection ends behind the answer.
    mutating func answers(keepsAlive: Bool, isDraining: Bool) -> Bool {
        phase = nil
        answered += 1
        return !keepsAlive || isDraining || answered >= limits.requestsPerConnection
    }
}
