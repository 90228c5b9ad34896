package import HTTP

/// What is over a limit is answered with its status where there is one, and the connection closes.
package struct HTTPServerLimits: Sendable {
    /// 414.
    package var requestLineBytes = 8192
    /// 431: all field lines and the request line together, one field line, and how many.
    package var headBytes = 32 * 1024, fieldBytes = 8192, fields = 100
    /// 413.
    package var bodyBytes = 64 * 1024
    /// 413 beyond, on these paths.
    package var largerBodies: [LargerBodies] = []
    /// 503 with `Retry-After` as soon as one body more has grown beyond `bodyBytes`, so that larger bodies cannot fill the memory.
    package var largerBodiesAtOnce = 8, largerBodiesPerClient = 4
    /// 408 for a larger body that has had its place for so long if another needs it. SendGrid's largest batch takes a second or two.
    package var largerBodyOwnTime: Duration = .seconds(3)
    /// 408: from a head's first byte to its last, however they trickle.
    package var headDeadline: Duration = .seconds(10)
    /// 408: from a head's end to its body's, plus what `bodyBytesPerSecond` gives for the bytes of the body that came; what chunks need
    /// besides their data earns nothing.
    package var bodyDeadline: Duration = .seconds(15)
    /// 408: whatever a body has earned; `bodyDeadline` if that is longer.
    package var bodyDeadlineInAll: Duration = .seconds(60)
    /// The least rate that earns a long body more time.
    package var bodyBytesPerSecond = 4096
    /// Close, without an answer: between two requests, or before the first.
    package var idle: Duration = .seconds(30)
    /// The same while more than three quarters of `connections` are taken.
    package var idleWhenScarce: Duration = .seconds(10)
    /// Close: from the first byte of gathered answers to their last.
    package var writeDeadline: Duration = .seconds(15)
    /// 503 with `Retry-After`: of requests that are not whole, over all connections, beyond the first 4 KiB of each; one client may
    /// take half.
    package var unfinishedBytes = 64 * 1024 * 1024
    /// Close: of responses that clients do not take, over all connections, beyond the first 16 KiB of each; one client may take half.
    package var unsentBytes = 64 * 1024 * 1024
    /// In all: the longest idle one is closed for a newcomer, and where none is idle the newcomer is answered 503 with `Retry-After`.
    package var connections = 10_000
    /// 503 with `Retry-After`; see ``connectionsOfOneClient``.
    package var connectionsPerClient = 1000
    /// How many above `connections` are told so at once; more are closed without a word.
    package var turnedAwayAtOnce = 256
    /// The last answer says `Connection: close`.
    package var requestsPerConnection = Int.max
    package init() {}

    /// The same with no more connections than there are descriptors for.
    /// - Parameter others: how many descriptors everything else needs. Connections get a quarter of all in any case.
    package func fitting(descriptors: Int, besides others: Int) -> HTTPServerLimits {
        var fitted = self
        let room = max(descriptors - others, descriptors / 4, 2)
        guard connections > room - turnedAwayAtOnce else { return self }
        fitted.turnedAwayAtOnce = min(turnedAwayAtOnce, room / 8)
        fitted.connections = min(connections, room - fitted.turnedAwayAtOnce)
        return fitted
    }
    /// ``connectionsPerClient``, but never above a tenth of ``connections``, so that no client takes all seats; a tenth counts as
    /// ``clientConnectionsMin`` at least.
    package var connectionsOfOneClient: Int {
        min(connectionsPerClient, max(Self.clientConnectionsMin, connections / 10))
    }

    /// What a household or an office behind one address needs.
    package static let clientConnectionsMin = 20
}
