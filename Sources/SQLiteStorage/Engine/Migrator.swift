/// Brings the tables to the shape this binary knows, one file after the other.
import Cryptography
import GRDB
import Keyturn
import Migrations

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why the tables are not what this binary needs.
enum MigrationRefused: Error, Equatable {
    case changed(String), missing(String), newer(String), outOfOrder(String), pending(String), notUTF8(String)
    case failed(String, StorageFailed)

    /// A whole sentence for the operator.
    var words: String {
        switch self {
        case .changed(let name): "migration \(name) was changed after it was applied to this database"
        case .missing(let name): "migration \(name) was applied to this database, but this binary does not have it"
        case .newer(let name):
            """
            the database is newer than this binary: migration \(name) was applied to it. Run the newer keyturn, or restore a \
            backup from before the upgrade
            """
        case .outOfOrder(let name): "migration \(name) was not applied, but later ones were"
        case .pending(let name):
            """
            the database is older than this binary: migration \(name) is not applied yet. Use the keyturn whose service runs; to \
            upgrade, stop it and run `keyturn migrate`, or start the new service
            """
        case .notUTF8(let name): "migration \(name) is not UTF-8"
        case .failed(let name, let failure): "migration \(name) failed: \(failure.words)"
        }
    }
}

/// Applies the files in order, once each, each in a transaction of its own with its name and SHA-256 recorded beside it.
struct Migrator {
    let files: [Migrations.File]

    /// - Returns: the names of those applied now.
    func apply(to db: Database, at now: Timestamp) throws -> [String] {
        try db.run(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL
            ) STRICT
            """)
        var applied: [String] = []
        while let name = try applyNext(to: db, at: now) { applied.append(name) }
        return applied
    }

    /// Refuses a database that is not exactly at the last file. Changes nothing.
    func check(_ db: Database) throws {
        let hasTable = try db.tableExists("schema_migrations")
        if let pending = try firstPending(hasTable ? recorded(in: db) : []) {
            throw MigrationRefused.pending(pending.name)
        }
    }

    /// As ``check(_:)``, but waits while another process is applying them: as long as their number grows.
    func awaitLast(_ db: Database, pause: () throws -> Void = { usleep(Migrator.pauseMicroseconds) }) throws {
        var before = -1
        while true {
            do { return try check(db) } catch let refused as MigrationRefused {
                guard case .pending = refused else { throw refused }
                let applied = try db.tableExists("schema_migrations") ? recorded(in: db).count : 0
                guard applied > before else { throw refused }
                before = applied
                try pause()
            }
        }
    }

    /// Longer than a migration of a new database takes.
    private static let pauseMicroseconds: UInt32 = 200_000

    /// The names of those not applied, in order. Changes nothing.
    func missing(in db: Database) throws -> [String] {
        let applied = try recorded(in: db)
        return try firstPending(applied) == nil ? [] : files.dropFirst(applied.count).map(\.name)
    }

    /// Looks again in each transaction, because another process may have applied the same file meanwhile.
    private func applyNext(to db: Database, at now: Timestamp) throws -> String? {
        var applied: String?
        try db.inTransaction(.immediate) {
            guard let file = try firstPending(recorded(in: db)) else { return .rollback }
            guard let sql = String(validating: file.sql, as: UTF8.self) else {
                throw MigrationRefused.notUTF8(file.name)
            }
            do {
                try db.execute(sql: sql)
                // What SQL cannot compute.
                if file.name == AddressSpellings.migration { try AddressSpellings.fill(in: db) }
                try db.run(
                    "INSERT INTO schema_migrations (name, checksum, applied_at) VALUES (?1, ?2, ?3)",
                    .text(file.name), .text(Migrator.checksum(file.sql)), .time(now))
            } catch {
                throw MigrationRefused.failed(file.name, StorageFailed(error))
            }
            applied = file.name
            return .commit
        }
        return applied
    }

    private typealias Record = (name: String, checksum: String)

    private func recorded(in db: Database) throws -> [Record] {
        try db.rows("SELECT name, checksum FROM schema_migrations ORDER BY name").map { ($0[0], $0[1]) }
    }

    /// The first file that is not applied; nil where all are.
    private func firstPending(_ applied: [Record]) throws(MigrationRefused) -> Migrations.File? {
        let known = Dictionary(files.map { ($0.name, $0) }) { first, _ in first }
        for record in applied {
            guard let file = known[record.name] else {
                let isNewer = files.allSatisfy { $0.name < record.name }
                throw isNewer ? .newer(record.name) : .missing(record.name)
            }
            guard record.checksum == Migrator.checksum(file.sql) else { throw .changed(record.name) }
        }
        guard applied.count < files.count else { return nil }
        let next = files[applied.count]
        for (file, record) in zip(files, applied) where file.name != record.name { throw .outOfOrder(file.name) }
        return next
    }

    /// SHA-256 in lower-case hexadecimal digits.
    private static func checksum(_ sql: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let hex = Digest.sha256(sql).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: hex, as: UTF8.self)
    }
}
