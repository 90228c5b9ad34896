/// Databases of every earlier shape, as they were left by the binaries of their time.
import Foundation
import GRDB
import Keyturn
import Migrations
import PasswordHashing
import Telemetry
import TestKit
import Testing

@testable import SQLiteStorage

@Suite struct `An older database` {
    /// The last migration of each; Schemas/ holds a file for every one.
    static let shapes = [
        "0001_users", "0002_outbox", "0003_audit", "0004_reports", "0005_webhooks", "0006_epoch_base",
        "0007_answers", "0008_intake", "0009_account_life",
        "0011_address_spellings",
    ]

    private func opened(_ shape: String, in folder: Folder) throws -> SQLiteDatabase {
        let file = try #require(Bundle.module.path(forResource: shape, ofType: "sqlite", inDirectory: "Schemas"))
        try FileManager.default.copyItem(atPath: file, toPath: folder.path("old.sqlite"))
        return try SQLiteDatabase(.init(path: folder.path("old.sqlite")), now: .noon, metrics: Metrics(), log: .silent)
    }

    @Test func `is kept of every shape before the present one`() {
        let before = Migrations.all.dropLast().map { String($0.name.dropLast(".sql".count)) }
        #expect(Set(before).isSubset(of: Self.shapes))
    }

    @Test(arguments: shapes)
    func `gets what it lacks and keeps its people`(shape: String) async throws {
        try await Folder.use { folder in
            let database = try opened(shape, in: folder)
            defer { database.close() }
            let names = Migrations.all.map(\.name)
            #expect(database.newlyApplied == Array(names.drop { $0 <= "\(shape).sql" }))
            let users = try await database.accounts.list(after: nil, limit: 10)
            #expect(users.map(\.id.text) == ["1", "7"])
            #expect(users.map(\.email.text) == ["Ann@example.com", "bob@example.org"])
            #expect(users.map(\.passwordHash.text) == ["$scrypt$ann", "!unusable"])
            #expect(users.map(\.isVerified) == [true, false])
            #expect(users.map(\.isDisabled) == [false, true])
            #expect(users.map(\.resetEpoch) == [3, 0])
            #expect(users[0].passwordChangedAt == Timestamp(milliseconds: 1_767_268_900_000))
            // New people go on behind the old ones.
            #expect(try await database.accounts.add(.bob.renamed, at: .noon).id == UserID("8"))
            try await database.tested.record("ann@example.com")
            await database.probe()
            #expect(database.writeProblem == nil)
        }
    }

    @Test(arguments: shapes.filter { $0 >= "0002" })
    func `keeps what it promised`(shape: String) async throws {
        try await Folder.use { folder in
            let database = try opened(shape, in: folder)
            defer { database.close() }
            let entries = try await database.tested.entries(.all, limit: 10)
            #expect(entries.map(\.kind.rawValue) == ["reset_link", "password_changed", "reset_link"])
            #expect(entries.map(\.state) == [.pending, .pending, .failed])
            #expect(entries.map(\.attempts) == [0, 1, 2])
            #expect(entries[2].lastReason == "400: no")
            let mails = try await database.tested.mailLog(of: UserID("1"), limit: 10)
            #expect(mails.map(\.outcome) == ["delivered"])
            // Leases end: no process delivers during a migration.
            #expect(try await Set(database.tested.leaseAddresses()) == ["ann@example.com", "user 1"])
        }
    }

