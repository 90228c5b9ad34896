/// How much of the past is kept: audit log, mail log and failed letters have an end, in age and in number.
import GRDB
import Keyturn
import Synchronization

/// Removes the oldest, a little at a time, while lines are written and once an hour.
///
/// Lines stand in the order they were written, and the first are looked at while lines are written. Their dates may be in another order
/// if the clock was wrong, so once an hour every line is looked at: a line that is too old is removed wherever it stands. A line dated in
/// the future goes with the first line behind it that is too old: it was written before that one.
///
/// Lines of mails that went out, or may have, end by age only: budgets count them, and a flood of requests that send no mail must not wash them
/// away; so do the lines of the audit log that belong to a change. All others end by age and by number.
final class History: Sendable {
    /// Lines written between two prunings.
    static let interval = 1000
    /// Rows one pruning removes from one table: more than ``interval``, so that it keeps up.
    static let step = 2000

    /// As the index has it.
    private static let isUncounted = "outcome <> 'delivered' AND outcome <> 'answer_lost'"

    private let span: Duration
    private let undeliveredLimit: Int
    private let failedLimit: Int
    private let notedLimit: Int
    /// Full at the start, so that a process that lives shortly prunes too.
    private let linesSincePruning = Mutex(History.interval)

    init(_ options: SQLiteOptions) {
        span = options.historyKept
        undeliveredLimit = options.undeliveredLinesLimit
        failedLimit = options.failedLimit
        notedLimit = options.notedLinesLimit
    }

    func pruneNowAndThen(after lines: Int, in db: Database, at now: Timestamp) throws {
        let isTime = linesSincePruning.withLock { count in
            count += lines
            guard count >= History.interval else { return false }
            count = 0
            return true
        }
        if isTime { _ = try prune(in: db, at: now) }
    }

    /// One step in each table.
    /// - Returns: whether a whole step was needed somewhere, so that there may be more.
    func prune(in db: Database, at now: Timestamp) throws -> Bool {
        let removed = [
            try removeOld(.mailLog, in: db, at: now) + pruneMailLog(in: db),
            try removeOld(.failedLetters, in: db, at: now)
                + QueueTable.outbox.pruneFailed(in: db, keeping: failedLimit, step: History.step),
            try removeOld(.auditLog, in: db, at: now) + pruneAuditLog(in: db),
            try removeOld(.failedWebhooks, in: db, at: now)
                + QueueTable.webhooks.pruneFailed(in: db, keeping: failedLimit, step: History.step),
            try removeOld(.reports, in: db, at: now) + pruneReports(in: db),
        ]
        return removed.contains { $0 >= History.step }
    }

    /// Of the first lines.
    private func removeOld(_ lines: Lines, in db: Database, at now: Timestamp) throws -> Int {
        guard let part = try lines.part(after: .min, in: db), hasOld(part, at: now) else { return 0 }
        return try removeOld(part, of: lines, in: db, at: now).count
    }

    private func pruneMailLog(in db: Database) throws -> Int {
        let undelivered: Int = try db.row("SELECT COUNT(*) FROM mail_log WHERE \(Self.isUncounted)")?[0] ?? 0
        let excess = min(undelivered - undeliveredLimit, History.step)
        guard excess > 0 else { return 0 }
        return try db.run(
            """
            DELETE FROM mail_log WHERE id IN
                (SELECT id FROM mail_log WHERE \(Self.isUncounted) ORDER BY id LIMIT ?1)
            """, .integer(excess))
    }

    /// As many as failed letters: both tell an operator whom no mail reached.
    private func pruneReports(in db: Database) throws -> Int {
        let kept: Int = try db.row("SELECT COUNT(*) FROM mail_reports")?[0] ?? 0
        let excess = min(kept - failedLimit, History.step)
        guard excess > 0 else { return 0 }
        return try db.run(
            "DELETE FROM mail_reports WHERE id IN (SELECT id FROM mail_reports ORDER BY id LIMIT ?1)", .integer(excess))
    }

