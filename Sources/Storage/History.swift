/// How much of the past is kept: audit log, mail log and failed letters have an end, in age and in number.
import GRDB
import Keyturn
import Synchronization

/// Removes the oldest, a little at a time, while lines are written and once an hour.
///
/// Delivered lines end by age only: budgets count them, and a flood of requests that are mailed to nobody must not wash them
/// away; so do the lines of the audit log that belong to a change. All others end by age and by number.
final class History: Sendable {
    /// Lines written between two prunings.
    static let interval = 1000
    /// Rows one pruning removes from one table: more than ``interval``, so that it keeps up.
    static let step = 2000

    private let span: Duration
    private let undeliveredLimit: Int
    private let failedLimit: Int
    private let notedLimit: Int
    /// Full at the start, so that a process that lives shortly prunes too.
    private let linesSincePruning = Mutex(History.interval)

    init(_ options: SQLiteDatabase.Options) {
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
        let start = now - span
        let removed = [
            try pruneMailLog(in: db, before: start), try pruneFailed(.outbox, in: db, before: start),
            try pruneAuditLog(in: db, before: start), try pruneFailed(.webhooks, in: db, before: start),
            try pruneReports(in: db, before: start),
        ]
        return removed.contains { $0 >= History.step }
    }

    /// Lines stand in the order they were written, so the oldest are the first.
    private func pruneMailLog(in db: Database, before start: Timestamp) throws -> Int {
        let old = try db.run(
            """
            DELETE FROM mail_log WHERE id IN (SELECT id FROM mail_log ORDER BY id LIMIT ?1) AND at < ?2
            """, .integer(History.step), .time(start))
        let undelivered: Int = try db.row("SELECT COUNT(*) FROM mail_log WHERE outcome <> 'delivered'")?[0] ?? 0
        let excess = min(undelivered - undeliveredLimit, History.step)
        guard excess > 0 else { return old }
        return try old
            + db.run(
                """
                DELETE FROM mail_log WHERE id IN
                    (SELECT id FROM mail_log WHERE outcome <> 'delivered' ORDER BY id LIMIT ?1)
                """, .integer(excess))
    }

    private func pruneFailed(_ table: PendingRows.Table, in db: Database, before start: Timestamp) throws -> Int {
        let old = try db.run(
            """
            DELETE FROM \(table.rawValue) WHERE id IN
                (SELECT id FROM \(table.rawValue) WHERE state = 'failed' ORDER BY id LIMIT ?1) AND due_at < ?2
            """, .integer(History.step), .time(start))
        let failed: Int = try db.row("SELECT COUNT(*) FROM \(table.rawValue) WHERE state = 'failed'")?[0] ?? 0
        let excess = min(failed - failedLimit, History.step)
        guard excess > 0 else { return old }
        return try old
            + db.run(
                "DELETE FROM \(table.rawValue) WHERE id IN (SELECT id FROM \(table.rawValue) WHERE state = 'failed' ORDER BY id LIMIT ?1)",
                .integer(excess))
    }

    /// As many as failed letters: both tell an operator whom no mail reached.
    private func pruneReports(in db: Database, before start: Timestamp) throws -> Int {
        let old = try db.run(
            "DELETE FROM mail_reports WHERE id IN (SELECT id FROM mail_reports ORDER BY id LIMIT ?1) AND at < ?2",
            .integer(History.step), .time(start))
        let kept: Int = try db.row("SELECT COUNT(*) FROM mail_reports")?[0] ?? 0
        let excess = min(kept - failedLimit, History.step)
        guard excess > 0 else { return old }
        return try old
            + db.run(
                "DELETE FROM mail_reports WHERE id IN (SELECT id FROM mail_reports ORDER BY id LIMIT ?1)",
                .integer(excess))
    }

    /// Each noted event is bounded by itself: a flood of one washes no other away.
    private func pruneAuditLog(in db: Database, before start: Timestamp) throws -> Int {
        var removed = try db.run(
            "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log ORDER BY id LIMIT ?1) AND at < ?2",
            .integer(History.step), .time(start))
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
}
