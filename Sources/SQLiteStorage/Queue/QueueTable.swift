/// A table of rows that are leased: the outbox and the webhooks have the same columns for it.
import GRDB
import Keyturn

/// The SQL of leases, once for both queues. Knows states and moments, and no rule of what is delivered.
///
/// A row is pending, leased or failed. `due_at` of a pending row is when it may be taken, of a leased one when the lease ends; so an
/// expired lease is pending again without a write.
struct QueueTable: Sendable {
    /// What the queue holds that may be taken, as SQL.
    private let deliverable: String
    let name: String

    /// What is written besides whenever a row changes its state, as SQL that begins with a comma.
    private let besides: String

    /// Pending rows that no clock makes due earlier, as SQL.
    private let resting: String

    /// A request that came while the row was leased is part of the next lease, so only the end of this one has to know of it. A row rests
    /// after an attempt that got no answer.
    static let outbox = QueueTable(
        name: "outbox", deliverable: "state <> 'failed'", besides: ", again_at = NULL",
        resting: "state = 'pending' AND answers_lost > 0")
    /// Rows without an account are never sent.
    static let webhooks = QueueTable(
        name: "webhooks", deliverable: "state <> 'failed' AND user_id IS NOT NULL", besides: "", resting: "FALSE")

    private init(name: String, deliverable: String, besides: String, resting: String) {
        self.name = name
        self.deliverable = deliverable
        self.besides = besides
        self.resting = resting
    }

    /// Takes the rows that are due longest.
    /// - Parameter columns: what `make` is handed of each row, before the row's `due_at` and `id`.
    func lease<Leased>(
        atMost limit: Int, under token: LeaseToken, for span: Duration, at now: Timestamp, columns: String,
        from db: Database, make: (Row, _ expiresAt: Timestamp) -> Leased
    ) throws -> [Leased] {
        // A lease that is over when it begins would be found again at once.
        let expiresAt = max(now + span, now + .milliseconds(1))
        var last: (dueAt: Int64, id: Int64)?
        let leased = try db.each(
            """
            SELECT \(columns), due_at, id FROM \(name) WHERE \(deliverable) AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2
            """, .time(now), .integer(limit)
        ) { row in
            last = (row["due_at"], row["id"])
            return make(row, expiresAt)
        }
        guard let last else { return [] }
        try db.run(
            """
            UPDATE \(name) SET state = 'leased', lease_token = ?1, due_at = ?2\(besides)
            WHERE \(deliverable) AND (due_at, id) <= (?3, ?4)
            """, .text(token.text), .time(expiresAt), .integer(last.dueAt), .integer(last.id))
        return leased
    }

    /// Whether rows are due.
    func hasDue(in db: Database, at now: Timestamp) throws -> Bool {
        try db.row("SELECT 1 FROM \(name) WHERE \(deliverable) AND due_at <= ?1 LIMIT 1", .time(now)) != nil
    }

    func isHeld(_ id: Int64, under token: LeaseToken, in db: Database) throws -> Bool {
        try db.row("SELECT 1 FROM \(name) WHERE \(Self.ours)", .integer(id), .text(token.text)) != nil
    }

    /// Writes what becomes of a leased row.
    /// - Parameter fate: `unanswered` only in the outbox, which counts lost answers.
    /// - Returns: whether the row carried the token; if not, nothing was written.
    func settle(
        _ id: Int64, under token: LeaseToken, as fate: RowFate, in db: Database, at now: Timestamp
    ) throws -> Bool {
        let (id, token) = (DatabaseValue.integer(id), try DatabaseValue.text(token.text))
        return switch fate {
        case .done: try db.run("DELETE FROM \(name) WHERE \(Self.ours)", id, token) == 1
        case .later(let due, let reason):
            try db.run(
                """
                UPDATE \(name) SET state = 'pending', lease_token = NULL, due_at = ?3, attempts = attempts + 1, last_reason = ?4\(besides)
                WHERE \(Self.ours)
                """, id, token, .time(due), .detail(reason)) == 1
        case .unanswered(let again, let reason, let isAttempt):
            try db.run(
                """
                UPDATE \(name) SET state = 'pending', lease_token = NULL, due_at = ?3, attempts = attempts + ?5, last_reason = ?4,
                    answers_lost = answers_lost + 1\(besides)
                WHERE \(Self.ours)
                """, id, token, .time(again), .detail(reason), .integer(isAttempt ? 1 : 0)) == 1
        case .failed(let reason):
            try db.run(
                """
                UPDATE \(name) SET state = 'failed', lease_token = NULL, due_at = ?3, attempts = attempts + 1, last_reason = ?4\(besides)
                WHERE \(Self.ours)
                """, id, token, .time(now), .detail(reason)) == 1
        case .released(let reason):
            try db.run(
                """
                UPDATE \(name) SET state = 'pending', lease_token = NULL, due_at = MIN(recorded_at, ?3),
                    last_reason = COALESCE(?4, last_reason)\(besides)
                WHERE \(Self.ours)
                """, id, token, .time(now), .detail(reason)) == 1
        }
    }