    /// Each noted event is bounded by itself: a flood of one washes no other away.
    private func pruneAuditLog(in db: Database) throws -> Int {
        var removed = 0
        for event in AuditEvent.allCases where event.isNoted {
            let name = try DatabaseValue.text(event.rawValue)
            let count: Int = try db.row("SELECT COUNT(*) FROM audit_log WHERE event = ?1", name)?[0] ?? 0
            let excess = min(count - notedLimit, History.step)
            guard excess > 0 else { continue }
            removed += try db.run(
                """
                DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE event = ?1 ORDER BY id LIMIT ?2)
                """, name, .integer(excess))
        }
        return removed
    }

    /// A date further in the future than this was written while the clock was wrong.
    private static let tolerance = Duration.seconds(60)

    /// The lines of one table that end by age.
    struct Lines: Sendable {
        static let mailLog = Lines(table: "mail_log", date: "at", condition: "TRUE")
        static let auditLog = Lines(table: "audit_log", date: "at", condition: "TRUE")
        static let reports = Lines(table: "mail_reports", date: "at", condition: "TRUE")
        static let failedLetters = Lines(table: "outbox", date: "due_at", condition: "state = 'failed'")
        static let failedWebhooks = Lines(table: "webhooks", date: "due_at", condition: "state = 'failed'")
        static let all = [mailLog, auditLog, reports, failedLetters, failedWebhooks]

        fileprivate let table: String
        /// The column with the date.
        fileprivate let date: String
        /// Which rows are meant.
        fileprivate let condition: String

        /// - Returns: the first lines behind `id`, at most ``History/step``; nil if there are none.
        func part(after id: Int64, in db: Database) throws -> Part? {
            let row = try db.row(
                """
                SELECT MAX(id), MIN(date), MAX(date) FROM
                    (SELECT id, \(date) AS date FROM \(table) WHERE \(condition) AND id > ?1 ORDER BY id LIMIT ?2)
                """, .integer(id), .integer(History.step))
            guard let row, let last = row[0] as Int64? else { return nil }
            return Part(after: id, last: last, oldest: Timestamp(row[1] as Int64), newest: Timestamp(row[2] as Int64))
        }
    }

    /// Lines that stand together: their ids and the span of their dates.
    struct Part: Sendable {
        fileprivate let after: Int64
        let last: Int64
        fileprivate let oldest: Timestamp
        fileprivate let newest: Timestamp
    }

    func hasOld(_ part: Part, at now: Timestamp) -> Bool { part.oldest < now - span }

    func hasFuture(_ part: Part, at now: Timestamp) -> Bool { part.newest > now + Self.tolerance }

    /// Removes the lines of a part that are too old, and those of the future before them.
    /// - Returns: how many lines went, and the id of the last that was too old; nil if there was none.
    func removeOld(
        _ part: Part, of lines: Lines, in db: Database, at now: Timestamp
    ) throws -> (count: Int, last: Int64?) {
        let start = DatabaseValue.time(now - span)
        let those = "\(lines.condition) AND id > ?1 AND id <= ?2"
        let (after, end) = (DatabaseValue.integer(part.after), DatabaseValue.integer(part.last))
        let row = try db.row(
            "SELECT MAX(id) FROM \(lines.table) WHERE \(those) AND \(lines.date) < ?3", after, end, start)
        guard let last = row?[0] as Int64? else { return (0, nil) }
        let count = try db.run(
            "DELETE FROM \(lines.table) WHERE \(those) AND (\(lines.date) < ?3 OR \(lines.date) > ?4)",
            after, .integer(last), start, .time(now + Self.tolerance))
        return (count, last)
    }

    /// Removes lines of the future that stand before a line that was too old, at most ``step``.
    /// - Returns: whether there may be more.
    func removeFuture(before id: Int64, of lines: Lines, in db: Database, at now: Timestamp) throws -> Bool {
        try db.run(
            """
            DELETE FROM \(lines.table) WHERE id IN
                (SELECT id FROM \(lines.table) WHERE \(lines.condition) AND id < ?1 AND \(lines.date) > ?2 ORDER BY id LIMIT ?3)
            """, .integer(id), .time(now + Self.tolerance), .integer(History.step)) >= History.step
    }
}