    @Test func `with an address in two spellings keeps both accounts, and each is found by its own`() async throws {
        try await Folder.use { folder in
            let file = try #require(
                Bundle.module.path(forResource: "0005_webhooks", ofType: "sqlite", inDirectory: "Schemas"))
            try FileManager.default.copyItem(atPath: file, toPath: folder.path("old.sqlite"))
            let spellings = [
                "hans@xn--mller-kva.example", "hans@müller.example", "hans@MÜLLER.example", "eva@bücher.example",
            ]
            try folder.look(into: "old.sqlite") { db in
                for spelling in spellings {
                    try db.execute(
                        sql: "INSERT INTO users (email, password_hash, created_at) VALUES (?, '$scrypt$x', 0)",
                        arguments: [spelling])
                }
            }
            let database = try SQLiteDatabase(
                .init(path: folder.path("old.sqlite")), now: .noon, metrics: Metrics(), log: .silent)
            defer { database.close() }
            func found(_ text: String) async throws -> String? {
                try await database.accounts.user(email: EmailAddress(stored: text))?.email.text
            }
            for spelling in spellings { #expect(try await found(spelling) == spelling) }
            // Another spelling finds the oldest.
            #expect(try await found("hans@mu\u{308}ller.example") == "hans@xn--mller-kva.example")
            #expect(try await found("EVA@xn--bcher-kva.example") == "eva@bücher.example")
            #expect(try await found("eva@bucher.example") == nil)
            let pairs = try await database.imports.twins(limit: 10).map { [$0.older.text, $0.newer.text] }
            #expect(
                pairs == [
                    ["hans@xn--mller-kva.example", "hans@müller.example"],
                    ["hans@xn--mller-kva.example", "hans@MÜLLER.example"],
                    ["hans@müller.example", "hans@MÜLLER.example"],
                ])
        }
    }

    /// `KEYTURN_UPGRADE_USERS` makes more of them: a million take 18 s here, of which the migrations take 6.
    @Test func `with many users, messages and lines is migrated in less than a minute`() async throws {
        let count = ProcessInfo.processInfo.environment["KEYTURN_UPGRADE_USERS"].flatMap { Int($0) } ?? 20_000
        try await Folder.use { folder in
            let file = try #require(
                Bundle.module.path(forResource: "0005_webhooks", ofType: "sqlite", inDirectory: "Schemas"))
            try FileManager.default.copyItem(atPath: file, toPath: folder.path("old.sqlite"))
            try folder.look(into: "old.sqlite") { db in
                try Self.fill(db, count)
            }
            let start = ContinuousClock.now
            let database = try SQLiteDatabase(
                .init(path: folder.path("old.sqlite")), now: .noon, metrics: Metrics(), log: .silent)
            let taken = ContinuousClock.now - start
            defer { database.close() }
            #expect(taken < .seconds(60))
            print("\(count) users migrated in \(taken)")
            let last = try await database.accounts.user(email: EmailAddress(stored: "user\(count)@example.com"))
            #expect(last?.id == UserID("\(count + 7)"))
            let user = try #require(last)
            #expect(try await database.operations.mailLog(of: user.id, limit: 10).map(\.outcome) == ["delivered"])
            #expect(try await database.auditLog.trail(of: user.id, limit: 10).map(\.event).contains("password_reset"))
        }
    }

    /// For each account a line of the audit log and one of the mail log, and for one in ten an open request.
    private static func fill(_ db: Database, _ count: Int) throws {
        try db.inTransaction {
            try db.execute(
                sql: """
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                    INSERT INTO users (id, email, password_hash, created_at) SELECT i + 7, 'user' || i || '@example.com', '$scrypt$x', 0 FROM n
                    """, arguments: [count])
            try db.execute(
                sql:
                    "INSERT INTO audit_log (at, event, user_id, actor) SELECT 1000, 'password_reset', id, 'visitor' FROM users WHERE id > 7"
            )
            try db.execute(
                sql:
                    "INSERT INTO mail_log (at, user_id, kind, outcome, requested_at) SELECT 1000, id, 'reset_link', 'delivered', 900 FROM users WHERE id > 7"
            )
            try db.execute(
                sql: """
                    INSERT INTO outbox (kind, address, recorded_at, due_at)
                    SELECT 'reset_link', email, 1000, 1000 FROM users WHERE id > 7 AND id % 10 = 0
                    """)
            return .commit
        }
    }

    @Test func `of a binary to come is refused in words`() async throws {
        try await Folder.use { folder in
            try opened("0002_outbox", in: folder).close()
            try folder.look(into: "old.sqlite") { db in
                try db.execute(sql: "INSERT INTO schema_migrations VALUES ('9999_later.sql', 'x', 0)")
            }
            let words = """
                the database is newer than this binary: migration 9999_later.sql was applied to it. Run the newer keyturn, or \
                restore a backup from before the upgrade
                """
            #expect(throws: OpenFailed.migrations(words)) {
                try SQLiteDatabase(
                    .init(path: folder.path("old.sqlite")), now: .noon, metrics: Metrics(), log: .silent)
            }
        }
    }
}

extension NewUser {
    fileprivate var renamed: NewUser {
        NewUser(email: EmailAddress(stored: "new@example.com"), passwordHash: passwordHash, isVerified: isVerified)
    }
}