    private static let ours = "id = ?1 AND lease_token = ?2"

    func nextDue(in db: Database) throws -> Timestamp? {
        Timestamp(try db.row("SELECT MIN(due_at) FROM \(name) WHERE \(deliverable)")?[0] as Int64?)
    }

    /// - Parameter condition: which rows are counted, as SQL.
    func depth(where condition: String = "TRUE", in db: Database) throws -> QueueDepth {
        let rows = try db.rows(
            "SELECT state, COUNT(*), MIN(recorded_at) FROM \(name) WHERE \(condition) GROUP BY state")
        func count(_ state: OutboxState) -> Int { rows.first { $0[0] == state.rawValue }?[1] ?? 0 }
        let oldest = rows.filter { $0[0] != OutboxState.failed.rawValue }.compactMap { $0[2] as Int64? }.min()
        return QueueDepth(
            pending: count(.pending), leased: count(.leased), failed: count(.failed), oldest: Timestamp(oldest))
    }

    /// Leases of a process that ended: their rows are due at once.
    /// - Returns: how many.
    func takeBackLeases(in db: Database, at now: Timestamp) throws -> Int {
        try db.run(
            """
            UPDATE \(name) SET state = 'pending', lease_token = NULL, due_at = MIN(recorded_at, ?1)\(besides)
            WHERE state = 'leased'
            """, .time(now))
    }

    /// The wall clock was set back while a process runs: no row that waits is worth waiting longer for.
    func clockSetBack(in db: Database, to now: Timestamp, leasing span: Duration) throws {
        try db.run(
            """
            UPDATE \(name) SET recorded_at = MIN(recorded_at, ?1),
                due_at = CASE state WHEN 'leased' THEN MIN(due_at, ?2) ELSE ?1 END
            WHERE state <> 'failed' AND due_at > ?1 AND NOT (\(resting))
            """, .time(now), .time(now + span))
    }

    /// At the start of a process only what was recorded in the future tells that the clock was set back. What else is due later was
    /// meant so.
    func clockWasSetBack(in db: Database, to now: Timestamp) throws {
        try db.run(
            """
            UPDATE \(name) SET recorded_at = ?1, due_at = ?1
            WHERE state = 'pending' AND due_at > ?1 AND recorded_at > ?1 AND NOT (\(resting))
            """, .time(now))
    }

    /// Removes failed rows that are too many, the oldest first, at most `step`.
    func pruneFailed(in db: Database, keeping limit: Int, step: Int) throws -> Int {
        let failed: Int = try db.row("SELECT COUNT(*) FROM \(name) WHERE state = 'failed'")?[0] ?? 0
        let excess = min(failed - limit, step)
        guard excess > 0 else { return 0 }
        return try db.run(
            "DELETE FROM \(name) WHERE id IN (SELECT id FROM \(name) WHERE state = 'failed' ORDER BY id LIMIT ?1)",
            .integer(excess))
    }
}

/// Bytes of a reason or message id that are kept.
private let detailBytesMax = 512

extension DatabaseValue {
    /// A provider's words, cut at ``detailBytesMax`` bytes between two characters; U+0000 and what follows is left out.
    static func detail(_ words: String?) -> DatabaseValue {
        guard let words else { return .null }
        var kept = String.UnicodeScalarView()
        var room = detailBytesMax
        for scalar in words.unicodeScalars {
            room -= UTF8.width(scalar)
            if scalar.value == 0 || room < 0 { break }
            kept.append(scalar)
        }
        return String(kept).databaseValue
    }
}
