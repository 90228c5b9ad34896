/// Queries on connections that only read, beside the writer.
import GRDB
import Keyturn
import Synchronization

/// A few connections (``connections``), each seeing the last commit as it begins. Queries run on their threads, never on the caller's.
final class Readers: Sendable {
    static let connections = 4
    /// Queries running or waiting for a connection; the next is refused with ``tooManyWaiting``.
    static let waitingLimit = 4096
    static let tooManyWaiting = StorageFailed(.unavailable, reason: "\(waitingLimit) reads are waiting already")

    private typealias Query = @Sendable (Result<Database, any Error>) -> Void

    private let pool: DatabasePool
    private let accountReader: AccountReader
    private let damage: Damage
    private let waiting = Atomic<Int>(0)

    init(_ pool: DatabasePool, _ accountReader: AccountReader, damage: Damage) {
        self.pool = pool
        self.accountReader = accountReader
        self.damage = damage
    }

    /// On a connection of its own.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws(StorageFailed)
        -> Value
    {
        try await answer(to: body) { query in pool.asyncRead(query) }
    }

    /// For queries of microseconds: with the others that wait, on the ``AccountReader``'s.
    func readQuickly<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value)
        async throws(StorageFailed)
        -> Value
    {
        try await answer(to: body) { query in accountReader.ask { db in query(.success(db)) } }
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
                    returning: Result { try body(opened.get()) }.mapError { StorageFailed($0) })
            }
        }
        if case .failure(let failure) = result { damage.notice(failure) }
        return try result.get()
    }
}
