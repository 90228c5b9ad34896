import Dispatch
import GRDB
import Keyturn
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A connection of its own to the app's file, with a bounded number of callers. The file's journal mode, its schema and its versions are
/// never touched: all that is set holds for the connection alone.
final class Lane: Sendable {
    /// How long another process's transaction is waited for.
    static let busyLimit: Duration = .seconds(5)
    /// A small cache: a table of any size is read with the same memory.
    private static let cacheKiB = 256

    private let queue: DatabaseQueue
    /// Callers that run or wait; the next is refused as busy.
    private let places: Int
    private let taken = Atomic<Int>(0)

    /// Blocks the thread.
    init(path: String, label: String, places: Int, writes: Bool = false) throws {
        self.places = places
        var configuration = Configuration()
        configuration.label = "app.\(label)"
        configuration.busyMode = .timeout(Double(Lane.busyLimit.components.seconds))
        // SQLite's own default: what the app's foreign keys bring about is the app's business.
        configuration.foreignKeysEnabled = false
        configuration.qos = .default
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cache_size = -\(Lane.cacheKiB)")
            try db.execute(sql: writes ? "PRAGMA synchronous = EXTRA" : "PRAGMA query_only = TRUE")
        }
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    func use<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws(StorageFailed)
        -> Value
    {
        guard taken.add(1, ordering: .relaxed).newValue <= places else {
            taken.subtract(1, ordering: .relaxed)
            throw StorageFailed(.busy, reason: "\(places) look-ups in the app's database are under way already")
        }
        defer { taken.subtract(1, ordering: .relaxed) }
        let result: Result<Value, StorageFailed> = await withCheckedContinuation { caller in
            queue.asyncWriteWithoutTransaction { db in
                caller.resume(returning: Result { try body(db) }.mapError { StorageFailed(app: $0) })
            }
        }
        return try result.get()
    }

    /// For the start and for commands. Blocks the thread.
    func useNow<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try queue.writeWithoutTransaction(body)
    }

    func close() { try? queue.close() }
}

extension StorageFailed {
    /// An error of the app's database: its code and its own message, never a value or a statement.
    init(app error: any Error) {
        switch error {
        case let failed as StorageFailed: self = failed
        case let error as DatabaseError:
            self.init(
                .unavailable, code: "SQLITE \(error.extendedResultCode.rawValue)",
                reason: "the app's database: \(error.message ?? "an error without words")")
        default: self.init(.bug, reason: "\(type(of: error))")
        }
    }
}

extension Database {
    func appRows(_ sql: String, _ values: [DatabaseValue] = []) throws -> [Row] {
        try Row.fetchAll(cachedStatement(sql: sql), arguments: StatementArguments(values))
    }

    @discardableResult
    func appRun(_ sql: String, _ values: [DatabaseValue] = []) throws -> Int {
        try cachedStatement(sql: sql).execute(arguments: StatementArguments(values))
        return changesCount
    }
}

/// An identifier in a statement.
func quoted(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
}

/// A text in a statement.
func quotedText(_ text: String) -> String {
    "'" + text.replacing("'", with: "''") + "'"
}
