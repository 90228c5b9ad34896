/// Copies that can be believed, and put back.
import Foundation
import GRDB
import Keyturn
import PasswordHashing
import Telemetry
import TestKit
import Testing

@testable import SQLiteStorage

@Suite struct `A backup` {
    @Test func `holds what was committed, while the service goes on writing`() async throws {
        try await Folder.use { folder in
            let database = try open(folder)
            defer { database.close() }
            _ = try await database.accounts.add(.ann, at: .noon)
            let writing = Task {
                for number in 0..<200 { try await database.tested.record("somebody-\(number)@example.com") }
            }
            try Backup.write(folder.path("k.sqlite"), to: folder.path("copy"))
            try await writing.value
            let (users, requests, numbers) = try folder.look(into: "copy") { db in
                try (
                    String.fetchAll(db, sql: "SELECT email FROM users"),
                    Int.fetchOne(db, sql: "SELECT COUNT(*) FROM outbox"),
                    Int.fetchOne(db, sql: "SELECT COALESCE(MAX(id), 0) FROM outbox")
                )
            }
            #expect(users == ["Ann@example.com"])
            // Whatever was there at one moment: no gaps.
            #expect(requests == numbers)
            #expect(try folder.mode("copy") == "600")
            #expect(!FileManager.default.fileExists(atPath: folder.path("copy.partial")))
        }
    }

    @Test func `never replaces a file`() async throws {
        try await Folder.use { folder in
            try open(folder).close()
            try Data("precious".utf8).write(to: URL(fileURLWithPath: folder.path("copy")))
            #expect(throws: CopyRefused.exists) { try Backup.write(folder.path("k.sqlite"), to: folder.path("copy")) }
            #expect(try String(contentsOfFile: folder.path("copy"), encoding: .utf8) == "precious")
        }
    }

    @Test func `is not made of nothing`() async throws {
        try await Folder.use { folder in
            let path = folder.path("k.sqlite")
            #expect(throws: CopyRefused.missing(path)) { try Backup.write(path, to: folder.path("copy")) }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func `is put back, and the former database is kept`() async throws {
        try await Folder.use { folder in
            let first = try open(folder)
            _ = try await first.accounts.add(.ann, at: .noon)
            try Backup.write(folder.path("k.sqlite"), to: folder.path("copy"))
            _ = try await first.accounts.add(.bob, at: .noon)
            first.close()
            let former = try Restore.put(folder.path("copy"), inPlaceOf: folder.path("k.sqlite"), at: .noon)
            #expect(former == folder.path("k.sqlite.before-restore-1767268800"))
            #expect(try await emails(folder, "k.sqlite") == ["Ann@example.com"])
            #expect(
                try await emails(folder, "k.sqlite.before-restore-1767268800") == [
                    "Ann@example.com", "bob@example.org",
                ])
            #expect(try folder.mode("k.sqlite") == "600")
        }
    }

    @Test func `is put back where there is no database`() async throws {
        try await Folder.use { folder in
            let first = try open(folder)
            _ = try await first.accounts.add(.ann, at: .noon)
            first.close()
            try Backup.write(folder.path("k.sqlite"), to: folder.path("copy"))
            #expect(try Restore.put(folder.path("copy"), inPlaceOf: folder.path("new.sqlite"), at: .noon) == nil)
            #expect(try await emails(folder, "new.sqlite") == ["Ann@example.com"])
        }
    }

    @Test func `is put back over a database that is damaged`() async throws {
        try await Folder.use { folder in
            let first = try open(folder)
            _ = try await first.accounts.add(.ann, at: .noon)
            first.close()
            try Backup.write(folder.path("k.sqlite"), to: folder.path("copy"))
            try Data("not a database at all".utf8).write(to: URL(fileURLWithPath: folder.path("k.sqlite")))
            _ = try Restore.put(folder.path("copy"), inPlaceOf: folder.path("k.sqlite"), at: .noon)
            #expect(try await emails(folder, "k.sqlite") == ["Ann@example.com"])
        }
    }

