/// Which connection is given to whom, without a socket and without waiting.

import Sockets
import Testing

@testable import HTTPClient

@Suite struct `A pool of connections` {
    private var pool = Pool<String>(connectionsMax: 2, idleLimit: .seconds(30), waitingMax: 2)
    private let start = Deadline.now

    @Test mutating func `opens up to its limit, then lets callers wait, then refuses`() {
        #expect((1...5).map { taken($0) } == ["open", "open", "wait", "wait", "too many wait for a connection"])
        #expect(pool.busyCount == 2)
    }

    @Test mutating func `gives the connection that was used last`() {
        keep("old", "new")
        #expect([taken(1), taken(2), taken(3)] == ["reuse new", "reuse old", "wait"])
    }

    @Test mutating func `hands a connection to who waits longest, and does not keep it`() {
        for ticket in 1...4 as ClosedRange<UInt64> { _ = pool.take(ticket) }
        #expect(pool.putBack("a", at: start) == .handed(to: 3))
        #expect(pool.lost() == 4)
        #expect(pool.putBack("a", at: start) == .kept)
        #expect(pool.lost() == nil)
        #expect(pool.busyCount == 0)
    }

    @Test mutating func `passes over who has given up`() {
        for ticket in 1...4 as ClosedRange<UInt64> { _ = pool.take(ticket) }
        pool.forget(3)
        pool.forget(3)
        #expect(pool.putBack("a", at: start) == .handed(to: 4))
    }

    @Test mutating func `lets go of connections that were idle for too long, and of no others`() {
        keep("a", "b")
        #expect(pool.nextExpiry == start + .seconds(30))
        #expect(pool.removeExpired(at: start + .milliseconds(29_999)).isEmpty)
        #expect(pool.removeExpired(at: start + .seconds(30)) == ["a"])
        #expect(pool.nextExpiry == start + .seconds(31))
        #expect(pool.removeExpired(at: start + .seconds(31)) == ["b"])
        #expect(pool.nextExpiry == nil)
    }

    @Test mutating func `that is closed gives nothing out and keeps nothing`() {
        keep("idle", "used")
        #expect(taken(1) == "reuse used")
        let (idle, waiting) = pool.close()
        #expect(idle == ["idle"])
        #expect(waiting.isEmpty)
        #expect(taken(2) == "the client was shut down")
        #expect(pool.putBack("used", at: start) == .close)
        #expect(pool.busyCount == 0)
    }

    @Test mutating func `that is closed turns away who waits`() {
        for ticket in 1...3 as ClosedRange<UInt64> { _ = pool.take(ticket) }
        #expect(pool.close().waiting == [3])
        #expect(pool.lost() == nil)
    }

    /// The first comes back a second before the second.
    private mutating func keep(_ first: String, _ second: String) {
        _ = (pool.take(1), pool.take(2))
        _ = pool.putBack(first, at: start)
        _ = pool.putBack(second, at: start + .seconds(1))
    }

    private mutating func taken(_ ticket: UInt64) -> String {
        switch pool.take(ticket) {
        case .open: "open"
        case .wait: "wait"
        case .reuse(let connection): "reuse \(connection)"
        case .refused(let refusal): refusal.rawValue
        }
    }
}
