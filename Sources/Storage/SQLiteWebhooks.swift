/// What the app is to be told. States and their transitions: `docs/webhooks.md`.
import GRDB
package import Keyturn
import Telemetry

/// Written by whoever changes an account, inside that change; handed out as leases. Where nobody is to be told, nothing is written.
package struct SQLiteWebhooks: Webhooks {
    /// The most messages one `lease(atMost:for:at:)` takes.
    package static let leaseLimit = 256
    /// Messages pending or leased. Beyond it nothing is written: a reset must not fail because the app does not listen.
    static let capacity = 100_000
    /// Messages about requests, which strangers bring about, leave this many seats for the others.
    static let reserved = 10_000
    /// Rows about nobody removed at once.
    private static let nobodyStep = 4096

    let readers: Readers
    let writer: GroupCommit
    let pending: PendingRows
    let arrived: Arrivals
    /// Whether there is an app to be told.
    let isOn: Bool
    let leftOut: Counter

    package var arrivals: AsyncStream<Void> { arrived.stream }

    /// Part of somebody's transaction; ``announce()`` when it is committed.
    /// - Parameter user: nil where a request named nobody: written all the same, or the time of the next request would tell.
    func write(_ event: WebhookEvent, of user: Int64?, because cause: String?, to db: Database, at now: Timestamp)
        throws
    {
        let isStrangers = event == .resetRequested || event == .resetFailed
        guard isOn else { return }
        guard try pending.hasRoom(in: db, leaving: isStrangers ? Self.reserved : 0) else { return leftOut.add() }
        try db.run(
            """
            INSERT INTO webhooks (message_id, event, user_id, cause, happened_at, recorded_at, due_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5)
            """,
            .text("msg_" + Leasing.newToken()), .text(event.rawValue), user?.databaseValue ?? .null, .text(cause),
            .time(now))
        pending.add(1)
    }

    func announce() { if isOn { arrived.announce() } }

    package func lease(atMost limit: Int, for span: Duration, at now: Timestamp) async throws(StorageFailed)
        -> [WebhookLease]
    {
        let limit = min(max(limit, 0), Self.leaseLimit)
        arrived.heard()
        // Somebody else's write is not waited for where there is nothing to take.
        guard try await readers.read({ db in try Self.hasWork(in: db, at: now) }) else { return [] }
        let pending = pending
        return try await writer.write(.severalStatements) { db in
            pending.remove(
                try db.run(
                    "DELETE FROM webhooks WHERE id IN (SELECT id FROM webhooks WHERE user_id IS NULL ORDER BY id LIMIT ?1)",
                    .integer(Self.nobodyStep)))
            let token = Leasing.newToken()
            return try db.rows(
                """
                UPDATE webhooks SET state = 'leased', lease_token = ?1, due_at = ?2 WHERE id IN
                    (SELECT id FROM webhooks WHERE state <> 'failed' AND user_id IS NOT NULL AND due_at <= ?3
                    ORDER BY due_at, id LIMIT ?4)
                RETURNING id, message_id, event, user_id, cause, happened_at, recorded_at, attempts
                """, .text(token), .time(max(now + span, now + .milliseconds(1))), .time(now), .integer(limit)
            ).compactMap { WebhookLease($0, token: token) }
        }
    }

    private static func hasWork(in db: Database, at now: Timestamp) throws -> Bool {
        try db.row(
            """
            SELECT 1 WHERE EXISTS (SELECT 1 FROM webhooks WHERE user_id IS NULL) OR EXISTS
                (SELECT 1 FROM webhooks WHERE state <> 'failed' AND user_id IS NOT NULL AND due_at <= ?1)
            """, .time(now)) != nil
    }

    package func settle(
        _ outcomes: [(lease: WebhookLease, outcome: WebhookOutcome)], at now: Timestamp
    ) async throws(StorageFailed) {
        guard !outcomes.isEmpty else { return }
        let pending = pending
        try await writer.write(.severalStatements) { db in
            for (lease, outcome) in outcomes { pending.remove(try Self.write(outcome, of: lease, to: db, at: now)) }
        }
    }

    /// - Returns: how many rows wait no longer.
    private static func write(
        _ outcome: WebhookOutcome, of lease: WebhookLease, to db: Database, at now: Timestamp
    ) throws -> Int {
        let (row, token) = (DatabaseValue.integer(lease.row), try DatabaseValue.text(lease.token))
        let ours = "WHERE id = ?1 AND lease_token = ?2"
        switch outcome {
        case .delivered: return try db.run("DELETE FROM webhooks \(ours)", row, token)
        case .later(let due, let reason):
            try db.run(
                """
                UPDATE webhooks SET state = 'pending', lease_token = NULL, due_at = ?3, attempts = attempts + 1, last_reason = ?4
                \(ours)
                """, row, token, .time(due), .detail(reason))
            return 0
        case .failed(let reason):
            return try db.run(
                """
                UPDATE webhooks SET state = 'failed', lease_token = NULL, due_at = ?3, attempts = attempts + 1, last_reason = ?4
                \(ours)
                """, row, token, .time(now), .detail(reason))
        case .released:
            try db.run(
                "UPDATE webhooks SET state = 'pending', lease_token = NULL, due_at = MIN(recorded_at, ?3) \(ours)", row,
                token, .time(now))
            return 0
        }
    }

    package func nextDue() async throws(StorageFailed) -> Timestamp? {
        try await readers.read { db in
            Timestamp(
                try db.row("SELECT MIN(due_at) FROM webhooks WHERE state <> 'failed' AND user_id IS NOT NULL")?[0]
                    as Int64?)
        }
    }

    package func depth() async throws(StorageFailed) -> OutboxDepth {
        try await readers.read { db in
            OutboxDepth(
                try db.rows(
                    "SELECT state, COUNT(*), MIN(recorded_at) FROM webhooks WHERE user_id IS NOT NULL GROUP BY state"))
        }
    }

    /// Rows dropped in one transaction: the service writes between.
    private static let dropStep = 1000

    package func dropUnsent(recordedBefore start: Timestamp) async throws(StorageFailed) -> Int {
        let pending = pending
        var dropped = 0
        while true {
            let count = try await writer.write(.oneStatement) { db in
                let count = try db.run(
                    """
                    DELETE FROM webhooks WHERE id IN
                        (SELECT id FROM webhooks WHERE state <> 'failed' AND recorded_at < ?1 ORDER BY id LIMIT ?2)
                    """, .time(start), .integer(Self.dropStep))
                pending.remove(count)
                return count
            }
            dropped += count
            if count < Self.dropStep { return dropped }
        }
    }

    package func retryFailed(at now: Timestamp) async throws(StorageFailed) -> Int {
        let pending = pending
        let count = try await writer.write(.oneStatement) { db in
            let count = try db.run(
                """
                UPDATE webhooks SET state = 'pending', attempts = 0, recorded_at = ?1, due_at = ?1 WHERE state = 'failed'
                """, .time(now))
            pending.add(count)
            return count
        }
        if count > 0 { announce() }
        return count
    }
}

extension WebhookLease {
    /// nil for an event of a table that is not ours: it allows no others.
    fileprivate init?(_ row: Row, token: String) {
        guard let event = WebhookEvent(rawValue: row[2]) else { return nil }
        self.init(
            row: row[0], token: token,
            webhook: Webhook(
                id: row[1], event: event, user: UserID(rowID: row[3]), cause: row[4], at: Timestamp(row[5] as Int64)),
            recordedAt: Timestamp(row[6] as Int64), attempts: row[7])
    }
}
