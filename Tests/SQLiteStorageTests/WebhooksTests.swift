/// What the app is to be told, as it is written down: in the same step as what it tells of, and not without end.
import GRDB
import Keyturn
import PasswordHashing
import Telemetry
import TestKit
import Testing

@testable import SQLiteStorage

@Suite struct `Messages to the app` {
    private func withApp(
        isOn: Bool = true, _ body: (SQLiteDatabase, Folder) async throws -> Void
    ) async throws {
        try await Folder.use { folder in
            var options = SQLiteOptions(path: folder.path("k.sqlite"))
            options.recordsWebhooks = isOn
            let database = try SQLiteDatabase(options, now: .noon, metrics: Metrics(), log: .silent)
            defer { database.close() }
            try await body(database, folder)
        }
    }

    private func taken(_ database: SQLiteDatabase, after span: Duration = .zero) async throws -> [WebhookLease] {
        try await database.webhooks.lease(atMost: 100, for: .seconds(60), at: .noon + span)
    }

    private func words(_ leases: [WebhookLease]) -> [String] {
        leases.map { "\($0.webhook.event.rawValue) \($0.webhook.user.text) \($0.webhook.cause ?? "-")" }
    }

    @Test func `tell of a changed password and of revoked links, and of neither where nothing changed`() async throws {
        try await withApp { database, _ in
            let ann = try await database.accounts.add(.ann, at: .noon)
            #expect(try await database.accounts.revokeLinks(ann.credentials, by: .visitor, at: .noon))
            #expect(try await !database.accounts.revokeLinks(ann.credentials, by: .operator, at: .noon))
            #expect(try await !database.accounts.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon))
            let now = try #require(try await database.accounts.user(id: ann.id))
            #expect(try await database.accounts.replace(now.credentials, with: .second, tellingIn: nil, at: .noon))
            let leases = try await taken(database)
            #expect(words(leases) == ["links.revoked 1 visitor", "password.changed 1 -"])
            #expect(Set(leases.map(\.webhook.id)).count == 2)
            #expect(leases.allSatisfy { $0.webhook.id.hasPrefix("msg_") && $0.webhook.at == .noon })
        }
    }

