/// Files are applied in order, once each, and never behind anybody's back.
import Foundation
import GRDB
import Keyturn
import Migrations
import Telemetry
import TestKit
import Testing

@testable import SQLiteStorage

@Suite struct `Migrations of the database` {
    private static let one = Migrations.File(name: "0001_one.sql", sql: Array("CREATE TABLE one (id INTEGER);".utf8))
    private static let two = Migrations.File(name: "0002_two.sql", sql: Array("CREATE TABLE two (id INTEGER);".utf8))
    private static let three = Migrations.File(
        name: "0003_three.sql", sql: Array("CREATE TABLE three (id INTEGER);".utf8))

    @Test func `are applied to a fresh database, and not again`() async throws {
        try await Folder.use { folder in
            #expect(try open(folder, [Self.one, Self.two]) == ["0001_one.sql", "0002_two.sql"])
            #expect(try open(folder, [Self.one, Self.two]) == [])
            #expect(try open(folder, [Self.one, Self.two, Self.three]) == ["0003_three.sql"])
            let recorded = try folder.look(into: "m.sqlite") { db in
                try Row.fetchAll(db, sql: "SELECT name, checksum, applied_at FROM schema_migrations ORDER BY name")
            }
            #expect(recorded.map { $0[0] as String } == ["0001_one.sql", "0002_two.sql", "0003_three.sql"])
            #expect(recorded[0][1] == "e07a6bf7ba8ef94a2f8a147d629068d0d7d81223eeb3c998105d9d84d9933ad9")
            #expect(recorded[0][2] == 1_767_268_800_000)
        }
    }

    @Test(arguments: [
        ([changed(one), two], "migration 0001_one.sql was changed after it was applied to this database"),
        ([two, three], "migration 0001_one.sql was applied to this database, but this binary does not have it"),
        (
            [one],
            """
            the database is newer than this binary: migration 0002_two.sql was applied to it. Run the newer keyturn, or restore a \
            backup from before the upgrade
            """
        ),
        (
            [one, Migrations.File(name: "0001_other.sql", sql: one.sql), two],
            "migration 0001_other.sql was not applied, but later ones were"
        ),
    ])
    func `stop the start when the database has others`(files: [Migrations.File], words: String) async throws {
        try await Folder.use { folder in
            _ = try open(folder, [Self.one, Self.two])
            #expect(throws: OpenFailed.migrations(words)) { try open(folder, files) }
        }
    }

    @Test func `leave nothing behind when one fails`() async throws {
        try await Folder.use { folder in
            let broken = Migrations.File(
                name: "0002_broken.sql",
                sql: Array("CREATE TABLE half (id INTEGER); CREATE TABLE one (id INTEGER);".utf8))
            #expect(
                throws: OpenFailed.migrations(
                    "migration 0002_broken.sql failed: table one already exists (SQLITE_ERROR)")
            ) { try open(folder, [Self.one, broken]) }
            let isWhole = try folder.look(into: "m.sqlite") { try $0.tableExists("one") && !$0.tableExists("half") }
            #expect(isWhole)
            #expect(try open(folder, [Self.one, Self.two]) == ["0002_two.sql"])
        }
    }

    private static func pending(_ name: String) -> OpenFailed {
        .migrations(
            """
            the database is older than this binary: migration \(name) is not applied yet. Use the keyturn whose service runs; to \
            upgrade, stop it and run `keyturn migrate`, or start the new service
            """)
    }

    @Test func `are only checked where that was asked`() async throws {
        try await Folder.use { folder in
            let path = folder.path("m.sqlite")
            #expect(throws: OpenFailed.missing(path: path)) { try open(folder, [Self.one], .existing) }
            #expect(!FileManager.default.fileExists(atPath: path))
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(throws: Self.pending("0001_one.sql")) { try open(folder, [Self.one], .existing) }
            _ = try open(folder, [Self.one])
            #expect(try open(folder, [Self.one], .existing) == [])
            #expect(throws: Self.pending("0002_two.sql")) { try open(folder, [Self.one, Self.two], .existing) }
        }
    }

    @Test func `are all applied to a new file by a command, and none to an older one`() async throws {
        try await Folder.use { folder in
            let applied = try open(folder, [Self.one, Self.two], .creating)
            #expect(applied == ["0001_one.sql", "0002_two.sql"])
            #expect(try open(folder, [Self.one, Self.two], .creating) == [])
            #expect(throws: Self.pending("0003_three.sql")) {
                try open(folder, [Self.one, Self.two, Self.three], .creating)
            }
            #expect(try open(folder, [Self.one, Self.two, Self.three]) == ["0003_three.sql"])
        }
    }

    @Test func `are waited for while another process applies them`() async throws {
        try await Folder.use { folder in
            let files = [Self.one, Self.two, Self.three]
            _ = try open(folder, [Self.one])
            var others = [[Self.one, Self.two], files]
            try folder.look(into: "m.sqlite") { db in
                try Migrator(files: files).awaitLast(db) { _ = try open(folder, others.removeFirst()) }
            }
            #expect(others.isEmpty)
        }
    }

    @Test func `of this binary stand in order`() {
        #expect(
            Migrations.all.map(\.name) == [
                "0001_users.sql", "0002_outbox.sql", "0003_audit.sql", "0004_reports.sql", "0005_webhooks.sql",
                "0006_epoch_base.sql", "0007_answers.sql", "0008_intake.sql",
                "0009_account_life.sql", "0011_address_spellings.sql", "0012_intents.sql",
            ])
    }

    private static func changed(_ file: Migrations.File) -> Migrations.File {
        Migrations.File(name: file.name, sql: file.sql + Array(" ".utf8))
    }

    private func open(
        _ folder: Folder, _ files: [Migrations.File], _ opening: StoreOpening = .migrating
    ) throws -> [String] {
        var options = SQLiteOptions(path: folder.path("m.sqlite"))
        options.opening = opening
        let database = try SQLiteDatabase(options, migrations: files, now: .noon, metrics: Metrics(), log: .silent)
        defer { database.close() }
        return database.newlyApplied
    }
}
