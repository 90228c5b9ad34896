/// What an operator asks the outbox and does to it.
import GRDB
package import Keyturn

extension SQLiteOutbox {
    /// In the order they were recorded; at most ``listLimit``. Pending are all that wait, leased or not: an expired lease looks like
    /// any other here. Of a user: letters to them, and requests for their stored address.
    package func entries(
        _ filter: OutboxFilter, after id: Int64, limit: Int
    ) async throws(StorageFailed) -> [OutboxEntry] {
        let limit = min(max(limit, 0), SQLiteOutbox.listLimit)
        return try await readers.read { db in
            let (limit, after) = (DatabaseValue.integer(limit), DatabaseValue.integer(id))
            let select = "SELECT \(OutboxEntry.columns) FROM outbox"
            let rows =
                switch filter {
                case .all:
                    try db.rows("\(select) WHERE id > ?2 ORDER BY id LIMIT ?1", limit, after)
                case .failed:
                    try db.rows("\(select) WHERE state = 'failed' AND id > ?2 ORDER BY id LIMIT ?1", limit, after)
                case .pending:
                    try db.rows("\(select) WHERE state <> 'failed' AND id > ?2 ORDER BY id LIMIT ?1", limit, after)
                case .address(let email):
                    try db.rows(
                        "\(select) WHERE \(SQLiteOutbox.concernsAddress("?3")) AND id > ?2 ORDER BY id LIMIT ?1", limit,
                        after, .text(email.text))
                case .user(let id):
                    try db.rows(
                        """
                        \(select) WHERE (user_id = ?3 OR address = (SELECT email FROM users WHERE id = ?3)) AND id > ?2
                        ORDER BY id LIMIT ?1
                        """, limit, after, id.rowID?.databaseValue ?? .null)
                }
            return rows.map(OutboxEntry.init)
        }
    }

    package func retry(
        _ selection: OutboxSelection, at now: Timestamp, progress: (Int) -> Void
    ) async throws(StorageFailed) -> Int {
        let pending = pending
        let retried = try await inSteps(selection, "state = 'failed'", progress) { db, rows, values in
            let count = try db.run(
                """
                UPDATE outbox SET state = 'pending', attempts = 0, answers_lost = MIN(answers_lost, 1),
                    recorded_at = ?4, due_at = ?4
                WHERE state = 'failed' AND \(rows)
                """, values.selected, values.after, values.last, .time(now))
            pending.add(count)
            return count
        }
        if retried > 0 { arrived.announce() }
        return retried
    }

    package func purge(_ selection: OutboxSelection, progress: (Int) -> Void) async throws(StorageFailed) -> Int {
        let pending = pending
        return try await inSteps(selection, "state = state", progress) { db, rows, values in
            func delete(_ state: String) throws -> Int {
                try db.run(
                    "DELETE FROM outbox WHERE \(state) AND \(rows)", values.selected, values.after, values.last)
            }
            let waiting = try delete("state <> 'failed'")
            pending.remove(waiting)
            return try waiting + delete("state = 'failed'")
        }
    }

    /// Rows changed in one transaction on an operator's word: the service writes between.
    static let stepRows = 1000

    /// What the conditions of one step are filled with: `?1`, `?2` and `?3`.
    private struct StepValues: Sendable {
        let selected: DatabaseValue
        let after: DatabaseValue
        let last: DatabaseValue
    }

    /// Changes what is selected, in the order of ids; what comes meanwhile is left alone.
    /// - Parameter change: is given a condition and its values, and gives back how many rows it changed.
    private func inSteps(
        _ selection: OutboxSelection, _ state: String, _ progress: (Int) -> Void,
        _ change: @escaping @Sendable (Database, _ rows: String, StepValues) throws -> Int
    ) async throws(StorageFailed) -> Int {
        let (condition, selected) = try selection.condition
        let newest = try await readers.read { db in
            (try db.row("SELECT MAX(id) FROM outbox")?[0] as Int64?) ?? 0
        }
        var (done, total) = (Int64(0), 0)
        while true {
            let after = done
            let step: (end: Int64, count: Int)? = try await writer.write(.severalStatements) { db in
                let last: Int64? = try db.row(
                    """
                    SELECT MAX(id) FROM (
                        SELECT id FROM outbox WHERE \(state) AND \(condition) AND id > ?2 AND id <= ?3
                        ORDER BY id LIMIT \(SQLiteOutbox.stepRows))
                    """, selected, .integer(after), .integer(newest))?[0]
                guard let last else { return nil }
                let values = StepValues(selected: selected, after: .integer(after), last: .integer(last))
                return (last, try change(db, "\(condition) AND id > ?2 AND id <= ?3", values))
            }
            guard let step else { return total }
            done = step.end
            total += step.count
            progress(total)
        }
    }
    package func depth() async throws(StorageFailed) -> OutboxDepth {
        try await readers.read { db in
            OutboxDepth(try db.rows("SELECT state, COUNT(*), MIN(recorded_at) FROM outbox GROUP BY state"))
        }
    }
}

extension SQLiteOutbox {
    /// Requests for an address, and letters to whoever has it.
    fileprivate static func concernsAddress(_ email: String) -> String {
        "(address = \(email) OR user_id = (SELECT id FROM users WHERE email = \(email)))"
    }
}

extension OutboxSelection {
    /// A condition and its first value.
    fileprivate var condition: (sql: String, value: DatabaseValue) {
        get throws(StorageFailed) {
            switch self {
            case .id(let id): ("id = ?1", .integer(id))
            case .allFailed: ("state = ?1", try .text(OutboxState.failed.rawValue))
            case .address(let email): (SQLiteOutbox.concernsAddress("?1"), try .text(email.text))
            }
        }
    }
}

extension OutboxEntry {
    fileprivate static let columns =
        "id, kind, address, user_id, state, attempts, recorded_at, due_at, last_reason"

    fileprivate init(_ row: Row) {
        let address: String? = row[2]
        let user: Int64? = row[3]
        self.init(
            id: row[0], kind: LetterKind(stored: row[1]), email: address.map { EmailAddress(stored: $0) },
            user: user.map { UserID(rowID: $0) }, state: OutboxState(rawValue: row[4]) ?? .pending, attempts: row[5],
            recordedAt: Timestamp(row[6] as Int64), dueAt: Timestamp(row[7] as Int64), lastReason: row[8])
    }
}

extension OutboxDepth {
    /// - Parameter counts: of each state its name, how many, and when the oldest was recorded.
    init(_ counts: [Row]) {
        func count(_ state: OutboxState) -> Int { counts.first { $0[0] == state.rawValue }?[1] ?? 0 }
        let oldest = counts.filter { $0[0] != OutboxState.failed.rawValue }.compactMap { $0[2] as Int64? }.min()
        self.init(pending: count(.pending), leased: count(.leased), failed: count(.failed), oldest: Timestamp(oldest))
    }
}
