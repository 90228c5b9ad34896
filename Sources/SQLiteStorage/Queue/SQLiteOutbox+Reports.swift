/// What the mail provider reported later about letters it had taken.
import GRDB
package import Keyturn

extension SQLiteOutbox {
    package func note(_ reports: [MailReport], at now: Timestamp) async throws(StorageFailed) -> [MailReport] {
        let history = history
        return try await writer.write(.severalStatements) { db in
            let new = try reports.filter { try $0.insert(in: db) }
            try history.pruneNowAndThen(after: new.count, in: db, at: now)
            return new
        }
    }

    /// Newest first. ``History`` bounds the table, and so this list: ``SQLiteOptions/failedLimit`` and what came since it
    /// was last pruned.
    package func reports(limit: Int) async throws(StorageFailed) -> [KeptReport] {
        let limit = max(limit, 0)
        return try await readers.read { db in
            try db.rows(
                """
                SELECT report_id, kind, at, outbox_id, message_id, reason,
                    (SELECT user_id FROM mail_log
                     WHERE mail_log.outbox_id = mail_reports.outbox_id AND outcome = 'delivered' AND \(MailReport.isOfLine))
                FROM mail_reports ORDER BY id DESC LIMIT ?1
                """, .integer(limit)
            ).map(KeptReport.init)
        }
    }
}

extension MailReport {
    /// Another system may use the provider's account and number its messages as we do: only the message id tells them apart.
    static let isOfLine = "(detail IS NULL OR substr(message_id, 1, length(detail)) = detail)"

    /// - Returns: false where it was there already.
    fileprivate func insert(in db: Database) throws -> Bool {
        try db.run(
            """
            INSERT INTO mail_reports (report_id, kind, at, outbox_id, message_id, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (report_id) DO NOTHING
            """,
            .text(id), .text(kind.rawValue), .time(at), .integer(outboxID.number), .text(messageID), .detail(reason))
            == 1
    }

    /// The table allows no other words than these three.
    static func kind(stored text: String) -> Kind { Kind(rawValue: text) ?? .deferred }
}

extension KeptReport {
    fileprivate init(_ row: Row) {
        let user: String? = row[6]
        self.init(
            MailReport(
                id: row[0], kind: MailReport.kind(stored: row[1]), at: Timestamp(row[2] as Int64),
                outboxID: OutboxID(row[3]),
                messageID: row[4], reason: row[5]),
            of: user.map { UserID($0) })
    }
}
