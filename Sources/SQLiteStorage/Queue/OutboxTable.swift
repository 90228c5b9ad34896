/// The SQL of the outbox and of intake that the queue of ``QueueTable`` does not have.
import GRDB
import Keyturn

/// Rows of the outbox and of intake.
enum OutboxTable {
    static func insertIntoIntake(_ request: ResetRequest, in db: Database, at now: Timestamp) throws {
        try db.run(
            "INSERT INTO intake (address, language, device, return_to, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            .text(request.email.text), .text(request.language), .text(request.device), .text(request.returnTo),
            .time(now))
    }

    /// The oldest requests in intake.
    static func intake(atMost limit: Int, in db: Database) throws -> [IntakeEntry] {
        try db.each(
            "SELECT id, address, language, device, return_to, recorded_at FROM intake ORDER BY id LIMIT ?1",
            .integer(limit)
        ) { row in
            IntakeEntry(
                id: row[0],
                request: ResetRequest(
                    email: EmailAddress(stored: row[1]), language: row[2], device: row[3], returnTo: row[4]),
                recordedAt: Timestamp(row[5] as Int64))
        }
    }

    /// - Returns: how many of the requests were still there.
    static func deleteFromIntake(_ entries: [IntakeEntry], in db: Database) throws -> Int {
        guard let first = entries.first, let last = entries.last else { return 0 }
        return try db.run("DELETE FROM intake WHERE id BETWEEN ?1 AND ?2", .integer(first.id), .integer(last.id))
    }

    /// Gives the address an open row, or merges the requests into the one that it has: the newest words count, and the row keeps its
    /// place. If the row is leased, it waits again when the lease ends.
    /// - Returns: whether there is one more row.
    static func queue(_ joined: JoinedRequests, in db: Database, at now: Timestamp) throws -> Bool {
        let request = joined.request
        let recordedAt = min(joined.recordedAt, now)
        let address = try DatabaseValue.text(request.email.text)
        let requests: Int? = try db.row(
            """
            INSERT INTO outbox (kind, address, language, device, return_to, requests, recorded_at, due_at)
            VALUES ('reset_link', ?1, ?2, ?3, ?4, ?5, ?6, ?6)
            ON CONFLICT (address) WHERE address IS NOT NULL AND state <> 'failed' DO UPDATE SET
                address = excluded.address, language = excluded.language, device = excluded.device,
                return_to = excluded.return_to, requests = requests + excluded.requests,
                again_at = CASE state WHEN 'leased' THEN excluded.recorded_at END
            RETURNING requests
            """, address, .text(request.language), .text(request.device), .text(request.returnTo),
            .integer(joined.count),
            .time(recordedAt))?[0]
        return requests == joined.count
    }

    static func insert(_ letter: PromisedMessage, in db: Database, at now: Timestamp) throws {
        switch letter {
        case .passwordChanged, .invitation, .passwordExpired, .emailChanged:
            var recipient: EmailAddress?
            if case .emailChanged(_, let former) = letter { recipient = former }
            try db.run(
                "INSERT INTO outbox (kind, user_id, language, recipient, recorded_at, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
                .text(letter.kind.rawValue), .text(letter.user?.text), .text(letter.language), .text(recipient?.text),
                .time(now))
        case .resetLink(let request):
            _ = try queue(JoinedRequests(request, recordedAt: now), in: db, at: now)
        }
    }

    /// A request came for the address while its row was leased: the row waits again, as if it were new, in the words of that request.
    /// - Returns: false if none came; the row still has to be settled.
    static func startAgain(_ lease: Lease, in db: Database, at now: Timestamp) throws -> Bool {
        try db.run(
            """
            UPDATE outbox SET state = 'pending', lease_token = NULL, recorded_at = again_at, due_at = MIN(again_at, ?3), attempts = 0,
                answers_lost = 0, requests = 1, again_at = NULL, last_reason = NULL
            WHERE id = ?1 AND lease_token = ?2 AND again_at IS NOT NULL
            """, .integer(lease.id.number), .text(lease.token.text), .time(now)) == 1
    }

    /// Every reset request of an address, wherever it lies.
    /// - Returns: how many of the rows waited or were leased.
    static func dropRequests(of email: EmailAddress, in db: Database) throws -> Int {
        let address = try DatabaseValue.text(email.text)
        var dropped = 0
        for spelling in try [address] + AddressSpellings.others(of: email, in: "intake", db) {
            dropped += try db.run("DELETE FROM intake WHERE address = ?1", spelling)
        }
        for spelling in try [address] + AddressSpellings.others(of: email, in: "outbox", db) {
            dropped += try db.run("DELETE FROM outbox WHERE address = ?1 AND state <> 'failed'", spelling)
            try db.run("DELETE FROM outbox WHERE address = ?1 AND state = 'failed'", spelling)
        }
        return dropped
    }

    /// When the provider last refused the key or the sender; nil if it never did.
    static func refusedAt(in db: Database) throws -> Timestamp? {
        Timestamp(try db.row("SELECT refused_at FROM sending")?[0] as Int64?)
    }

    static func refused(in db: Database, at now: Timestamp) throws {
        try db.run("UPDATE sending SET refused_at = ?1", .time(now))
    }

    /// The wall clock was set back: what rests after an attempt without an answer rests no longer than one that begins now, and no refusal
    /// lies in the future.
    static func clockSetBack(in db: Database, to now: Timestamp) throws {
        try db.run(
            """
            UPDATE outbox SET recorded_at = MIN(recorded_at, ?1), due_at = MIN(due_at, ?2)
            WHERE state = 'pending' AND answers_lost > 0 AND due_at > ?2
            """, .time(now), .time(now + LostAnswers.interval))
        try db.run("UPDATE sending SET refused_at = ?1 WHERE refused_at > ?1", .time(now))
    }

    /// A leased row as a worker gets it.
    static let leaseColumns =
        """
        id, kind, address, user_id, language, device, attempts, recorded_at, answers_lost, return_to, recipient
        """

    static func lease(_ row: Row, under token: LeaseToken, until expiresAt: Timestamp, refusedAt: Timestamp?) -> Lease {
        let letter: PromisedMessage =
            if let address = row[2] as String? {
                .resetLink(
                    ResetRequest(
                        email: EmailAddress(stored: address), language: row[4], device: row[5], returnTo: row[9]))
            } else {
                message(LetterKind(stored: row[1]), to: UserID(row[3] ?? ""), language: row[4], recipient: row[10])
            }
        return Lease(
            id: OutboxID(row[0]), token: token, letter: letter, attempts: row[6],
            recordedAt: Timestamp(row[7] as Int64), expiresAt: expiresAt, lostAnswers: row[8], refusedAt: refusedAt)
    }

    private static func message(
        _ kind: LetterKind, to user: UserID, language: String?, recipient: String?
    ) -> PromisedMessage {
        switch kind {
        case .invitation: .invitation(user, language: language)
        case .passwordExpired: .passwordExpired(user)
        case .emailChanged: .emailChanged(user, former: EmailAddress(stored: recipient ?? ""))
        case .passwordChanged, .resetLink: .passwordChanged(user, language: language)
        }
    }
}