    @Test func `are dropped by age where nothing sends them any more, failed ones aside`() async throws {
        try await Folder.use { folder in
            func withDatabase(isOn: Bool, _ body: (SQLiteDatabase) async throws -> Void) async throws {
                var options = SQLiteOptions(path: folder.path("k.sqlite"))
                options.recordsWebhooks = isOn
                let database = try SQLiteDatabase(options, now: .noon, metrics: Metrics(), log: .silent)
                defer { database.close() }
                try await body(database)
            }
            try await withDatabase(isOn: true) { database in
                let ann = try await database.accounts.add(.ann, at: .noon)
                #expect(try await database.accounts.revokeLinks(ann.credentials, by: .visitor, at: .noon))
                let lease = try #require(try await taken(database).first)
                _ = try await database.webhooks.settle(
                    [WebhookSettlement(lease, as: .failed(reason: "410"))], at: .noon)
                for hour in 1...3 {
                    let now = try #require(try await database.accounts.user(id: ann.id))
                    #expect(
                        try await database.accounts.revokeLinks(
                            now.credentials, by: .visitor, at: .noon + .seconds(hour * 3600)))
                }
            }
            try await withDatabase(isOn: false) { database in
                #expect(try await database.webhooks.depth().pending == 3)
                #expect(try await database.webhooks.dropUnsent(recordedBefore: .noon + .seconds(3600)) == 0)
                #expect(try await database.webhooks.dropUnsent(recordedBefore: .noon + .seconds(3 * 3600)) == 2)
                let depth = try await database.webhooks.depth()
                #expect(depth.pending == 1 && depth.failed == 1)
            }
        }
    }

    @Test func `tell of requests once they are mailed or are not, and to nobody of an unknown address`() async throws {
        try await withApp { database, folder in
            let ann = try await database.accounts.add(.ann, at: .noon)
            func settle(_ address: String, of user: UserID?, _ outcome: Outcome) async throws {
                try await database.tested.record(ResetRequest(email: EmailAddress(stored: address)), at: .noon)
                let lease = try #require(
                    try await database.tested.lease(atMost: 1, for: .seconds(60), at: .noon).first)
                #expect(try await database.tested.settle(lease, of: user, as: outcome, at: .noon))
            }
            try await settle("ann@example.com", of: ann.id, .delivered(messageID: nil))
            try await settle("ann@example.com", of: ann.id, .skipped(.throttled))
            try await settle("ann@example.com", of: ann.id, .failed(reason: "550 no"))
            try await settle("nobody@example.com", of: nil, .skipped(.unknownAddress))
            let rows = try folder.look(into: "k.sqlite") {
                try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM webhooks")
            }
            // The unknown address cost its row too.
            #expect(rows == 4)
            #expect(
                words(try await taken(database)) == [
                    "reset.requested 1 -", "reset.failed 1 throttled", "reset.failed 1 undeliverable",
                ])
            let left = try folder.look(into: "k.sqlite") {
                try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM webhooks WHERE user_id IS NULL")
            }
            #expect(left == 0)
        }
    }

    @Test func `are not written where nobody is to be told`() async throws {
        try await withApp(isOn: false) { database, folder in
            let ann = try await database.accounts.add(.ann, at: .noon)
            #expect(try await database.accounts.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon))
            let rows = try folder.look(into: "k.sqlite") {
                try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM webhooks")
            }
            #expect(rows == 0)
        }
    }

    @Test func `are taken by one at a time, and again under the same id when the lease ends`() async throws {
        try await withApp { database, _ in
            let ann = try await database.accounts.add(.ann, at: .noon)
            #expect(try await database.accounts.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon))
            let first = try #require(try await taken(database).first)
            #expect(try await taken(database) == [])
            #expect(try await database.webhooks.nextDue() == .noon + .seconds(60))
            let second = try #require(try await taken(database, after: .seconds(60)).first)
            #expect(second.webhook == first.webhook)
            // Too late: the message is somebody else's by now.
            _ = try await database.webhooks.settle([WebhookSettlement(first, as: .failed(reason: "late"))], at: .noon)
            #expect(try await database.webhooks.depth() == QueueDepth(pending: 0, leased: 1, failed: 0, oldest: .noon))
            _ = try await database.webhooks.settle(
                [WebhookSettlement(second, as: .later(at: .noon + .seconds(90), reason: "503"))], at: .noon)
            #expect(try await taken(database, after: .seconds(89)) == [])
            let third = try #require(try await taken(database, after: .seconds(90)).first)
            #expect(third.attempts == 1)
            _ = try await database.webhooks.settle(
                [WebhookSettlement(third, as: .failed(reason: "gave up"))], at: .noon)
            #expect(try await database.webhooks.nextDue() == nil)
            #expect(try await database.webhooks.retryFailed(at: .noon + .seconds(100)) == 1)
            let fourth = try #require(try await taken(database, after: .seconds(100)).first)
            #expect(fourth.attempts == 0)
            #expect(fourth.webhook == first.webhook)
            _ = try await database.webhooks.settle([WebhookSettlement(fourth, as: .delivered)], at: .noon)
            #expect(try await database.webhooks.depth() == QueueDepth(pending: 0, leased: 0, failed: 0, oldest: nil))
        }
    }

    private func fill(_ count: Int, in folder: Folder) throws {
        try folder.look(into: "k.sqlite") { db in
            try db.execute(
                sql: """
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
                    INSERT INTO webhooks (message_id, event, user_id, happened_at, recorded_at, due_at)
                    SELECT 'msg_' || i, 'reset.requested', 1, 0, 0, 0 FROM n
                    """)
        }
    }

    private func count(in folder: Folder) throws -> Int? {
        try folder.look(into: "k.sqlite") { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM webhooks") }
    }

    @Test func `about requests leave seats for the others`() async throws {
        try await withApp { database, folder in
            let ann = try await database.accounts.add(.ann, at: .noon)
            try fill(SQLiteWebhooks.capacity - SQLiteWebhooks.reserved, in: folder)
            try await database.tested.record("ann@example.com")
            let lease = try #require(try await database.tested.lease(atMost: 1, for: .seconds(60), at: .noon).first)
            #expect(try await database.tested.settle(lease, of: ann.id, as: .delivered(messageID: nil), at: .noon))
            #expect(try count(in: folder) == 90_000)
            #expect(try await database.accounts.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon))
            #expect(try count(in: folder) == 90_001)
        }
    }

    @Test func `are left out where there is no seat, and the password changes all the same`() async throws {
        try await withApp { database, folder in
            let ann = try await database.accounts.add(.ann, at: .noon)
            try fill(SQLiteWebhooks.capacity, in: folder)
            #expect(try await database.accounts.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon))
            #expect(try count(in: folder) == 100_000)
        }
    }
}
