/// Epochs only grow: not even a restore brings a dead link back.
import Foundation
import GRDB
import Keyturn
import PasswordHashing
import Telemetry
import TestKit
import Testing

@testable import SQLiteStorage

@Suite struct `The epoch base` {
    /// 2026-01-01T12:00:00Z
    private static let noonSeconds: Int64 = 1_767_268_800

    @Test(
        arguments: [
            (0, 0, 1), (5, 3, 6), (5, noonSeconds, noonSeconds), (noonSeconds, noonSeconds, noonSeconds + 1),
            (.max, noonSeconds, .max), (0, -7, 1),
        ] as [(Int64, Int64, Int64)])
    func `is above every epoch, and not behind the clock`(highest: Int64, seconds: Int64, base: Int64) {
        #expect(EpochBase.above(highest, at: Timestamp(seconds: seconds)) == base)
    }

    @Test func `ends the links of all accounts at once, of those to come too`() async throws {
        try await Folder.use { folder in
            let database = try open(folder)
            defer { database.close() }
            let (ann, bob) = (
                try await database.accounts.add(.ann, at: .noon), try await database.accounts.add(.bob, at: .noon)
            )
            #expect(try await database.accounts.revokeLinks(ann.credentials, by: .operator, at: .noon))
            try await database.tested.record("ann@example.com")
            try await database.revokeAllLinks(at: .noon)
            #expect(try await epochs(database) == [Self.noonSeconds, Self.noonSeconds])
            #expect(try await !database.accounts.replace(bob.credentials, with: .second, tellingIn: nil, at: .noon))
            #expect(try await !database.accounts.revokeLinks(bob.credentials, by: .visitor, at: .noon))

            let new = NewUser(email: EmailAddress(stored: "new@example.com"), passwordHash: .first, isVerified: true)
            #expect(try await database.accounts.add(new, at: .noon).resetEpoch == Self.noonSeconds)
            let now = try #require(try await database.accounts.user(id: bob.id))
            #expect(try await database.accounts.revokeLinks(now.credentials, by: .visitor, at: .noon))
            #expect(
                try await epochs(database) == [Self.noonSeconds, Self.noonSeconds + 1, Self.noonSeconds])
            // A request waits on: its link is signed with the new epoch.
            #expect(try await database.tested.depth().pending == 1)

            try await database.revokeAllLinks(at: Timestamp(seconds: 10))
            #expect(try await epochs(database) == Array(repeating: Self.noonSeconds + 2, count: 3))
            let trail = try folder.look(into: "k.sqlite") { db in
                try String.fetchAll(
                    db, sql: "SELECT event || ' by ' || actor FROM audit_log WHERE user_id IS NULL ORDER BY id")
            }
            #expect(trail == ["links_revoked by operator", "links_revoked by operator"])
        }
    }

    @Test func `keeps the links that were used or revoked since a backup dead after its restore`() async throws {
        try await Folder.use { folder in
            let first = try open(folder)
            let (ann, bob) = (
                try await first.accounts.add(.ann, at: .noon), try await first.accounts.add(.bob, at: .noon)
            )
            try Backup.write(folder.path("k.sqlite"), to: folder.path("copy"))
            #expect(try await first.accounts.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon))
            #expect(try await first.accounts.revokeLinks(bob.credentials, by: .visitor, at: .noon))
            first.close()

            _ = try Restore.put(folder.path("copy"), inPlaceOf: folder.path("k.sqlite"), at: .noon)
            let second = try open(folder)
            #expect(try await !second.accounts.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon))
            #expect(try await !second.accounts.replace(bob.credentials, with: .second, tellingIn: nil, at: .noon))
            #expect(try await epochs(second) == [Self.noonSeconds, Self.noonSeconds])
            let restored = try #require(try await second.accounts.user(id: ann.id))
            #expect(restored.passwordHash == .first)
            second.close()

            // Once more, and then by a clock that was set back: links signed since the first restore die too.
            _ = try Restore.put(folder.path("copy"), inPlaceOf: folder.path("k.sqlite"), at: .noon + .seconds(1))
            #expect(try await epochsAfterOpening(folder) == [Self.noonSeconds + 1, Self.noonSeconds + 1])
            _ = try Restore.put(folder.path("copy"), inPlaceOf: folder.path("k.sqlite"), at: .noon - .seconds(7200))
            #expect(try await epochsAfterOpening(folder) == [Self.noonSeconds + 2, Self.noonSeconds + 2])
        }
    }

    @Test func `holds for a backup from before it was invented, which stays of its shape`() async throws {
        try await Folder.use { folder in
            let old = try #require(
                Bundle.module.path(forResource: "0005_webhooks", ofType: "sqlite", inDirectory: "Schemas"))
            _ = try Restore.put(old, inPlaceOf: folder.path("k.sqlite"), at: .noon)
            let newest = try folder.look(into: "k.sqlite") { db in
                try String.fetchOne(db, sql: "SELECT MAX(name) FROM schema_migrations")
            }
            #expect(newest == "0005_webhooks.sql")
            #expect(try await epochsAfterOpening(folder) == [Self.noonSeconds, Self.noonSeconds])
        }
    }

    @Test func `is raised over a database that is too damaged to say how high it was`() async throws {
        try await Folder.use { folder in
            let first = try open(folder)
            _ = try await first.accounts.add(.ann, at: .noon)
            first.close()
            try Backup.write(folder.path("k.sqlite"), to: folder.path("copy"))
            try Data("not a database at all".utf8).write(to: URL(fileURLWithPath: folder.path("k.sqlite")))
            _ = try Restore.put(folder.path("copy"), inPlaceOf: folder.path("k.sqlite"), at: .noon)
            #expect(try await epochsAfterOpening(folder) == [Self.noonSeconds])
        }
    }

    @Test func `is found without reading every account`() async throws {
        try await Folder.use { folder in
            let database = try open(folder)
            defer { database.close() }
            let plan = try folder.look(into: "k.sqlite") { db in
                try Row.fetchAll(
                    db, sql: "EXPLAIN QUERY PLAN SELECT MAX(reset_epoch) FROM users WHERE reset_epoch > 0"
                ).map { $0["detail"] as String }
            }
            #expect(plan.count == 1 && plan[0].contains("USING COVERING INDEX users_reset_epoch"), "\(plan)")
        }
    }

    private func open(_ folder: Folder) throws -> SQLiteDatabase {
        try SQLiteDatabase(.init(path: folder.path("k.sqlite")), now: .noon, metrics: Metrics(), log: .silent)
    }

    private func epochs(_ database: SQLiteDatabase) async throws -> [Int64] {
        try await database.accounts.list(after: nil, limit: 10).map(\.resetEpoch)
    }

    private func epochsAfterOpening(_ folder: Folder) async throws -> [Int64] {
        let database = try open(folder)
        defer { database.close() }
        return try await epochs(database)
    }
}
