/// The outbox and its intake on disk. States and their transitions: `docs/outbox.md`.
import GRDB
package import Keyturn

/// Records requests, hands messages out as leases and writes their outcomes. Reads on the readers, writes through the group commit.
package struct SQLiteOutbox: Outbox, ResetRequests, OutboxOperations {
    /// The most rows one `lease(atMost:for:at:)` takes.
    package static let leaseLimit = 1024
    /// The most requests one `intake(atMost:)` gives.
    package static let intakeLimit = 1024
    let readers: Readers
    let writer: GroupCommit
    let pending: QueueDepthCounter
    let arrived: Arrivals
    let history: History
    let consequences: ConsequencesWriter

    private static let intakeChanged = StorageFailed(.refused, reason: "a request is no longer in intake")

    package var arrivals: AsyncStream<Void> { arrived.stream }

    package func record(_ request: ResetRequest, at now: Timestamp) async throws(OutboxRefused) {
        let pending = pending
        let isRecorded: Bool
        do throws(StorageFailed) {
            isRecorded = try await writer.write(.oneStatement) { db in
                guard try pending.hasRoom(in: db) else { return false }
                try OutboxTable.insertIntoIntake(request, in: db, at: now)
                pending.add(1)
                return true
            }
        } catch {
            throw .storage(error)
        }
        guard isRecorded else { throw .full(capacity: pending.capacity) }
        arrived.announce()
    }

    package func intake(atMost limit: Int) async throws(StorageFailed) -> [IntakeEntry] {
        arrived.heard()
        let limit = min(max(limit, 0), Self.intakeLimit)
        return try await readers.read { db in try OutboxTable.intake(atMost: limit, in: db) }
    }

    package func emptyIntake(
        of entries: [IntakeEntry], queueing queued: [JoinedRequests], with following: Consequences, at now: Timestamp
    ) async throws(StorageFailed) -> Bool {
        let (pending, consequences, history) = (pending, consequences, history)
        do {
            try await writer.write(.severalStatements) { db in
                guard try OutboxTable.deleteFromIntake(entries, in: db) == entries.count else {
                    throw Self.intakeChanged
                }
                pending.remove(entries.count)
                for joined in queued where try OutboxTable.queue(joined, in: db, at: now) { pending.add(1) }
                try consequences.write(following, to: db, at: now)
                guard !following.mailLog.isEmpty else { return }
                try history.pruneNowAndThen(after: following.mailLog.count, in: db, at: now)
            }
        } catch {
            if error == Self.intakeChanged { return false }
            throw error
        }
        consequences.announce(following)
        return true
    }

    package func lease(atMost limit: Int, for span: Duration, at now: Timestamp) async throws(StorageFailed) -> [Lease]
    {
        arrived.heard()
        let limit = min(max(limit, 0), SQLiteOutbox.leaseLimit)
        // Another process's write is not waited for if there is nothing to take.
        guard try await readers.read({ db in try QueueTable.outbox.hasDue(in: db, at: now) }) else { return [] }
        return try await writer.write(.severalStatements) { db in
            let (token, refusedAt) = (LeaseToken.random(), try OutboxTable.refusedAt(in: db))
            return try QueueTable.outbox.lease(
                atMost: limit, under: token, for: span, at: now, columns: OutboxTable.leaseColumns, from: db
            ) { row, expiresAt in OutboxTable.lease(row, under: token, until: expiresAt, refusedAt: refusedAt) }
        }
    }

    package func moveMailings(at now: Timestamp) async throws(StorageFailed) -> Timestamp? {
        // Another process's write is not waited for if there is nothing to move.
        let due = try await readers.read { db in try Mailings.nextDue(in: db, at: now) }
        guard let due, due <= now else { return due }
        let (count, next) = try await writer.write(.severalStatements) { db in try Mailings.move(in: db, at: now) }
        if count > 0 { arrived.announce() }
        return next
    }

    package func stillHolds(_ lease: Lease) async throws(StorageFailed) -> Bool {
        try await readers.read { db in try QueueTable.outbox.isHeld(lease.id.number, under: lease.token, in: db) }
    }

    package func settle(_ outcomes: [Settlement], at now: Timestamp) async throws(StorageFailed) -> [Bool] {
        let (pending, consequences, history) = (pending, consequences, history)
        let following = outcomes.map { Consequences(of: $0, at: now) }
        let written = try await writer.write(.severalStatements) { db in
            var written: [Bool] = []
            for (settlement, following) in zip(outcomes, following) {
                let isWritten = try Self.settle(settlement, in: db, at: now, pending)
                if isWritten { try consequences.write(following, to: db, at: now) }
                written.append(isWritten)
            }
            try history.pruneNowAndThen(after: outcomes.count, in: db, at: now)
            return written
        }
        for (isWritten, following) in zip(written, following) where isWritten { consequences.announce(following) }
        return written
    }

    /// - Returns: whether the lease was still ours.
    private static func settle(
        _ settlement: Settlement, in db: Database, at now: Timestamp, _ pending: QueueDepthCounter
    ) throws -> Bool {
        let (lease, fate) = (settlement.lease, settlement.outcome.fate)
        if fate.endsRow, try OutboxTable.startAgain(lease, in: db, at: now) { return true }
        let isOurs = try QueueTable.outbox.settle(lease.id.number, under: lease.token, as: fate, in: db, at: now)
        if isOurs, fate.endsRow, lease.letter.kind.takesSeat { pending.remove(1) }
        return isOurs
    }

    package func clockSetBack(to now: Timestamp, leasing span: Duration) async throws(StorageFailed) {
        try await writer.write(.severalStatements) { db in
            try QueueTable.outbox.clockSetBack(in: db, to: now, leasing: span)
            try OutboxTable.clockSetBack(in: db, to: now)
        }
    }

    package func nextDue() async throws(StorageFailed) -> Timestamp? {
        try await readers.read { db in try QueueTable.outbox.nextDue(in: db) }
    }

    /// The newest ``MailLog/deliveredLimit`` at most: a budget that allows more than that is none.
    package func resetMails(to users: [UserID?], since: Timestamp) async throws(StorageFailed) -> [[Timestamp]] {
        // No account has an empty id, and looking for its mails costs what looking for an account's does.
        let ids = users.map { $0?.text ?? "" }
        return try await readers.read { db in
            try ids.map { try MailLog.resetMails(to: $0, since: since, in: db) }
        }
    }

    /// Newest first; at most ``outboxListLimit``.
    package func mailLog(of user: UserID, limit: Int) async throws(StorageFailed) -> [MailLogEntry] {
        let limit = min(max(limit, 0), outboxListLimit)
        return try await readers.read { db in try MailLog.newest(limit, of: user, in: db) }
    }
}
