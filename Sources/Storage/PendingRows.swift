/// How many rows of the outbox, or of the webhooks, wait, without counting them each time.
import GRDB
import Keyturn
import Synchronization

/// The number of rows that are pending or leased, remembered between changes. Used on the writer only; it is guarded all the
/// same, because a transaction that failed says so from outside.
final class PendingRows: Sendable {
    enum Table: String { case outbox, webhooks }

    private struct State {
        /// nil: count again, something was undone.
        var count: Int?
        /// SQLite's number for "another connection has committed", as it was when we counted.
        var dataVersion: Int64 = 0
    }

    let table: Table
    let capacity: Int
    private let state = Mutex(State())

    init(in table: Table, capacity: Int) {
        self.table = table
        self.capacity = capacity
    }

    /// Whether one more has room, and so many others after it. Where there seems to be none, and another process has written meanwhile, it looks again.
    func hasRoom(in db: Database, leaving seats: Int = 0) throws -> Bool {
        let capacity = capacity - seats
        if let count = state.withLock({ $0.count }), count < capacity { return true }
        let version = try PendingRows.dataVersion(of: db)
        if let count = state.withLock({ $0.dataVersion == version ? $0.count : nil }) { return count < capacity }
        let counted: Int = try db.row("SELECT COUNT(*) FROM \(table.rawValue) WHERE state <> 'failed'")?[0] ?? 0
        state.withLock { $0 = State(count: counted, dataVersion: version) }
        return counted < capacity
    }

    func add(_ number: Int) { state.withLock { $0.count = $0.count.map { $0 + number } } }

    func remove(_ number: Int) { add(-number) }

    /// Some change was undone: what was remembered may be wrong.
    func forget() { state.withLock { $0.count = nil } }

    /// Drops every reset request of an address, failed ones too: whenever one of them were signed, its link would be a new one.
    func dropRequests(of email: EmailAddress, in db: Database) throws {
        remove(try db.run("DELETE FROM outbox WHERE address = ?1 AND state <> 'failed'", .text(email.text)))
        try db.run("DELETE FROM outbox WHERE address = ?1", .text(email.text))
    }

    private static func dataVersion(of db: Database) throws -> Int64 { try db.row("PRAGMA data_version")?[0] ?? 0 }
}
