/// Changes of many callers, committed together: each hears "done" only when its transaction is on disk.
import GRDB
import Keyturn
import Synchronization
import Telemetry

/// Owns the only connection that writes. A caller waits until its change is committed and synced; callers who wait together are
/// committed together, at most ``batchLimit`` in one transaction. While one transaction waits for the disk, the next one gathers.
final class GroupCommit: Sendable {
    /// Changes in one transaction.
    static let batchLimit = 256
    /// Changes waiting for a transaction; the next caller is refused with ``tooManyWaiting``.
    static let waitingLimit = 8192

    static let tooManyWaiting = StorageFailed(.unavailable, reason: "\(waitingLimit) writes are waiting already")
    static let closed = StorageFailed(.unavailable, reason: "the database is closed")

    /// Whether a change that is refused halfway would leave something behind.
    enum Shape: Sendable {
        /// One statement at most changes anything: SQLite undoes a refused statement by itself.
        case oneStatement
        /// Wrapped in a savepoint, so that a refused change goes alone and whole.
        case severalStatements
    }

    private typealias Reply = @Sendable (StorageFailed?) -> Void

    private struct Change: Sendable {
        let shape: Shape
        /// Makes the change and gives back how to tell the caller, once it is known what became of the transaction.
        let perform: @Sendable (Database) throws -> Reply
        let refuse: @Sendable (StorageFailed) -> Void
    }

    private struct Waiting {
        /// In order of arrival, in batches of at most ``batchLimit``; none is empty.
        var batches: [[Change]] = []
        var count = 0
        var isBeingCommitted = false
        var isClosed = false

        mutating func append(_ change: Change) {
            if let last = batches.indices.last, batches[last].count < batchLimit {
                batches[last].append(change)
            } else {
                batches.append([change])
            }
            count += 1
        }

        /// The next batch; nil if no change waits, and then the writer rests until one comes.
        mutating func next() -> [Change]? {
            guard !batches.isEmpty else {
                isBeingCommitted = false
                return nil
            }
            let batch = batches.removeFirst()
            count -= batch.count
            return batch
        }
    }

    private let pool: DatabasePool
    /// Called when something was undone: what is remembered about the tables may be wrong now.
    private let undone: @Sendable () -> Void
    private let meters: CommitMeters
    private let health: WriteHealth
    private let damage: Damage
    private let waiting = Mutex(Waiting())

    init(
        _ pool: DatabasePool, meters: CommitMeters, health: WriteHealth, damage: Damage,
        undone: @escaping @Sendable () -> Void
    ) {
        self.pool = pool
        self.meters = meters
        self.health = health
        self.damage = damage
        self.undone = undone
    }

    /// Makes a change and returns what it returned, committed and synced.
    ///
    /// Once it waits it cannot be cancelled: the caller would not know whether it happened.
    /// - Throws: ``StorageFailed``: the change was refused, or its whole transaction failed and nothing of it may be believed.
    func write<Value: Sendable>(
        _ shape: Shape, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StorageFailed) -> Value {
        let result: Result<Value, StorageFailed> = await withCheckedContinuation { caller in
            append(
                Change(
                    shape: shape,
                    perform: { db in
                        let value = try body(db)
                        return { failure in
                            caller.resume(returning: failure.map { .failure($0) } ?? .success(value))
                        }
                    },
                    refuse: { caller.resume(returning: .failure($0)) }))
        }
        return try result.get()
    }

    /// Takes no more changes and returns when those that wait are committed. Blocks the thread.
    /// - Returns: false where it was closed before.
    @discardableResult
    func close() -> Bool {
        let isFirst = waiting.withLock { waiting in
            defer { waiting.isClosed = true }
            return !waiting.isClosed
        }
        guard isFirst else { return false }
        // The connection serves its callers in order, so whatever was waiting has been committed when this comes to its turn.
        pool.writeWithoutTransaction { _ in }
        return true
    }

    private func append(_ change: Change) {
        enum Decision { case wake, wait, refuse(StorageFailed) }
        let decision: Decision = waiting.withLock { waiting in
            if waiting.isClosed { return .refuse(GroupCommit.closed) }
            if waiting.count >= GroupCommit.waitingLimit { return .refuse(GroupCommit.tooManyWaiting) }
            waiting.append(change)
            if waiting.isBeingCommitted { return .wait }
            waiting.isBeingCommitted = true
            return .wake
        }
        switch decision {
        case .wait: break
        case .wake: pool.asyncWriteWithoutTransaction { [self] db in commitWhileAnyWait(in: db) }
        case .refuse(let why):
            meters.refused.add()
            change.refuse(why)
        }
    }

    private func commitWhileAnyWait(in db: Database) {
        while let batch = waiting.withLock({ $0.next() }) {
            commit(batch, in: db)
        }
    }

    private func commit(_ batch: [Change], in db: Database) {
        let start = ContinuousClock.now
        health.began(at: start)
        let changesBefore = db.totalChangesCount
        do {
            var replies: [Reply] = []
            replies.reserveCapacity(batch.count)
            try db.inTransaction(.immediate) {
                for change in batch { replies.append(try perform(change, in: db)) }
                return .commit
            }
            health.committed(wrote: db.totalChangesCount != changesBefore)
            meters.committed(batch.count, in: ContinuousClock.now - start)
            for reply in replies { reply(nil) }
        } catch {
            // Not tried again: after a failed sync the content of the disk is unknown.
            undone()
            let failure = StorageFailed(error, isCommit: true)
            health.failed(failure)
            meters.failed(failure)
            damage.notice(failure)
            for change in batch { change.refuse(failure) }
        }
    }

    private func perform(_ change: Change, in db: Database) throws -> Reply {
        do {
            return switch change.shape {
            case .oneStatement: try change.perform(db)
            case .severalStatements: try db.inSavepoint(change.perform)
            }
        } catch  where error.isFaultOfOneChange {
            undone()
            let own = StorageFailed(error)
            return { failure in change.refuse(failure ?? own) }
        }
    }
}

extension Database {
    /// What `body` returns; where it throws, everything it did is undone.
    fileprivate func inSavepoint<Value>(_ body: (Database) throws -> Value) throws -> Value {
        var value: Value?
        try inSavepoint {
            value = try body(self)
            return .commit
        }
        guard let value else { throw StorageFailed(.unavailable, reason: "a savepoint ended without a value") }
        return value
    }
}
