/// What the app is to be told. States and their transitions: `docs/webhooks.md`.
import GRDB
package import Keyturn
import Telemetry

/// Written as consequences of a change, in its transaction; handed out as leases. If there is no app to tell, nothing is written.
package struct SQLiteWebhooks: Webhooks {
    /// The most messages one `lease(atMost:for:at:)` takes.
    package static let leaseLimit = 256
    /// Messages pending or leased. Beyond it nothing is written: a reset must not fail because the app does not listen.
    static let capacity = 100_000
    /// Messages about requests, which any client can cause, leave this many seats for the others.
    static let reserved = 10_000
    /// Rows without an account that are removed at once.
    private static let noAccountStep = 4096

    let readers: Readers
    let writer: GroupCommit
    let pending: QueueDepthCounter
    let arrived: Arrivals
    /// Whether there is an app to be told.
    let isOn: Bool
    let leftOut: Counter

    package var arrivals: AsyncStream<Void> { arrived.stream }

    /// Part of the transaction of what it tells of; ``announce()`` when it is committed. Written also if the draft names no account.
    func write(_ draft: WebhookDraft, to db: Database) throws {
        guard isOn else { return }
        let seats = draft.event.isAboutRequest ? Self.reserved : 0
        guard try pending.hasRoom(in: db, leaving: seats) else { return leftOut.add() }
        try db.run(
            """
            INSERT INTO webhooks (message_id, event, user_id, cause, happened_at, recorded_at, due_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5)
            """,
            .text("msg_" + LeaseToken.randomName()), .text(draft.event.rawValue), .text(draft.user?.text),
            .text(draft.cause), .time(draft.at))
        pending.add(1)
    }

    func announce() { if isOn { arrived.announce() } }

    package func lease(atMost limit: Int, for span: Duration, at now: Timestamp) async throws(StorageFailed)
        -> [WebhookLease]
    {
        let limit = min(max(limit, 0), Self.leaseLimit)
        arrived.heard()
        // Another process's write is not waited for if there is nothing to take.
        guard try await readers.read({ db in try Self.hasWork(in: db, at: now) }) else { return [] }
        let pending = pending
        return try await writer.write(.severalStatements) { db in
            pending.remove(
                try db.run(
                    "DELETE FROM webhooks WHERE id IN (SELECT id FROM webhooks WHERE user_id IS NULL ORDER BY id LIMIT ?1)",
                    .integer(Self.noAccountStep)))
            let token = LeaseToken.random()
            return try QueueTable.webhooks.lease(
                atMost: limit, under: token, for: span, at: now,
                columns: "id, message_id, event, user_id, cause, happened_at, recorded_at, attempts", from: db
            ) { row, _ in WebhookLease(row, token: token) }.compactMap(\.self)
        }
    }

    private static func hasWork(in db: Database, at now: Timestamp) throws -> Bool {
        if try db.row("SELECT 1 FROM webhooks WHERE user_id IS NULL LIMIT 1") != nil { return true }
        return try QueueTable.webhooks.hasDue(in: db, at: now)
    }

    package func settle(_ outcomes: [WebhookSettlement], at now: Timestamp) async throws(StorageFailed) -> [Bool] {
        guard !outcomes.isEmpty else { return [] }
        let pending = pending
        return try await writer.write(.severalStatements) { db in
            try outcomes.map { settlement in
                let (lease, fate) = (settlement.lease, settlement.outcome.fate)
                let isOurs = try QueueTable.webhooks.settle(
                    lease.row.number, under: lease.token, as: fate, in: db, at: now)
                if isOurs, fate.endsRow { pending.remove(1) }
                return isOurs
            }
        }
    }

    package func clockSetBack(to now: Timestamp, leasing span: Duration) async throws(StorageFailed) {
        try await writer.write(.oneStatement) { db in
            try QueueTable.webhooks.clockSetBack(in: db, to: now, leasing: span)
        }
    }

    package func nextDue() async throws(StorageFailed) -> Timestamp? {
        try await readers.read { db in try QueueTable.webhooks.nextDue(in: db) }
    }

    package func depth() async throws(StorageFailed) -> QueueDepth {
        try await readers.read { db in try QueueTable.webhooks.depth(where: "user_id IS NOT NULL", in: db) }
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
    fileprivate init?(_ row: Row, token: LeaseToken) {
        guard let event = WebhookEvent(rawValue: row[2]) else { return nil }
        self.init(
            row: WebhookRowID(row[0]), token: token,
            webhook: Webhook(
                id: row[1], event: event, user: UserID(row[3]), cause: row[4], at: Timestamp(row[5] as Int64)),
            recordedAt: Timestamp(row[6] as Int64), attempts: row[7])
    }
}
