/// Copies of the whole database as a file: taken while the service runs, and put back while nothing does.
import Dispatch
import GRDB
package import Keyturn
import Migrations
import Telemetry

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A consistent copy of a database, whole or not there at all.
package enum Backup {
    /// Copies the database as it is at this moment while others read and write it. Blocks the thread.
    ///
    /// The copy is compact, holds nothing that was deleted, is readable by its owner alone, checked and synced before it gets its
    /// name. Migrations are not applied: this is what one runs before an upgrade.
    package static func write(_ database: String, to copy: String) throws(CopyRefused) {
        let partial = "\(copy).partial"
        try rethrow {
            guard fileExists(database) else { throw CopyRefused.missing(database) }
            guard !fileExists(copy) else { throw CopyRefused.exists }
            // One that was left by a copying that was killed.
            removeFile(partial)
            try createNewPrivateFile(at: partial)
            do {
                try vacuum(database, into: partial)
                try Inspection.refuseDamage(in: partial)
                try syncFile(partial)
                // Unlike a renaming, refuses to replace a file that came meanwhile.
                try link(partial, as: copy)
                try syncDirectory(of: copy)
            } catch {
                removeFile(partial)
                throw error
            }
            removeFile(partial)
        }
    }

    /// SQLite's own consistent copy: one read transaction, so no writer waits for it.
    fileprivate static func vacuum(_ database: String, into file: String) throws {
        let queue = try DatabaseQueue(path: database, configuration: .forLooking)
        try queue.writeWithoutTransaction { db in try db.execute(sql: "VACUUM INTO ?", arguments: [file]) }
        try queue.close()
    }
}

/// Puts a copy in the place of the database.
package enum Restore {
    /// Checks the copy, then replaces the database by it in one step; what was there before is kept under another name.
    /// A crash leaves the one or the other, never neither. Every link that was signed before is dead afterwards, used and
    /// revoked ones too: the epoch base rises above every epoch of the copy and of the database it replaces. Blocks the thread.
    /// - Returns: where the former database is; nil where there was none.
    package static func put(_ copy: String, inPlaceOf database: String, at now: Timestamp) throws(CopyRefused)
        -> String?
    {
        try rethrow {
            guard fileExists(copy) else { throw CopyRefused.missing(copy) }
            let processLock = try ProcessLock(beside: database)
            guard processLock.isAlone() else { throw CopyRefused.inUse }
            try Inspection.refuseDamage(in: copy)
            try Inspection.refuseStrangeSchema(in: copy)

            let incoming = "\(database).restoring"
            removeWithLog(incoming)
            try createNewPrivateFile(at: incoming)
            do {
                try Backup.vacuum(copy, into: incoming)
                try endLinks(in: incoming, andOf: database, at: now)
                try syncFile(incoming)
                let former = try setAside(database, at: now)
                try rename(incoming, to: database)
                try syncDirectory(of: database)
                return former
            } catch {
                removeWithLog(incoming)
                throw error
            }
        }
    }

    /// A database that cannot be read is replaced all the same: the clock alone then says how high the base must be.
    private static func endLinks(in incoming: String, andOf database: String, at now: Timestamp) throws {
        let replaced = (try? Inspection.look(into: database) { try EpochBase.highest(in: $0) }) ?? 0
        let queue = try DatabaseQueue(path: incoming, configuration: .forLooking)
        try queue.write { db in try EpochBase.raise(in: db, above: replaced, at: now) }
        // The last to close takes the write-ahead log into the file, if there is one.
        try queue.close()
    }

    /// With the logs that a restore that was killed may have left: they must not meet another file of this name.
    private static func removeWithLog(_ file: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] { removeFile(file + suffix) }
    }

    /// A second name for the former file, so that there is a database under the first one at every moment.
    private static func setAside(_ database: String, at now: Timestamp) throws -> String? {
        guard fileExists(database) else { return nil }
        try emptyWriteAheadLog(of: database)
        let former = "\(database).before-restore-\(now.seconds)"
        // Left where the file is too damaged to be opened. It belongs to the former database and must not meet the new one.
        for suffix in ["-wal", "-shm"] where fileExists(database + suffix) {
            try rename(database + suffix, to: former + suffix)
        }
        try link(database, as: former)
        return former
    }

    /// Opens with an exclusive lock, which fails if another process has the database open, and closes again, which empties the log into the file and removes it.
    private static func emptyWriteAheadLog(of database: String) throws {
        do {
            let queue = try DatabaseQueue(path: database, configuration: .forOpeningAlone)
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "BEGIN EXCLUSIVE; COMMIT")
                _ = try db.checkpoint(.truncate)
            }
            try queue.close()
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            throw CopyRefused.inUse
        } catch let error as DatabaseError
            where [.SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_IOERR].contains(error.resultCode)
        {
            // That is why it is being replaced.
        }
    }
}

