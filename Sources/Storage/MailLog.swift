/// What became of each letter: what an operator is told, and what an account's budget is computed from.
import GRDB
import Keyturn

enum MailLog {
    /// How many mails of one user a budget looks at.
    static let deliveredLimit = 1000

    /// The letter and the person of one line; written with the outcome.
    struct Line {
        private let kind: LetterKind
        private let user: Int64?
        private let requestedAt: Timestamp
        private let outboxID: Int64
        private let at: Timestamp

        init(_ lease: Lease, of user: UserID?, at now: Timestamp) {
            kind =
                switch lease.letter {
                case .resetLink: .resetLink
                case .passwordChanged: .passwordChanged
                }
            self.user = user?.rowID
            requestedAt = lease.recordedAt
            outboxID = lease.id
            at = now
        }

        func write(_ outcome: String, _ detail: String?, to db: Database) throws {
            try db.run(
                """
                INSERT INTO mail_log (at, user_id, kind, outcome, detail, requested_at, outbox_id)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                """,
                .time(at), user?.databaseValue ?? .null, .text(kind.rawValue), .text(outcome), .detail(detail),
                .time(requestedAt), .integer(outboxID))
        }
    }

    static func resetMails(to user: Int64, since: Timestamp, in db: Database) throws -> [Timestamp] {
        let newestFirst = try db.rows(
            """
            SELECT at FROM mail_log WHERE user_id = ?1 AND at >= ?2 AND kind = 'reset_link'
                AND outcome IN ('delivered', 'answer_lost')
            ORDER BY at DESC, id DESC LIMIT ?3
            """, .integer(user), .time(since), .integer(deliveredLimit))
        return newestFirst.reversed().map { Timestamp($0[0] as Int64) }
    }

    static func newest(_ limit: Int, of user: Int64, in db: Database) throws -> [MailLogEntry] {
        try db.rows(
            """
            SELECT at, kind, outcome, detail, 0, id FROM mail_log WHERE user_id = ?1
            UNION ALL
            SELECT mail_reports.at, mail_log.kind, mail_reports.kind, reason, 1, mail_reports.id
            FROM mail_log JOIN mail_reports ON mail_reports.outbox_id = mail_log.outbox_id
            WHERE user_id = ?1 AND outcome = 'delivered' AND \(MailReport.isOfLine)
            ORDER BY 1 DESC, 5 DESC, 6 DESC LIMIT ?2
            """, .integer(user), .integer(limit)
        ).map { row in
            MailLogEntry(
                at: Timestamp(row[0] as Int64), kind: LetterKind(stored: row[1]), outcome: row[2], detail: row[3])
        }
    }
}

extension LetterKind {
    /// The table allows no other words than these two.
    init(stored text: String) { self = text == LetterKind.passwordChanged.rawValue ? .passwordChanged : .resetLink }
}
