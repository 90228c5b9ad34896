/// Quick queries, many of them answered by one look into the database.
import GRDB
import Keyturn
import Synchronization

/// For queries of microseconds, a row or two: to begin reading costs more than they do. So while one look is taken, those who come gather
/// for the next, and share it. It begins after the last of them came: each sees what was committed by then.
///
/// On a connection of its own, which is never waited for and only reads.
final class AccountReader: Sendable {
    /// Queries that are answered by one look.
    static let lookLimit = 256

    /// Told of the connection, on its thread.
    typealias Query = @Sendable (Database) -> Void

    private struct Waiting {
        /// In order of arrival.
        var queries: [Query] = []
        var isLooking = false

        /// The queries of the next turn. If none waits, no turn runs until one comes.
        mutating func next() -> [Query] {
            isLooking = !queries.isEmpty
            guard queries.count > lookLimit else {
                defer { queries = [] }
                return queries
            }
            defer { queries.removeFirst(lookLimit) }
            return Array(queries.prefix(lookLimit))
        }
    }

    private let database: DatabaseQueue
    private let waiting = Mutex(Waiting())

    init(path: String, configuration: Configuration) throws {
        var configuration = configuration
        configuration.label = "storage.accounts"
        configuration.readonly = true
        // Transactions are begun and ended here: GRDB prepares the statements for it anew each time.
        configuration.allowsUnsafeTransactions = true
        database = try DatabaseQueue(path: path, configuration: configuration)
    }

    func close() throws { try database.close() }

    func ask(_ query: @escaping Query) {
        let isFirst = waiting.withLock { waiting in
            waiting.queries.append(query)
            defer { waiting.isLooking = true }
            return !waiting.isLooking
        }
        if isFirst { database.asyncWriteWithoutTransaction { [self] db in lookWhileAnyWait(db) } }
    }

    private func lookWhileAnyWait(_ db: Database) {
        while true {
            let queries = waiting.withLock { $0.next() }
            guard !queries.isEmpty else { return }
            look(for: queries, in: db)
        }
    }

    /// One transaction, which takes and gives back SQLite's locks once for all of them. Where it cannot be had, each query is one by itself,
    /// and meets what was wrong.
    private func look(for queries: [Query], in db: Database) {
        let isShared = queries.count > 1 && (try? db.run("BEGIN")) != nil
        for query in queries { query(db) }
        // An error of the disk may have ended it already.
        guard isShared, db.isInsideTransaction else { return }
        do { try db.run("COMMIT") } catch { try? db.rollback() }
    }
}
