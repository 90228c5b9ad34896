/// Writes ``Consequences`` into the transaction of the change that they follow from.
import GRDB
import Keyturn

/// Knows tables and limits, and no rule: what is written was decided by Keyturn.
struct ConsequencesWriter: Sendable {
    let depth: QueueDepthCounter
    let arrivals: Arrivals
    let webhooks: SQLiteWebhooks
    let auditLog: SQLiteAuditLog

    func write(_ consequences: Consequences, to db: Database, at now: Timestamp) throws {
        if let email = consequences.dropRequests { depth.remove(try OutboxTable.dropRequests(of: email, in: db)) }
        for message in consequences.messages {
            try OutboxTable.insert(message, in: db, at: now)
            depth.add(1)
        }
        for mailing in consequences.mailings { try Mailings.insert(mailing, in: db, at: now) }
        for line in consequences.audit { try line.write(to: db) }
        for line in consequences.mailLog { try MailLog.write(line, to: db) }
        for draft in consequences.webhooks { try webhooks.write(draft, to: db) }
        if let moment = consequences.refusedAt { try OutboxTable.refused(in: db, at: moment) }
    }

    /// To be called once the transaction is committed.
    func announce(_ consequences: Consequences) {
        if !consequences.messages.isEmpty || !consequences.mailings.isEmpty { arrivals.announce() }
        if !consequences.webhooks.isEmpty { webhooks.announce() }
        for line in consequences.audit { auditLog.tell(line) }
    }
}
