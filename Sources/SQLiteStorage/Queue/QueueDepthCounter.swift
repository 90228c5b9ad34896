/// How many rows a queue holds that wait or are leased, without counting them each time.
import GRDB
import Keyturn
import Synchronization

/// The number is remembered between changes. Used on the writer only; it is guarded all the same, because a transaction that failed
/// says so from outside.
final class QueueDepthCounter: Sendable {
    private struct State {
        /// nil: count again, something was undone.
        var count: Int?
        /// SQLite's number for "another connection has committed", as it was when we counted.
        var dataVersion: Int64 = 0
    }

    /// A query for the number of rows.
    private let query: String
    let capacity: Int
    private let state = Mutex(State())

    /// Intake and the outbox share one capacity: what leaves the one enters the other. Messages of mailings take no seat.
    static func outbox(capacity: Int) -> QueueDepthCounter {
        QueueDepthCounter(
            """
            SELECT (SELECT COUNT(*) FROM intake) + (SELECT COUNT(*) FROM outbox WHERE state <> 'failed')
                - (SELECT COUNT(*) FROM outbox WHERE kind = 'password_expired' AND state <> 'failed')
            """,
            capacity: capacity)
    }

    static func webhooks(capacity: Int) -> QueueDepthCounter {
        QueueDepthCounter("SELECT COUNT(*) FROM webhooks WHERE state <> 'failed'", capacity: capacity)
    }

    private init(_ query: String, capacity: Int) {
        self.query = query
        self.capacity = capacity
    }

    /// Whether one more has room, and so many others after it. If there seems to be none, and another process has written meanwhile, it
    /// counts again.
    func hasRoom(in db: Database, leaving seats: Int = 0) throws -> Bool {
        let capacity = capacity - seats
        if let count = state.withLock({ $0.count }), count < capacity { return true }
        let version = try QueueDepthCounter.dataVersion(of: db)
        if let count = state.withLock({ $0.dataVersion == version ? $0.count : nil }) { return count < capacity }
        let counted: Int = try db.row(query)?[0] ?? 0
        state.withLock { $0 = State(count: counted, dataVersion: version) }
        return counted < capacity
    }

    func add(_ number: Int) { state.withLock { $0.count = $0.count.map { $0 + number } } }

    func remove(_ number: Int) { add(-number) }

    /// Some change was undone: what was remembered may be wrong.
    func forget() { state.withLock { $0.count = nil } }

    private static func dataVersion(of db: Database) throws -> Int64 { try db.row("PRAGMA data_version")?[0] ?? 0 }
}