extension Configuration {
    /// A connection that means to change nothing and waits little.
    fileprivate static var forLooking: Configuration {
        var configuration = Configuration()
        configuration.qos = .default
        configuration.busyMode = .timeout(5)
        // Not read-only: a database whose log was left by a crash is read by finishing what the log says.
        return configuration
    }

    fileprivate static var forOpeningAlone: Configuration {
        var configuration = Configuration()
        configuration.qos = .default
        configuration.busyMode = .timeout(1)
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        return configuration
    }
}

/// What one can see of a database without being its service.
package enum Inspection {
    /// Migrations of this binary that a database lacks.
    package struct Schema: Sendable, Equatable {
        package let pending: [String]
    }

    /// - Throws: ``CopyRefused/damaged(_:)`` with the first thing SQLite found.
    package static func refuseDamage(in database: String) throws(CopyRefused) {
        try look(into: database) { db in
            let finding: String = try db.row("PRAGMA integrity_check(1)")?[0] ?? "no answer"
            guard finding == "ok" else { throw CopyRefused.damaged(finding) }
            guard try db.row("PRAGMA foreign_key_check") == nil else {
                throw CopyRefused.damaged("a row refers to one that does not exist")
            }
        }
    }

    /// - Throws: ``CopyRefused/schema(_:)`` where migrations were applied that this binary does not have, or others.
    package static func schema(of database: String) throws(CopyRefused) -> Schema {
        try look(into: database) { db in
            guard try db.tableExists("schema_migrations") else {
                throw CopyRefused.schema("it is a SQLite database, but not one of keyturn")
            }
            do {
                return Schema(pending: try Migrator(files: Migrations.all).missing(in: db))
            } catch let refused as MigrationRefused {
                throw CopyRefused.schema(refused.words)
            }
        }
    }

    fileprivate static func refuseStrangeSchema(in database: String) throws(CopyRefused) {
        _ = try schema(of: database)
    }

    fileprivate static func look<Value>(into path: String, _ body: (Database) throws -> Value) throws(CopyRefused)
        -> Value
    {
        try rethrow {
            guard fileExists(path) else { throw CopyRefused.missing(path) }
            let queue = try DatabaseQueue(path: path, configuration: .forLooking)
            let value = try queue.writeWithoutTransaction(body)
            try queue.close()
            return value
        }
    }
}

/// One kind of error for whatever went wrong inside.
private func rethrow<Value>(_ body: () throws -> Value) throws(CopyRefused) -> Value {
    do { return try body() } catch let refused as CopyRefused { throw refused } catch let error as DatabaseError
        where [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode)
    {
        throw .damaged(error.message ?? "damaged")
    } catch { throw .failed(StorageFailed(error)) }
}

// MARK: The file system, one call each. Paths are borrowed for the call.

private func fileExists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

private func removeFile(_ path: String) { _ = unsafe unlink(path) }

private func createNewPrivateFile(at path: String) throws(StorageFailed) {
    let descriptor = PrivateFile.create(path, O_WRONLY)
    guard descriptor >= 0 else { throw .system("create \(path)") }
    _ = close(descriptor)
}

private func syncFile(_ path: String) throws(StorageFailed) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open \(path)") }
    defer { _ = close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system("sync \(path)") }
}

private func syncDirectory(of path: String) throws(StorageFailed) {
    try syncFile(PrivateFile.directory(of: path))
}

private func link(_ path: String, as other: String) throws {
    guard unsafe link(path, other) != 0 else { return }
    if errno == EEXIST { throw CopyRefused.exists }
    throw StorageFailed.system("name \(other)")
}

private func rename(_ path: String, to other: String) throws(StorageFailed) {
    guard unsafe rename(path, other) == 0 else { throw .system("rename \(path)") }
}

extension StorageFailed {
    /// A call of the operating system that just failed.
    fileprivate static func system(_ doing: String) -> StorageFailed {
        StorageFailed(.unavailable, reason: "cannot \(doing): \(SystemWords.words(errno: errno))")
    }
}