    @Test func `is not put back under a service, nor under another command`() async throws {
        try await Folder.use { folder in
            let service = try open(folder)
            try Backup.write(folder.path("k.sqlite"), to: folder.path("copy"))
            #expect(throws: CopyRefused.inUse) {
                try Restore.put(folder.path("copy"), inPlaceOf: folder.path("k.sqlite"), at: .noon)
            }
            try await service.takeBackLeases(at: .noon)
            #expect(throws: CopyRefused.inUse) {
                try Restore.put(folder.path("copy"), inPlaceOf: folder.path("k.sqlite"), at: .noon)
            }
            service.close()
            _ = try Restore.put(folder.path("copy"), inPlaceOf: folder.path("k.sqlite"), at: .noon)
        }
    }

    @Test func `is refused when it is damaged, and nothing changes`() async throws {
        try await Folder.use { folder in
            let first = try open(folder)
            for number in 0..<500 {
                try await first.tested.record("somebody-of-a-long-name-\(number)@example.com")
            }
            first.close()
            try Backup.write(folder.path("k.sqlite"), to: folder.path("copy"))
            let file = URL(fileURLWithPath: folder.path("copy"))
            var bytes = try Data(contentsOf: file)
            // Where a page begins: further behind it may hold nothing.
            let middle = bytes.count / 2 / 4096 * 4096
            bytes.replaceSubrange(middle..<(middle + 512), with: Data(repeating: 0xA5, count: 512))
            try bytes.write(to: file)
            let before = try Data(contentsOf: URL(fileURLWithPath: folder.path("k.sqlite")))
            #expect {
                try Restore.put(folder.path("copy"), inPlaceOf: folder.path("k.sqlite"), at: .noon)
            } throws: { error in
                if case CopyRefused.damaged = error { true } else { false }
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("k.sqlite"))) == before)
        }
    }

    @Test func `is refused when it is of another program or a newer binary`() async throws {
        try await Folder.use { folder in
            try folder.look(into: "other") { db in try db.execute(sql: "CREATE TABLE other (id INTEGER)") }
            #expect(throws: CopyRefused.schema("it is a SQLite database, but not one of keyturn")) {
                try Restore.put(folder.path("other"), inPlaceOf: folder.path("k.sqlite"), at: .noon)
            }
            try open(folder).close()
            try folder.look(into: "k.sqlite") { db in
                try db.execute(sql: "INSERT INTO schema_migrations VALUES ('9999_future.sql', '', 0)")
            }
            #expect {
                try Restore.put(folder.path("k.sqlite"), inPlaceOf: folder.path("l.sqlite"), at: .noon)
            } throws: { error in
                guard case CopyRefused.schema(let words) = error else { return false }
                return words.hasPrefix("the database is newer than this binary: migration 9999_future.sql")
            }
            #expect(!FileManager.default.fileExists(atPath: folder.path("l.sqlite")))
        }
    }

    private func open(_ folder: Folder) throws -> SQLiteDatabase {
        try SQLiteDatabase(.init(path: folder.path("k.sqlite")), now: .noon, metrics: Metrics(), log: .silent)
    }

    private func emails(_ folder: Folder, _ name: String) async throws -> [String] {
        let database = try SQLiteDatabase(.init(path: folder.path(name)), now: .noon, metrics: Metrics(), log: .silent)
        defer { database.close() }
        return try await database.accounts.list(after: nil, limit: 10).map(\.email.text)
    }
}

@Suite struct `An import of many users` {
    @Test func `adds whom nobody knows, and tells who is the same from who differs`() async throws {
        try await Folder.use { folder in
            let database = try SQLiteDatabase(
                .init(path: folder.path("k.sqlite")), now: .noon, metrics: Metrics(), log: .silent)
            defer { database.close() }
            func user(_ email: String, _ hash: String, verified: Bool = true, disabled: Bool = false) -> ImportedUser {
                ImportedUser(
                    NewUser(email: EmailAddress(stored: email), passwordHash: .init(hash), isVerified: verified),
                    isDisabled: disabled)
            }
            let first = [user("ann@example.com", "a"), user("bob@example.com", "!1", disabled: true)]
            #expect(try await database.imports.compareAll(first) == [.added, .added])
            #expect(try await database.imports.addAll(first, at: .noon) == [.added, .added])
            let again = [
                user("ANN@example.com", "a"), user("ann@example.com", "b"),
                user("ann@example.com", "a", verified: false),
                user("bob@example.com", "!2", disabled: true), user("bob@example.com", "!1"),
                user("new@example.com", "c"),
                user("new@example.com", "c"),
            ]
            let outcomes: [Imported] = [.unchanged, .differs, .differs, .unchanged, .differs, .added, .unchanged]
            #expect(try await database.imports.addAll(again, at: .noon) == outcomes)
            let stored = try await database.accounts.list(after: nil, limit: 10)
            #expect(stored.map(\.email.text) == ["ann@example.com", "bob@example.com", "new@example.com"])
            #expect(stored.map(\.isDisabled) == [false, true, false])
            #expect(stored.map(\.passwordHash.text) == ["a", "!1", "c"])
        }
    }
}
