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
    /// One for all that is taken: within one taking an address, and the id of a notice, belongs to one lease.
    private let token = Leasing.newToken()

    init(limit: Int, span: Duration, now: Timestamp) {
        self.limit = limit
        self.now = now
        // A lease that is over when it begins would be found again at once.
        expiresAt = max(now + span, now + .milliseconds(1))
    }

    func take(from db: Database) throws -> [Lease] {
        var leases: [Lease] = []
        let refusedAt = Timestamp(try db.row("SELECT refused_at FROM sending")?[0] as Int64?)
        for _ in 0..<Leasing.pagesMax where leases.count < limit {
            let due = try db.each(
                """
                SELECT \(DueRow.columns), due_at, EXISTS
                    (SELECT 1 FROM outbox AS other WHERE other.address = outbox.address AND other.id <> outbox.id AND other.state <> 'failed')
                FROM outbox WHERE state <> 'failed' AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2
                """, .time(now), .integer(min(limit - leases.count, Leasing.pageRows)), make: DueRow.init)
            guard let last = due.last else { break }
            // Rows of one address may stand on one page several times; the first takes them all.
            var seen: Set<EmailAddress> = []
            leases += try due.compactMap { row in
                guard row.sharesAddress, case .resetLink(let request) = row.letter else { return lease(row, refusedAt) }
                return seen.insert(request.email).inserted
                    ? try takeRequests(of: request.email, refusedAt, from: db) : nil
            }
            if due.contains(where: { !$0.sharesAddress }) { try takeThose(upTo: last, from: db) }
        }
        return leases
    }

    /// Nearly all rows: nobody else asks for the address, so nobody holds it. Those that share theirs are due later by now.
    private func takeThose(upTo last: DueRow, from db: Database) throws {
        try db.run(
            """
            UPDATE outbox SET state = 'leased', lease_token = ?1, due_at = ?2
            WHERE state <> 'failed' AND (due_at, id) <= (?3, ?4)
            """, .text(token), .time(expiresAt), .integer(last.dueAt), .integer(last.id))
    }

    private func lease(_ row: DueRow, _ refusedAt: Timestamp?) -> Lease {
        Lease(
            id: row.id, token: token, letter: row.letter, attempts: row.attempts, recordedAt: row.recordedAt,
            expiresAt: expiresAt, lostAnswers: row.lostAnswers, refusedAt: refusedAt)
    }

    /// All requests of an address become one lease, in the newest one's words; nil where one of them is leased now, or waits since an
    /// attempt got no answer: the others wait with it, or they would take it along too early.
    private func takeRequests(
        of email: EmailAddress, _ refusedAt: Timestamp?, from db: Database
    ) throws -> Lease? {
        let address = try DatabaseValue.text(email.text)
        let taken = try db.run(
            """
            UPDATE outbox SET state = 'leased', lease_token = ?2, due_at = ?3
            WHERE address = ?1 AND state <> 'failed'
                AND NOT EXISTS (SELECT 1 FROM outbox WHERE address = ?1 AND due_at > ?4 AND \(Leasing.isInTheWay))
            """, address, .text(token), .time(expiresAt), .time(now))
        guard taken > 0 else {
            try letWait(address, in: db)
            return nil
        }
        return try joined(address, refusedAt, in: db)
    }

    /// Until it is due, no other row of its address is taken.
    private static let isInTheWay = "(state = 'leased' OR state = 'pending' AND answers_lost > 0)"

    /// The other rows of the address wait until that lease, or that wait, ends.
    private func letWait(_ address: DatabaseValue, in db: Database) throws {
        try db.run(
            """
            UPDATE outbox SET due_at = MAX(due_at, (SELECT MAX(due_at) FROM outbox WHERE address = ?1 AND \(Leasing.isInTheWay)))
            WHERE address = ?1 AND state = 'pending'
            """, address)
    }

    /// The lease over all rows of the address, which were taken just now.
    private func joined(_ address: DatabaseValue, _ refusedAt: Timestamp?, in db: Database) throws -> Lease? {
        let rows = "FROM outbox WHERE address = ?1 AND lease_token = ?2"
        guard
            let sum = try db.row(
                "SELECT MAX(attempts), MIN(recorded_at), MAX(answers_lost) \(rows)", address, .text(token)),
            let newest = try db.row(
                "SELECT \(DueRow.columns), due_at, 1 \(rows) ORDER BY id DESC LIMIT 1", address, .text(token)
            ).map(DueRow.init)
        else { return nil }
        return Lease(
            id: newest.id, token: token, letter: newest.letter, attempts: sum[0],
            recordedAt: Timestamp(sum[1] as Int64), expiresAt: expiresAt, lostAnswers: sum[2], refusedAt: refusedAt)
    }

    /// 128 random bits: no two takings have the same.
    static func newToken() -> String {
        String(UInt64.random(in: .min ... .max), radix: 36) + "-" + String(UInt64.random(in: .min ... .max), radix: 36)
    }
}

/// A row that may be taken.
private struct DueRow {
    static let columns = "id, address, language, device, user_id, attempts, recorded_at, answers_lost"

    let id: Int64
    let letter: PromisedLetter
    let attempts: Int
    let recordedAt: Timestamp
    let lostAnswers: Int
    let dueAt: Int64
    /// Whether others that have not failed ask for the same address.
    let sharesAddress: Bool

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
        lostAnswers = row[7]
        dueAt = row[8]
        sharesAddress = row[9]
    }
}
