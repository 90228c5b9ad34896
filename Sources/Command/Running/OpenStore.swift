import Foundation
import Keyturn
import SQLiteStorage
import Telemetry

/// The store that the configuration names. This is the only file of `Command` that names an engine.
extension Settings {
    /// Opens the configured store. Blocks the thread.
    /// - Parameter opening: what may be created or migrated.
    /// - Throws: ``OpenFailed``.
    func openStore(_ opening: StoreOpening, metrics: Metrics = Metrics(), log: Log? = nil) throws -> any Store {
        // What is wrong with the app's table is said before a store is made.
        let source = try users.open(databasePath: databasePath)
        var options = SQLiteOptions(path: databasePath)
        options.opening = opening
        options.outboxCapacity = outbox.capacity
        options.historyKept = auditMaximumAge
        options.recordsWebhooks = app != nil
        let log = log ?? makeLog()
        let store = try SQLiteDatabase(options, now: WallClock.system.now(), metrics: metrics, log: log)
        return try source.map { try foreign(store, $0, log: log) } ?? store
    }

    var storeFiles: StoreFiles { StoreFiles(path: databasePath) }
}

/// What is done with a store that is not opened: copies, and an inspection from outside. Each call blocks the thread.
struct StoreFiles {
    /// The key `database.path`.
    let path: String

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// Writes a checked copy to a new file while the service runs.
    func backUp(to copy: String) throws(CopyRefused) { try Backup.write(path, to: copy) }

    /// Replaces the store with a copy. Every link that was signed before stops working.
    /// - Returns: the path of the former store; nil if there was none.
    func restore(from copy: String, at now: Timestamp) throws(CopyRefused) -> String? {
        try Restore.put(copy, inPlaceOf: path, at: now)
    }

    /// - Throws: ``CopyRefused/damaged(_:)`` with the first fault that the engine finds.
    func refuseDamage() throws(CopyRefused) { try Inspection.refuseDamage(in: path) }

    /// Migrations of this binary that the store lacks.
    func pendingMigrations() throws(CopyRefused) -> [String] { try Inspection.schema(of: path).pending }
}

extension ConfigurationOptions {
    /// Opens the configured store, hands it over, and closes it in every case.
    /// - Parameter opening: what may be created; if that may be a new store, the whole configuration is checked before.
    func withStore<Result>(
        _ opening: StoreOpening = .existing, _ settings: Settings? = nil,
        _ use: (any Store, Settings) async throws -> Result
    ) async throws -> Result {
        let settings = try settings ?? self.settings()
        if opening != .existing, !settings.storeFiles.exists { _ = try NamedFiles(settings) }
        let store = try settings.openStore(opening)
        defer { store.close() }
        return try await use(store, settings)
    }
}
