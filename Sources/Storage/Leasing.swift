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
            let due = try db.each(
                """
                SELECT \(DueRow.columns) FROM outbox
                WHERE state <> 'failed' AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2
                """, .time(now), .integer(min(limit - leases.count, Leasing.pageRows)), make: DueRow.init)
            if due.isEmpty { break }
            // Rows of one address may stand on one page several times; the first takes them all.
            var seen: Set<EmailAddress> = []
            for row in due {
                switch row.letter {
                case .resetLink(let request):
                    if seen.insert(request.email).inserted, let lease = try takeRequests(with: row, request, from: db) {
                        leases.append(lease)
                    }
                case .passwordChanged: leases.append(try takeNotice(row, from: db))
                }
            }
        }
        return leases
    }

    /// All requests of an address become one lease, in the newest one's words; nil where one of them is leased now.
    private func takeRequests(with row: DueRow, _ request: ResetRequest, from db: Database) throws -> Lease? {
        let address = try DatabaseValue.text(request.email.text)
        let token = Leasing.newToken()
        let taken = try db.run(
            """
            UPDATE outbox SET state = 'leased', lease_token = ?2, due_at = ?3
            WHERE address = ?1 AND state <> 'failed'
                AND NOT EXISTS (SELECT 1 FROM outbox WHERE address = ?1 AND state = 'leased' AND due_at > ?4)
            """, address, .text(token), .time(expiresAt), .time(now))
        switch taken {
        case 0:
            try letWait(address, in: db)
            return nil
        // Nearly always: the row that was found is the only one.
        case 1: return lease(row, token)
        default: return try joined(address, token, in: db)
        }
    }

    /// Somebody else has the address: its other rows wait until that lease ends.
    private func letWait(_ address: DatabaseValue, in db: Database) throws {
        try db.run(
            """
            UPDATE outbox SET due_at = MAX(due_at, (SELECT MAX(due_at) FROM outbox WHERE address = ?1 AND state = 'leased'))
            WHERE address = ?1 AND state = 'pending'
            """, address)
    }

    /// The lease over all rows with this token.
    private func joined(_ address: DatabaseValue, _ token: String, in db: Database) throws -> Lease? {
        let rows = "FROM outbox WHERE address = ?1 AND lease_token = ?2"
        guard
            let sum = try db.row("SELECT MAX(attempts), MIN(recorded_at) \(rows)", address, .text(token)),
            let newest = try db.row(
                "SELECT \(DueRow.columns) \(rows) ORDER BY id DESC LIMIT 1", address, .text(token)
            ).map(DueRow.init)
        else { return nil }
        return Lease(
            id: newest.id, token: token, letter: newest.letter, attempts: sum[0],
            recordedAt: Timestamp(sum[1] as Int64), expiresAt: expiresAt)
    }

    /// "Your password was changed": each is a fact of its own, so none stands for another.
    private func takeNotice(_ row: DueRow, from db: Database) throws -> Lease {
        let token = Leasing.newToken()
        try db.run(
            "UPDATE outbox SET state = 'leased', lease_token = ?2, due_at = ?3 WHERE id = ?1",
            .integer(row.id), .text(token), .time(expiresAt))
        return lease(row, token)
    }

    private func lease(_ row: DueRow, _ token: String) -> Lease {
        Lease(
            id: row.id, token: token, letter: row.letter, attempts: row.attempts, recordedAt: row.recordedAt,
            expiresAt: expiresAt)
    }

    /// 128 random bits: no two leases have the same.
    static func newToken() -> String {
        String(UInt64.random(in: .min ... .max), radix: 36) + "-" + String(UInt64.random(in: .min ... .max), radix: 36)
    }
}

/// A row that may be taken.
private struct DueRow {
    static let columns = "id, address, language, device, user_id, attempts, recorded_at"

    let id: Int64
    let letter: PromisedLetter
    let attempts: Int
    let recordedAt: Timestamp

    init(_ row: Row) {
        id = row[0]
        letter =
            if let address = row[1] as String? {
                .resetLink(ResetRequest(email: EmailAddress(stored: address), language: row[2], device: row[3]))
            } else {
                .passwordChanged(UserID(rowID: row[4]), language: row[2])
            }
        attempts = row[5]
        recordedAt = Timestamp(row[6] as Int64)
    }
}
