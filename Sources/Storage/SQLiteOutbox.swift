/// Promises on disk. States and their transitions: `docs/outbox.md`.
import GRDB
package import Keyturn

/// Records requests and hands them out as leases. Reads on the readers, writes through the group commit.
///
/// A row is pending, leased or failed. `due_at` of a pending row is when it may be taken, of a leased one when the lease ends; so
/// an expired lease is pending again without anybody writing it down.
package struct SQLiteOutbox: Outbox {
    /// The most letters one `lease(atMost:for:at:)` takes.
    package static let leaseLimit = 1024
    /// The most rows one question of an operator gives.
    package static let listLimit = 10_000
    /// Bytes of a reason or message id that are kept.
    package static let detailBytesMax = 512

    let readers: Readers
    let writer: GroupCommit
    let pending: PendingRows
    let arrived: Arrivals
    let history: History
    let webhooks: SQLiteWebhooks

    package var arrivals: AsyncStream<Void> { arrived.stream }

    package func record(_ request: ResetRequest, at now: Timestamp) async throws(OutboxRefused) {
        let pending = pending
        let isRecorded: Bool
        do throws(StorageFailed) {
            isRecorded = try await writer.write(.oneStatement) { db in
                guard try pending.hasRoom(in: db) else { return false }
                try db.run(
                    """
                    INSERT INTO outbox (kind, address, language, device, recorded_at, due_at)
                    VALUES ('reset_link', ?1, ?2, ?3, ?4, ?4)
                    """,
                    .text(request.email.text), .text(request.language), .text(request.device), .time(now))
                pending.add(1)
                return true
            }
        } catch {
            throw .storage(error)
        }
        guard isRecorded else { throw .full(capacity: pending.capacity) }
        arrived.announce()
    }

    package func lease(atMost limit: Int, for span: Duration, at now: Timestamp) async throws(StorageFailed) -> [Lease]
    {
        arrived.heard()
        let leasing = Leasing(limit: min(max(limit, 0), SQLiteOutbox.leaseLimit), span: span, now: now)
        return try await writer.write(.severalStatements) { db in try leasing.take(from: db) }
    }

    package func stillHolds(_ lease: Lease) async throws(StorageFailed) -> Bool {
        let rows = try LeasedRows(lease)
        return try await readers.read { db in try rows.exist(in: db) }
    }

    package func settle(
        _ lease: Lease, of user: UserID?, as outcome: Outcome, at now: Timestamp
    ) async throws(StorageFailed) -> Bool {
        try await settle([Settlement(lease, of: user, as: outcome)], at: now) == [true]
    }

    package func settle(_ outcomes: [Settlement], at now: Timestamp) async throws(StorageFailed) -> [Bool] {
        let pending = pending
        let history = history
        let settling = Settling(webhooks: webhooks, now: now)
        let written = try await writer.write(.severalStatements) { db in
            let written = try outcomes.map { settlement in
                let rows = try settling.write(settlement, to: db)
                pending.remove(rows.ended)
                return rows.ours > 0
            }
            try history.pruneNowAndThen(after: outcomes.count, in: db, at: now)
            return written
        }
        webhooks.announce()
        return written
    }

    package func clockSetBack(to now: Timestamp, leasing span: Duration) async throws(StorageFailed) {
        try await writer.write(.severalStatements) { db in try ClockSetBack(now: now).mend(db, leasing: span) }
        webhooks.announce()
    }

    package func nextDue() async throws(StorageFailed) -> Timestamp? {
        try await readers.read { db in
            Timestamp(try db.row("SELECT MIN(due_at) FROM outbox WHERE state <> 'failed'")?[0] as Int64?)
        }
    }

    /// The newest ``MailLog/deliveredLimit`` at most: a budget that allows more than that is none.
    package func resetMails(to users: [UserID?], since: Timestamp) async throws(StorageFailed) -> [[Timestamp]] {
        // No account has the id 0, and looking for its mails costs what looking for anybody's does.
        let rowIDs = users.map { $0?.rowID ?? 0 }
        return try await readers.read { db in
            try rowIDs.map { try MailLog.resetMails(to: $0, since: since, in: db) }
        }
    }

    /// Newest first; at most ``listLimit``.
    package func mailLog(of user: UserID, limit: Int) async throws(StorageFailed) -> [MailLogEntry] {
        guard let rowID = user.rowID else { return [] }
        let limit = min(max(limit, 0), SQLiteOutbox.listLimit)
        return try await readers.read { db in try MailLog.newest(limit, of: rowID, in: db) }
    }
}
