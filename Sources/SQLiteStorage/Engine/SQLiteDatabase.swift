import Dispatch
import GRDB
package import Keyturn
import Logging
import Migrations
import Synchronization
package import Telemetry

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One writer that commits in groups with `synchronous=FULL`, several readers, write-ahead log.
///
/// Deleted content is overwritten (`secure_delete=FAST`: wherever the page is written anyway), so that a replaced hash does not
/// stay in the table's file; copies in the write-ahead log live until it is written over, at the latest until ``close()``.
package final class SQLiteDatabase: Store {
    /// Names of migrations applied by this opening.
    package let newlyApplied: [String]
    package let accounts: any Accounts
    package let imports: any AccountImports
    package let records: any AccountRecords
    package let foreignRecords: (any ForeignRecords)?
    package let requests: any ResetRequests
    package let outbox: any Outbox
    package let operations: any OutboxOperations
    package var auditLog: any AuditLog { audit }
    let audit: SQLiteAuditLog
    package let webhooks: any Webhooks

    private let path: String
    private let processLock = Mutex<ProcessLock?>(nil)
    private let pool: DatabasePool
    private let accountReader: AccountReader
    let writer: GroupCommit
    let readers: Readers
    let consequences: ConsequencesWriter
    private let damage: Damage
    private let health = WriteHealth()
    private let arrivals = Arrivals()
    private let untold = Arrivals()
    private let log: Log

    /// Opens, and makes what `options.opening` allows: a new file has mode 0600. Blocks the thread.
    package convenience init(_ options: SQLiteOptions, now: Timestamp, metrics: Metrics, log: Log) throws(OpenFailed) {
        try self.init(options, migrations: Migrations.all, now: now, metrics: metrics, log: log)
    }

    init(
        _ options: SQLiteOptions, migrations: [Migrations.File], now: Timestamp, metrics: Metrics, log: Log
    ) throws(OpenFailed) {
        // A file that may not grow (`ulimit -f`) is an error of one write, not the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        guard options.opening != .existing || PrivateFile.exists(options.path) else {
            throw .missing(path: options.path)
        }
        do {
            try openPrivateFile(at: options.path, creates: options.opening != .existing)
            let configuration = Self.configuration(options)
            pool = try DatabasePool(path: options.path, configuration: configuration)
            newlyApplied = try pool.writeWithoutTransaction { db in
                try Self.syncEveryCommit(db)
                let migrator = Migrator(files: migrations)
                let isNew = try !db.tableExists("schema_migrations")
                if options.opening == .migrating || options.opening == .creating && isNew {
                    return try migrator.apply(to: db, at: now)
                }
                try migrator.awaitLast(db)
                return []
            }
            accountReader = try AccountReader(path: options.path, configuration: configuration)
        } catch let refused as MigrationRefused {
            throw .migrations(refused.words)
        } catch {
            let failed = StorageFailed(error)
            throw .cannotOpen(path: options.path, reason: failed.words)
        }
        path = options.path
        let pending = QueueDepthCounter.outbox(capacity: options.outboxCapacity)
        let untoldRows = QueueDepthCounter.webhooks(capacity: SQLiteWebhooks.capacity)
        damage = Damage(log: log)
        readers = Readers(pool, accountReader, damage: damage)
        writer = GroupCommit(
            pool, meters: CommitMeters(metrics, log: log), health: health, damage: damage,
            undone: {
                pending.forget()
                untoldRows.forget()
            })
        let history = History(options)
        audit = SQLiteAuditLog(readers: readers, writer: writer, history: history, metrics: metrics, log: log)
        let webhooks = SQLiteWebhooks(
            readers: readers, writer: writer, pending: untoldRows, arrived: untold, isOn: options.recordsWebhooks,
            leftOut: metrics.counter(
                "keyturn_webhooks_left_out_total", help: "Webhook messages not recorded because too many were queued."))
        self.webhooks = webhooks
        consequences = ConsequencesWriter(depth: pending, arrivals: arrivals, webhooks: webhooks, auditLog: audit)
        let accounts = SQLiteAccounts(readers: readers, writer: writer, consequences: consequences)
        (self.accounts, imports) = (accounts, accounts)
        records = SQLiteRecords(path: options.path, readers: readers, writer: writer, consequences: consequences)
        foreignRecords = SQLiteForeignRecords(readers: readers, writer: writer, consequences: consequences)
        let outbox = SQLiteOutbox(
            readers: readers, writer: writer, pending: pending, arrived: arrivals, history: history,
            consequences: consequences)
        (requests, self.outbox, operations) = (outbox, outbox, outbox)
        self.log = log
    }

    /// For `/readyz`: what the newest commit came to; nil if it went well, and nothing was found damaged. Reads memory and nothing else.
    package var writeProblem: String? {
        (damage.problem ?? health.problem()).map(\.words)
    }

    /// Finds out whether the store can be written to while nothing else is written: see `WriteHealth`. What `AuditLog.noteRead` left
    /// is written at these times too. Until the task is cancelled; to be run once.
    package func watchWrites(sleep: @escaping @Sendable (Duration) async -> Void) async {
        var lastTurn = ContinuousClock.now
        while !Task.isCancelled {
            if health.quietLeft() <= .zero || ContinuousClock.now - lastTurn >= WriteHealth.quietMax {
                lastTurn = .now
                if health.problem() == nil { await audit.writeWhatWasRead() }
                // Not if those lines were a commit.
                if health.quietLeft() <= .zero { await probe() }
            }
            // Short steps: a commit may fail at any time, and from then on the store is asked more often.
            await sleep(max(min(health.quietLeft(), WriteHealth.quietMaxFailing), .milliseconds(10)))
        }
    }

    /// Writes and commits a row of its own.
    func probe() async {
        do throws(StorageFailed) {
            try await writer.write(.oneStatement) { db in
                _ = try db.run("UPDATE write_probe SET writes = writes + 1")
            }
        } catch {
            // Also if it was refused before it waited.
            health.failed(error)
        }
    }

    /// To be called by a process that delivers, before its first lease. If it is the only one, the process that held the leases that
    /// are left has ended, perhaps killed: their rows are due at once. If it is not, or the database is too busy, leases end by
    /// themselves. What was recorded by a clock that has been set back since is due at once too.
    /// - Throws: if the process lock cannot be had. Then nothing may be leased: a process that comes later would take it for dead,
    ///   and send the same messages once more.
    package func takeBackLeases(at now: Timestamp) async throws(StorageFailed) {
        let processLock = try ProcessLock(beside: path)
        let isAlone = processLock.isAlone()
        do {
            try await writer.write(.severalStatements) { db in
                for queue in [QueueTable.outbox, .webhooks] { try queue.clockWasSetBack(in: db, to: now) }
                try OutboxTable.clockSetBack(in: db, to: now)
            }
            if isAlone { try await takeBackAllLeases(at: now) }
        } catch {
            log.warning(
                "could not take back the leases of a process that ended",
                metadata: ["code": "\(error.code)", "reason": "\(error.reason)"])
        }
        // Whatever became of the rows, and before anything is leased.
        try await processLock.share()
        self.processLock.withLock { $0 = processLock }
    }

    private func takeBackAllLeases(at now: Timestamp) async throws(StorageFailed) {
        let count = try await writer.write(.severalStatements) { db in
            _ = try QueueTable.webhooks.takeBackLeases(in: db, at: now)
            try SQLiteForeignRecords.endWaits(in: db)
            return try QueueTable.outbox.takeBackLeases(in: db, at: now)
        }
        if count > 0 { log.notice("took back the leases of a process that ended", metadata: ["rows": "\(count)"]) }
    }

    /// Commits what waits, empties the write-ahead log into the database, closes. Changes after this are refused. Blocks the thread.
    package func close() {
        guard writer.close() else { return }
        arrivals.finish()
        untold.finish()
        processLock.withLock { $0 = nil }
        do {
            // Readers may not write: if one of them were the last to close, the log would stay.
            pool.invalidateReadOnlyConnections()
            _ = try pool.barrierWriteWithoutTransaction { db in try db.checkpoint(.truncate) }
            // The last one to close tidies up after all of them, and this one may not write.
            try accountReader.close()
            try pool.close()
        } catch {
            // All that was promised is in the log file, and the next opening reads it.
            let failed = StorageFailed(error)
            log.warning(
                "storage did not close cleanly", metadata: ["code": "\(failed.code)", "reason": "\(failed.reason)"])
        }
    }

    private static func configuration(_ options: SQLiteOptions) -> Configuration {
        var configuration = Configuration()
        configuration.label = "storage"
        configuration.maximumReaderCount = Readers.connections
        // What GRDB takes else asks for a nice value below 0, which only the superuser gets; others get a line on standard error.
        configuration.qos = .default
        let seconds = Double(max(options.busyLimit.wholeMilliseconds, 0)) / 1000
        configuration.busyMode = .timeout(seconds)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA secure_delete = FAST")
        }
        return configuration
    }

    /// The pool has set NORMAL, which may lose acknowledged commits when the power goes. What counts is what SQLite says it does,
    /// so it is asked.
    private static func syncEveryCommit(_ db: Database) throws {
        try db.execute(sql: "PRAGMA synchronous = FULL")
        let synchronous: Int = try db.row("PRAGMA synchronous")?[0] ?? 0
        let journal: String = try db.row("PRAGMA journal_mode")?[0] ?? ""
        guard synchronous == 2, journal == "wal" else {
            throw StorageFailed(
                .unavailable, reason: "synchronous is \(synchronous) and journal_mode \(journal), not 2 and wal")
        }
    }
}

/// Finds out whether the file can be written. One that is created is readable by its owner alone; SQLite gives the files beside it
/// the same mode. An existing file keeps what its owner chose.
private func openPrivateFile(at path: String, creates: Bool) throws(StorageFailed) {
    let descriptor = creates ? PrivateFile.open(path, O_RDWR) : PrivateFile.openExisting(path, O_RDWR)
    guard descriptor >= 0 else {
        throw StorageFailed(
            .unavailable, reason: "cannot open the file for writing: \(SystemWords.words(errno: errno))")
    }
    _ = close(descriptor)
}
