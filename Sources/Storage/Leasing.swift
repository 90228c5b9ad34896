/// Takes letters that are due, oldest first, all rows of one address as one letter.
import GRDB
import Keyturn

/// One taking. Every row it looks at is afterwards leased, or due only when the lease of its address ends; so the next look finds
/// other rows, and a flood for one address is waded through once a lease, not once a look.
struct Leasing: Sendable {
    /// Rows looked at in one go.
    private static let pageRows = 256
    /// Goes in one taking: with ``pageRows``, how long the writer is kept from others.
    private static let pagesMax = 16

    let limit: Int
    let now: Timestamp
    let expiresAt: Timestamp

    init(limit: Int, span: Duration, now: Timestamp) {
        self.limit = limit
        self.now = now
        // A lease that is over when it begins would be found again at once.
        expiresAt = max(now + span, now + .milliseconds(1))
    }

    func take(from db: Database) throws -> [Lease] {
        var leases: [Lease] = []
        for _ in 0..<Leasing.pagesMax where leases.count < limit {
            let due = try db.rows(
                """
                SELECT id, address, user_id, attempts, recorded_at FROM outbox
                WHERE state <> 'failed' AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2
                """, .time(now), .integer(min(limit - leases.count, Leasing.pageRows)))
            if due.isEmpty { break }
            // Rows of one address may stand on one page several times; the first takes them all.
            var seen: Set<EmailAddress> = []
            for row in due {
                if let address = row[1] as String? {
                    let email = EmailAddress(stored: address)
                    if seen.insert(email).inserted, let lease = try takeRequests(of: email, from: db) {
                        leases.append(lease)
                    }
                } else {
                    leases.append(try takeNotice(row, from: db))
                }
            }
        }
        return leases
    }

    /// All requests of an address become one lease, in the newest one's words; nil where one of them is leased now.
    private func takeRequests(of email: EmailAddress, from db: Database) throws -> Lease? {
        let address = try DatabaseValue.text(email.text)
        guard
            let sum = try db.row(
                """
                SELECT MAX(id), MAX(attempts), MIN(recorded_at), MAX(CASE WHEN state = 'leased' AND due_at > ?2 THEN due_at END)
                FROM outbox WHERE address = ?1 AND state <> 'failed' HAVING COUNT(*) > 0
                """, address, .time(now))
        else { return nil }
        if let leasedUntil = Timestamp(sum[3] as Int64?) {
            try db.run(
                "UPDATE outbox SET due_at = MAX(due_at, ?2) WHERE address = ?1 AND state = 'pending'",
                address, .time(leasedUntil))
            return nil
        }
        let token = Leasing.newToken()
        try db.run(
            "UPDATE outbox SET state = 'leased', lease_token = ?2, due_at = ?3 WHERE address = ?1 AND state <> 'failed'",
            address, .text(token), .time(expiresAt))
        let id: Int64 = sum[0]
        guard let newest = try db.row("SELECT address, language, device FROM outbox WHERE id = ?1", .integer(id)) else {
            return nil
        }
        let request = ResetRequest(email: EmailAddress(stored: newest[0]), language: newest[1], device: newest[2])
        return Lease(
            id: id, token: token, letter: .resetLink(request), attempts: sum[1], recordedAt: Timestamp(sum[2] as Int64),
            expiresAt: expiresAt)
    }

    /// "Your password was changed": each is a fact of its own, so none stands for another.
    private func takeNotice(_ row: Row, from db: Database) throws -> Lease {
        let token = Leasing.newToken()
        let id: Int64 = row[0]
        try db.run(
            "UPDATE outbox SET state = 'leased', lease_token = ?2, due_at = ?3 WHERE id = ?1",
            .integer(id), .text(token), .time(expiresAt))
        return Lease(
            id: id, token: token, letter: .passwordChanged(UserID(rowID: row[2])), attempts: row[3],
            recordedAt: Timestamp(row[4] as Int64), expiresAt: expiresAt)
    }

    /// 128 random bits: no two leases have the same.
    private static func newToken() -> String {
        String(UInt64.random(in: .min ... .max), radix: 36) + "-" + String(UInt64.random(in: .min ... .max), radix: 36)
    }
}
