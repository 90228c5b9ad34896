import ArgumentParser
import Foundation
import Keyturn
import SQLiteStorage
import Telemetry

/// `keyturn migrate`: applies what is missing and says what it did.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Apply pending migrations to the database.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        try await options.withDatabase(.migrating) { database, _ in
            for name in database.newlyApplied { Terminal.say("applied \(name)") }
            if database.newlyApplied.isEmpty { Terminal.say("no pending migrations") }
        }
    }
}

extension ConfigurationOptions {
    /// Opens the configured database, hands it over, and closes it whatever happens.
    /// - Parameter opening: what is made on the way; if that may be a new file, the whole configuration is checked before.
    func withDatabase<Result>(
        _ opening: SQLiteDatabase.Opening = .existing, _ settings: Settings? = nil,
        _ use: (SQLiteDatabase, Settings) async throws -> Result
    ) async throws -> Result {
        let settings = try settings ?? self.settings()
        var storage = settings.storage
        storage.opening = opening
        if opening != .existing, !FileManager.default.fileExists(atPath: settings.databasePath) {
            _ = try NamedFiles(settings)
        }
        let database = try SQLiteDatabase(
            storage, now: WallClock.system.now(), metrics: Metrics(), log: settings.makeLog())
        defer { database.close() }
        return try await use(database, settings)
    }
}
