/// Queries on connections that only read, beside the writer.
import Dispatch
import GRDB
import Keyturn
import Synchronization

/// A few connections (``connections``), each seeing the last commit as it begins. Queries run on their threads, never on the caller's.
final class Readers: Sendable {
    static let connections = 4
    /// Queries running or waiting for a connection; the next is refused with ``tooManyWaiting``.
    static let waitingLimit = 4096
    static let tooManyWaiting = StorageFailed(code: 0, reason: "\(waitingLimit) reads are waiting already")
    /// Quick queries that are answered from one look.
    static let lookLimit = 256

    private typealias Query = @Sendable (Result<Database, any Error>) -> Void

    private struct Quick {
        /// In order of arrival.
        var waiting: [Query] = []
        var isLooking = false

        /// Those of the next look; none where nobody waits, and then nobody looks until somebody comes.
        mutating func next() -> [Query] {
            isLooking = !waiting.isEmpty
            let next = Array(waiting.prefix(lookLimit))
            waiting.removeFirst(next.count)
            return next
        }
    }

    private let pool: DatabasePool
    private let damage: Damage
    private let waiting = Atomic<Int>(0)
    private let quick = Mutex(Quick())
    private let lookout = DispatchQueue(label: "storage.lookout")

    init(_ pool: DatabasePool, damage: Damage) {
        self.pool = pool
        self.damage = damage
    }

    /// On a connection of its own.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws(StorageFailed)
        -> Value
    {
        try await answer(to: body) { query in pool.asyncRead(query) }
    }

    /// For queries of microseconds, a row or two: beginning to read costs ten times as much as they do. So while one look is taken,
    /// those who come gather for the next, and share it. It begins after the last of them came: each sees what was committed by then.
    func readQuickly<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value)
        async throws(StorageFailed)
        -> Value
    {
        try await answer(to: body) { query in
            let isFirst = quick.withLock { quick in
                quick.waiting.append(query)
                defer { quick.isLooking = true }
                return !quick.isLooking
            }
            if isFirst { lookout.async { [self] in lookWhileAnyWait() } }
        }
    }

    private func lookWhileAnyWait() {
        while true {
            let queries = quick.withLock { $0.next() }
            guard !queries.isEmpty else { return }
            look(for: queries)
        }
    }

    private func look(for queries: [Query]) {
        var isAnswered = false
        do {
            try pool.read { db in
                isAnswered = true
                for query in queries { query(.success(db)) }
            }
        } catch {
            // What could not be ended was answered all the same.
            guard !isAnswered else { return }
            for query in queries { query(.failure(error)) }
        }
    }

    private func answer<Value: Sendable>(
        to body: @escaping @Sendable (Database) throws -> Value, through ask: (@escaping Query) -> Void
    ) async throws(StorageFailed) -> Value {
        guard waiting.add(1, ordering: .relaxed).newValue <= Readers.waitingLimit else {
            waiting.subtract(1, ordering: .relaxed)
            throw Readers.tooManyWaiting
        }
        defer { waiting.subtract(1, ordering: .relaxed) }
        let result: Result<Value, StorageFailed> = await withCheckedContinuation { caller in
            ask { opened in
                caller.resume(
                    returning: Result { try body(opened.get()) }.mapError(StorageFailed.init))
            }
        }
        if case .failure(let failure) = result { damage.notice(failure) }
        return try result.get()
    }
}
