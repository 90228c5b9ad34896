/// What an operator asks the outbox and does to it.
import GRDB
package import Keyturn

extension SQLiteOutbox {
    /// In the order they were recorded; at most ``listLimit``. Pending are all that wait, leased or not: an expired lease looks like
    /// any other here. Of a user: letters to them, and requests for their stored address.
    package func entries(_ filter: OutboxFilter, limit: Int) async throws(StorageFailed) -> [OutboxEntry] {
        let limit = min(max(limit, 0), SQLiteOutbox.listLimit)
        return try await readers.read { db in
            let limit = DatabaseValue.integer(limit)
            let select = "SELECT \(OutboxEntry.columns) FROM outbox"
            let rows =
                switch filter {
                case .all:
                    try db.rows("\(select) ORDER BY id LIMIT ?1", limit)
                case .failed:
                    try db.rows("\(select) WHERE state = 'failed' ORDER BY id LIMIT ?1", limit)
                case .pending:
                    try db.rows("\(select) WHERE state <> 'failed' ORDER BY id LIMIT ?1", limit)
                case .address(let email):
                    try db.rows(
                        "\(select) WHERE \(SQLiteOutbox.concernsAddress("?2")) ORDER BY id LIMIT ?1", limit,
                        .text(email.text))
                case .user(let id):
                    try db.rows(
                        """
                        \(select) WHERE user_id = ?2 OR address = (SELECT email FROM users WHERE id = ?2)
                        ORDER BY id LIMIT ?1
                        """, limit, id.rowID?.databaseValue ?? .null)
                }
            return rows.map(OutboxEntry.init)
        }
    }

    package func retry(_ selection: OutboxSelection, at now: Timestamp) async throws(StorageFailed) -> Int {
        let pending = pending
        let retried = try await writer.write(.oneStatement) { db in
            let (condition, value) = try selection.condition
            let count = try db.run(
                """
                UPDATE outbox SET state = 'pending', attempts = 0, recorded_at = ?2, due_at = ?2
                WHERE state = 'failed' AND \(condition)
                """, value, .time(now))
            pending.add(count)
            return count
        }
        if retried > 0 { arrived.announce() }
        return retried
    }

    /// Pending, leased or failed alike; what is being delivered just now is delivered, and its outcome is not written.
    package func purge(_ selection: OutboxSelection) async throws(StorageFailed) -> Int {
        let pending = pending
        return try await writer.write(.severalStatements) { db in
            let (condition, value) = try selection.condition
            let waiting = try db.run("DELETE FROM outbox WHERE state <> 'failed' AND \(condition)", value)
            pending.remove(waiting)
            return try waiting + db.run("DELETE FROM outbox WHERE state = 'failed' AND \(condition)", value)
        }
    }

    package func depth() async throws(StorageFailed) -> OutboxDepth {
        try await readers.read { db in
            let counts = try db.rows("SELECT state, COUNT(*), MIN(recorded_at) FROM outbox GROUP BY state")
            func count(_ state: OutboxState) -> Int { counts.first { $0[0] == state.rawValue }?[1] ?? 0 }
            let oldest = counts.filter { $0[0] != OutboxState.failed.rawValue }.compactMap { $0[2] as Int64? }.min()
            return OutboxDepth(
                pending: count(.pending), leased: count(.leased), failed: count(.failed), oldest: Timestamp(oldest))
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
