/// What became of each letter: what an operator is told, and what an account's budget is computed from.
import GRDB
import Keyturn

enum MailLog {
    /// How many mails of one user a budget looks at.
    static let deliveredLimit = 1000

    static func write(_ line: MailLogLine, to db: Database) throws {
        try db.run(
            """
            INSERT INTO mail_log (at, user_id, kind, outcome, detail, requested_at, outbox_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """,
            .time(line.at), .text(line.user?.text), .text(line.kind.rawValue), .text(line.outcome),
            .detail(line.detail), .time(line.requestedAt), line.outboxID?.number.databaseValue ?? .null)
    }

    static func resetMails(to user: String, since: Timestamp, in db: Database) throws -> [Timestamp] {
        let newestFirst = try db.rows(
            """
            SELECT at FROM mail_log WHERE user_id = ?1 AND at >= ?2 AND kind = 'reset_link'
                AND outcome IN ('delivered', 'answer_lost')
            ORDER BY at DESC, id DESC LIMIT ?3
            """, .text(user), .time(since), .integer(deliveredLimit))
        return newestFirst.reversed().map { Timestamp($0[0] as Int64) }
    }

    static func newest(_ limit: Int, of user: UserID, in db: Database) throws -> [MailLogEntry] {
        try db.rows(
            """
            SELECT at, kind, outcome, detail, 0, id FROM mail_log WHERE user_id = ?1
            UNION ALL
            SELECT mail_reports.at, mail_log.kind, mail_reports.kind, reason, 1, mail_reports.id
            FROM mail_log JOIN mail_reports ON mail_reports.outbox_id = mail_log.outbox_id
            WHERE user_id = ?1 AND outcome = 'delivered' AND \(MailReport.isOfLine)
            ORDER BY 1 DESC, 5 DESC, 6 DESC LIMIT ?2
            """, .text(user.text), .integer(limit)
        ).map { row in
            MailLogEntry(
                at: Timestamp(row[0] as Int64), kind: LetterKind(stored: row[1]), outcome: row[2], detail: row[3])
        }
    }
}

extension LetterKind {
    /// A word of a newer binary counts as a reset link.
    init(stored text: String) { self = LetterKind(rawValue: text) ?? .resetLink }
}
