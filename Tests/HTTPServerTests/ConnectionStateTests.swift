/// Deadlines and endings, decided without a socket or a clock.
import HTTP
import Sockets
import Testing

@testable import HTTPServer

private let noon = Deadline.now

@Suite struct `A connection's state` {
    @Test func `gives a head ten seconds from its first byte, however it trickles`() {
        var state = ConnectionState(HTTPServerLimits(), at: noon)
        state.waits(for: .head, at: noon)
        state.waits(for: .head, at: noon + .seconds(9))
        #expect(state.deadline(isScarce: false) == noon + .seconds(10))
        #expect(
            state.timedOut
                == .refuse(.requestTimeout, .requestTimeout, detail: "The request's head took too long to arrive."))
    }

    @Test func `gives a body fifteen seconds and what its rate earns`() {
        var state = ConnectionState(HTTPServerLimits(), at: noon)
        state.waits(for: .body, at: noon)
        #expect(state.deadline(isScarce: false) == noon + .seconds(15))
        state.has(bodyBytes: 4095)
        #expect(state.deadline(isScarce: false) == noon + .seconds(15))
        state.has(bodyBytes: 8192)
        #expect(state.deadline(isScarce: false) == noon + .seconds(17))
    }

    @Test(arguments: [(15, 60), (100, 100)]) func `gives no body more than a minute, whatever it has earned`(
        bodyDeadline: Int, inAll: Int
    ) {
        var limits = HTTPServerLimits()
        limits.bodyDeadline = .seconds(bodyDeadline)
        var state = ConnectionState(limits, at: noon)
        state.waits(for: .body, at: noon)
        state.has(bodyBytes: 1024 * 1024)
        #expect(state.deadline(isScarce: false) == noon + .seconds(inAll))
    }

    @Test func `gives a body nothing for the bytes of another`() {
        var state = ConnectionState(HTTPServerLimits(), at: noon)
        state.waits(for: .body, at: noon)
        state.has(bodyBytes: 8192)
        _ = state.answers(keepsAlive: true, isDraining: false)
        state.waits(for: .body, at: noon)
        #expect(state.deadline(isScarce: false) == noon + .seconds(15))
    }

    @Test func `closes after thirty seconds of idleness, or ten where connections are scarce`() {
        var state = ConnectionState(HTTPServerLimits(), at: noon)
        state.waits(for: .idle, at: noon)
        #expect(state.deadline(isScarce: false) == noon + .seconds(30))
        #expect(state.deadline(isScarce: true) == noon + .seconds(10))
        #expect(state.timedOut == .close)
    }

    @Test func `counts a new request's time anew`() {
        var state = ConnectionState(HTTPServerLimits(), at: noon)
        state.waits(for: .head, at: noon)
        let ends = state.answers(keepsAlive: true, isDraining: false)
        #expect(!ends)
        state.waits(for: .head, at: noon + .seconds(5))
        #expect(state.deadline(isScarce: false) == noon + .seconds(15))
    }

    @Test(arguments: [(true, false, false), (false, false, true), (true, true, true), (false, true, true)])
    func `ends behind an answer where the client or the server wants it`(keepsAlive: Bool, isDraining: Bool, ends: Bool)
    {
        var state = ConnectionState(HTTPServerLimits(), at: noon)
        let answer = state.answers(keepsAlive: keepsAlive, isDraining: isDraining)
        #expect(answer == ends)
    }

    @Test(
        arguments: [
            (.idle, .close),
            (.head, .refuse(.requestIncomplete, .badRequest, detail: "The request ended before it was complete.")),
            (.body, .refuse(.requestIncomplete, .badRequest, detail: "The request ended before it was complete.")),
        ] as [(ConnectionState.Phase, ConnectionState.Ending)])
    func `takes the end of what a client sends for what it is`(
        phase: ConnectionState.Phase, ending: ConnectionState.Ending
    ) {
        var state = ConnectionState(HTTPServerLimits(), at: noon)
        state.waits(for: phase, at: noon)
        #expect(state.finished == ending)
    }
}
