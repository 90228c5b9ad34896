/// What an operator asks the outbox and does to it.
import GRDB
package import Keyturn

extension SQLiteOutbox {
    /// In the order they were recorded; at most ``outboxListLimit``. Pending are all that wait, leased or not: an expired lease looks like
    /// any other here. Of a user: messages to them, and requests for their stored address.
    package func entries(
        _ filter: OutboxFilter, after position: OutboxPosition?, limit: Int
    ) async throws(StorageFailed) -> [OutboxEntry] {
        let limit = min(max(limit, 0), outboxListLimit)
        return try await readers.read { db in
            let (condition, value) = try filter.condition
            var entries: [OutboxEntry] = []
            var lastRequest: Int64 = 0
            switch position {
            case .intake(let id): lastRequest = id
            case .row, nil:
                let lastRow = if case .row(let id) = position { id.number } else { Int64(0) }
                entries = try db.each(
                    "SELECT \(OutboxEntry.columns) FROM outbox WHERE \(condition) AND id > ?3 ORDER BY id LIMIT ?2",
                    value, .integer(limit), .integer(lastRow)
                ) { OutboxEntry($0) }
            }
            guard filter != .failed, entries.count < limit else { return entries }
            return try entries
                + db.each(
                    "SELECT id, address, recorded_at FROM intake WHERE \(filter.intakeCondition) AND id > ?3 ORDER BY id LIMIT ?2",
                    value, .integer(limit - entries.count), .integer(lastRequest)
                ) { OutboxEntry(inIntake: $0) }
        }
    }

    package func retry(
        _ selection: OutboxSelection, at now: Timestamp, progress: (Int) -> Void
    ) async throws(StorageFailed) -> Int {
        let pending = pending
        let newerOnes = if case .id = selection { "" } else { " OR other.id > outbox.id" }
        let retried = try await inSteps(selection, "state = 'failed'", progress) { db, rows, values in
            // One address, one open row: others of its failed requests are merged into it, or into the newest of those that are retried.
            let merged = try db.run(
                """
                DELETE FROM outbox WHERE state = 'failed' AND address IS NOT NULL AND \(rows) AND EXISTS
                    (SELECT 1 FROM outbox AS other WHERE other.address = outbox.address
                        AND (other.state <> 'failed'\(newerOnes)))
                """, values.selected, values.after, values.last)
            let revived = try db.run(
                """
                UPDATE outbox SET state = 'pending', attempts = 0, answers_lost = MIN(answers_lost, 1),
                    recorded_at = ?4, due_at = ?4
                WHERE state = 'failed' AND \(rows)
                """, values.selected, values.after, values.last, .time(now))
            // Messages of mailings take no seat: counted anew.
            if revived > 0 { pending.forget() }
            return merged + revived
        }
        if retried > 0 { arrived.announce() }
        return retried
    }

    package func purge(_ selection: OutboxSelection, progress: (Int) -> Void) async throws(StorageFailed) -> Int {
        let pending = pending
        var intake = 0
        if case .address(let email) = selection {
            intake = try await writer.write(.oneStatement) { db in
                let count = try db.run("DELETE FROM intake WHERE address = ?1", .text(email.text))
                pending.remove(count)
                return count
            }
        }
        return try await intake
            + inSteps(selection, "state = state", progress) { db, rows, values in
                func delete(_ state: String) throws -> Int {
                    try db.run(
                        "DELETE FROM outbox WHERE \(state) AND \(rows)", values.selected, values.after, values.last)
                }
                let waiting = try delete("state <> 'failed'")
                if waiting > 0 { pending.forget() }
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

    /// Requests in intake count as pending.
    package func depth() async throws(StorageFailed) -> QueueDepth {
        try await readers.read { db in
            let depth = try QueueTable.outbox.depth(in: db)
            let intake = try db.row("SELECT COUNT(*), MIN(recorded_at) FROM intake")
            let oldest = [depth.oldest, Timestamp(intake?[1] as Int64?)].compactMap(\.self).min()
            return QueueDepth(
                pending: depth.pending + (intake?[0] ?? 0), leased: depth.leased, failed: depth.failed, oldest: oldest)
        }
    }
}

extension SQLiteOutbox {
    /// Requests for an address, and messages to the account that has it.
    fileprivate static let concernsAddress =
        "(address = ?1 OR user_id = (SELECT CAST(id AS TEXT) FROM users WHERE email = ?1))"
}

extension OutboxFilter {
    /// A condition on rows of the outbox, and its first value.
    fileprivate var condition: (sql: String, value: DatabaseValue) {
        get throws(StorageFailed) {
            switch self {
            case .all: ("?1 IS NULL", .null)
            case .failed: ("?1 IS NULL AND state = 'failed'", .null)
            case .pending: ("?1 IS NULL AND state <> 'failed'", .null)
            case .address(let email): (SQLiteOutbox.concernsAddress, try .text(email.text))
            case .user(let id):
                (
                    "(user_id = ?1 OR address = (SELECT email FROM users WHERE id = ?1 AND CAST(id AS TEXT) = ?1))",
                    try .text(id.text)
                )
            }
        }
    }

    /// The same on requests in intake.
    fileprivate var intakeCondition: String {
        switch self {
        case .all, .failed, .pending: "?1 IS NULL"
        case .address: "address = ?1"
        case .user: "address = (SELECT email FROM users WHERE id = ?1 AND CAST(id AS TEXT) = ?1)"
        }
    }
}

extension OutboxSelection {
    /// A condition and its first value.
    fileprivate var condition: (sql: String, value: DatabaseValue) {
        get throws(StorageFailed) {
            switch self {
            case .id(let id): ("id = ?1", .integer(id.number))
            case .allFailed: ("state = ?1", try .text(OutboxState.failed.rawValue))
            case .address(let email): (SQLiteOutbox.concernsAddress, try .text(email.text))
            }
        }
    }
}

extension OutboxEntry {
    fileprivate static let columns =
        "id, kind, address, user_id, state, attempts, recorded_at, due_at, last_reason"

    fileprivate init(_ row: Row) {
        let address: String? = row[2]
        let user: String? = row[3]
        self.init(
            at: .row(OutboxID(row[0])), kind: LetterKind(stored: row[1]),
            email: address.map { EmailAddress(stored: $0) },
            user: user.map { UserID($0) }, state: OutboxState(rawValue: row[4]) ?? .pending, attempts: row[5],
            recordedAt: Timestamp(row[6] as Int64), dueAt: Timestamp(row[7] as Int64), lastReason: row[8])
    }

    fileprivate init(inIntake row: Row) {
        let recordedAt = Timestamp(row[2] as Int64)
        self.init(
            at: .intake(row[0]), kind: .resetLink, email: EmailAddress(stored: row[1]), user: nil, state: .pending,
            attempts: 0,
            recordedAt: recordedAt, dueAt: recordedAt, lastReason: nil)
    }
}
