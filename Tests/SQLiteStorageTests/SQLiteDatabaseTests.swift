/// What the file on disk promises: who may read it, how it is synced, what survives.
import Foundation
import GRDB
import Keyturn
import PasswordHashing
import Telemetry
import TestKit
import Testing

@testable import SQLiteStorage

@Suite struct `A SQLite database` {
    @Test func `is created for its owner alone, with the files beside it`() async throws {
        try await Folder.use { folder in
            let database = try open(folder)
            defer { database.close() }
            _ = try await database.accounts.add(.ann, at: .noon)
            #expect(try folder.mode("k.sqlite") == "600")
            #expect(try folder.mode("k.sqlite-wal") == "600")
            #expect(try folder.mode("k.sqlite-shm") == "600")
        }
    }

    @Test func `syncs every commit`() async throws {
        try await Folder.use { folder in
            let database = try open(folder)
            defer { database.close() }
            let pragmas = try await database.writer.write(.oneStatement) { db in
                try ["synchronous", "journal_mode", "secure_delete"].map {
                    try String.fetchOne(db, sql: "PRAGMA \($0)")
                }
            }
            #expect(pragmas == ["2", "wal", "2"])
        }
    }

    @Test func `keeps what it acknowledged`() async throws {
        try await Folder.use { folder in
            let first = try open(folder)
            _ = try await first.accounts.add(.ann, at: .noon)
            try await first.tested.record("ann@example.com")
            _ = try await first.tested.lease(atMost: 1, for: .seconds(60), at: .noon)
            first.close()
            #expect(!FileManager.default.fileExists(atPath: folder.path("k.sqlite-wal")))
            let second = try open(folder)
            defer { second.close() }
            #expect(second.newlyApplied == [])
            #expect(try await second.accounts.user(email: .ann)?.id == UserID("1"))
            #expect(try await second.tested.leaseAddresses(at: .noon + .seconds(60)) == ["ann@example.com"])
        }
    }

    @Test func `says why it cannot be opened`() async throws {
        try await Folder.use { folder in
            try Data("this is no database, whatever it is called".utf8).write(
                to: URL(fileURLWithPath: folder.path("k.sqlite")))
            #expect(
                throws: OpenFailed.cannotOpen(
                    path: folder.path("k.sqlite"), reason: "file is not a database (SQLITE_NOTADB)")
            ) { try open(folder) }
            let nowhere = folder.path("none/k.sqlite")
            #expect(
                throws: OpenFailed.cannotOpen(
                    path: nowhere, reason: "cannot open the file for writing: No such file or directory")
            ) {
                try SQLiteDatabase(.init(path: nowhere), now: .noon, metrics: Metrics(), log: .silent)
            }
        }
    }

    @Test func `finds out whether it can write, and recovers`() async throws {
        try await Folder.use { folder in
            let database = try open(folder)
            defer { database.close() }
            #expect(database.writeProblem == nil)
            let other = try openInTransaction(folder.path("k.sqlite"))
            await database.probe()
            #expect(database.writeProblem == "database is locked (SQLITE_BUSY)")
            await #expect(
                throws: OutboxRefused.storage(
                    StorageFailed(.unavailable, code: "SQLITE_BUSY", reason: "database is locked"))
            ) {
                try await database.tested.record("ann@example.com")
            }
            try await other.writeWithoutTransaction { db in try db.rollback() }
            #expect(database.writeProblem == "database is locked (SQLITE_BUSY)")
            await database.probe()
            #expect(database.writeProblem == nil)
            #expect(try await database.tested.depth().pending == 0)
        }
    }

    @Test func `refuses everything once it is closed`() async throws {
        try await Folder.use { folder in
            let database = try open(folder)
            database.close()
            await #expect(throws: OutboxRefused.storage(GroupCommit.closed)) {
                try await database.tested.record("ann@example.com")
            }
            await #expect(throws: StorageFailed.self) { try await database.accounts.user(email: .ann) }
            await database.probe()
            #expect(database.writeProblem == "the database is closed")
        }
    }

    @Test func `takes no text that would be cut off`() async throws {
        try await Folder.use { folder in
            let database = try open(folder)
            defer { database.close() }
            let refusal = StorageFailed(.refused, reason: "a text contains U+0000")
            let cut = EmailAddress(stored: "ann@example.com\u{0}.evil.example")
            await #expect(throws: OutboxRefused.storage(refusal)) {
                try await database.tested.record(ResetRequest(email: cut), at: .noon)
            }
            await #expect(throws: refusal) { try await database.accounts.user(email: cut) }
            await #expect(throws: AddUserFailed.storage(refusal)) {
                try await database.accounts.add(NewUser(email: cut, passwordHash: .first, isVerified: true), at: .noon)
            }
        }
    }

    private func open(_ folder: Folder) throws -> SQLiteDatabase {
        var options = SQLiteOptions(path: folder.path("k.sqlite"))
        options.busyLimit = .milliseconds(50)
        return try SQLiteDatabase(options, now: .noon, metrics: Metrics(), log: .silent)
    }
}
