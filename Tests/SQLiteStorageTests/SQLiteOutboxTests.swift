/// What only the outbox in SQL promises: speed at its full size, and an end to its history.
import GRDB
import Keyturn
import Telemetry
import TestKit
import Testing

@testable import SQLiteStorage

@Suite struct `An outbox in SQL` {
    @Test func `finds what is due by an index, among a hundred thousand`() async throws {
        try await withFullOutbox { database, folder in
            let plans = try folder.look(into: "k.sqlite") { db in
                try [
                    "SELECT id FROM outbox WHERE state <> 'failed' AND due_at <= 1 ORDER BY due_at, id LIMIT 9",
                    "SELECT MIN(due_at) FROM outbox WHERE state <> 'failed'",
                    "DELETE FROM outbox WHERE address = 'a' AND state <> 'failed'",
                    "DELETE FROM outbox WHERE address = 'a' AND state = 'failed'",
                    "DELETE FROM outbox WHERE id = 1 AND lease_token = 't'",
                    "SELECT id FROM intake ORDER BY id LIMIT 9",
                ].map { try Row.fetchOne(db, sql: "EXPLAIN QUERY PLAN \($0)")?["detail"] as String? }
            }
            #expect(
                plans == [
                    "SEARCH outbox USING INDEX outbox_due (due_at<?)",
                    "SEARCH outbox USING INDEX outbox_due",
                    "SEARCH outbox USING INDEX outbox_address (address=?)",
                    "SEARCH outbox USING INDEX outbox_failed_address (address=?)",
                    "SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)",
                    "SCAN intake",
                ])
            let leases = try await database.tested.lease(atMost: 256, for: .seconds(60), at: .noon)
            #expect(leases.map(\.id.number) == Array(1...256))
        }
    }

    @Test func `makes one row of a flood for one address, and of those that come while it is leased`() async throws {
        try await withOutbox { database, folder in
            try folder.look(into: "k.sqlite") { db in
                try db.execute(
                    sql: """
                        WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                        INSERT INTO intake (address, recorded_at) SELECT 'flood@example.com', ?1 - 20000 + i FROM n
                        """, arguments: [Timestamp.noon.milliseconds])
            }
            for round in 0..<20 {
                try await database.tested.queueIntake(at: .noon)
                if round == 9 {
                    #expect(try await database.tested.leaseAddresses(at: .noon) == ["flood@example.com"])
                }
            }
            #expect(try await database.outbox.intake(atMost: 9).isEmpty)
            #expect(
                try await database.tested.depth()
                    == QueueDepth(pending: 0, leased: 1, failed: 0, oldest: .noon - .milliseconds(19_999)))
            #expect(try await database.tested.leaseAddresses(at: .noon).isEmpty)
        }
    }

    @Test func `notices room that another process made`() async throws {
        try await withOutbox(capacity: 1) { database, folder in
            try await database.tested.record("ann@example.com")
            await #expect(throws: OutboxRefused.full(capacity: 1)) {
                try await database.tested.record("bob@example.org")
            }
            _ = try folder.look(into: "k.sqlite") { try $0.execute(sql: "DELETE FROM outbox") }
            try await database.tested.record("bob@example.org")
            await #expect(throws: OutboxRefused.full(capacity: 1)) {
                try await database.tested.record("cid@example.com")
            }
        }
    }

    @Test func `takes leases back from a process that ended, and from none that lives`() async throws {
        try await withOutbox { first, folder in
            try await first.takeBackLeases(at: .noon)
            try await first.tested.record("ann@example.com")
            let lease = try await first.tested.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
            let second = try SQLiteDatabase(
                SQLiteOptions(path: folder.path("k.sqlite")), now: .noon, metrics: Metrics(), log: .silent)
            defer { second.close() }
            try await second.takeBackLeases(at: .noon + .seconds(1))
            #expect(try await first.tested.stillHolds(lease))
            #expect(try folder.mode("k.sqlite-lock") == "600")
        }
        try await withOutbox { first, folder in
            try await first.takeBackLeases(at: .noon)
            try await first.tested.record("ann@example.com")
            let lease = try await first.tested.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
            first.close()
            let second = try SQLiteDatabase(
                SQLiteOptions(path: folder.path("k.sqlite")), now: .noon, metrics: Metrics(), log: .silent)
            defer { second.close() }
            try await second.takeBackLeases(at: .noon + .seconds(1))
            #expect(try await !second.tested.stillHolds(lease))
            #expect(try await second.tested.leaseAddresses(at: .noon + .seconds(1)) == ["ann@example.com"])
        }
    }

    @Test func `has nothing wait at the start for a clock that was set back while nobody looked`() async throws {
        try await withOutbox { database, _ in
            try await database.tested.record("later@example.com", at: .noon - .seconds(7200))
            let lease = try await database.tested.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
            let later = Outcome.later(at: .noon + .seconds(30), reason: "503")
            #expect(try await database.tested.settle(lease, of: nil, as: later, at: .noon))
            try await database.tested.record("ann@example.com", at: .noon)

            let before = Timestamp.noon - .seconds(3600)
            try await database.takeBackLeases(at: before)
            // What was meant to be tried later is not what was recorded in the future.
            #expect(try await database.tested.leaseAddresses(at: before) == ["ann@example.com"])
        }
    }

    @Test func `writes the same for every reason to be silent`() async throws {
        var written: [[String]] = []
        for outcome in [Outcome.delivered(messageID: nil)] + SkipReason.allCases.map(Outcome.skipped) {
            try await withOutbox { database, folder in
                try await database.tested.record("ann@example.com")
                let lease = try await database.tested.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
                let user = outcome == .skipped(.unknownAddress) ? nil : UserID("1")
                #expect(try await database.tested.settle(lease, of: user, as: outcome, at: .noon))
                written.append(
                    try folder.look(into: "k.sqlite") { db in
                        try ["outbox", "mail_log"].map {
                            "\($0): \(try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \($0)") ?? -1)"
                        }
                    })
            }
        }
        #expect(written == [[String]](repeating: ["outbox: 0", "mail_log: 1"], count: 1 + SkipReason.allCases.count))
    }

    @Test func `cuts a provider's words between two characters`() async throws {
        try await withOutbox { database, _ in
            try await database.tested.record("ann@example.com")
            let lease = try await database.tested.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
            let words = "x" + String(repeating: "é", count: 400)
            #expect(try await database.tested.settle(lease, of: nil, as: .failed(reason: words), at: .noon))
            let kept = try await database.tested.entries(.failed, limit: 1).first?.lastReason
            #expect(kept == "x" + String(repeating: "é", count: 255))
        }
    }

    @Test func `is retried and purged a step at a time, so that the service writes between`() async throws {
        try await withFullOutbox { database, folder in
            try folder.look(into: "k.sqlite") { db in
                try db.execute(sql: "UPDATE outbox SET state = 'failed' WHERE id % 2 = 0 AND id <= 5000")
            }
            let told = Told()
            let retried = try await database.tested.retry(.allFailed, at: .noon, progress: told.count)
            #expect(retried == 2500)
            #expect(told.counts == [1000, 2000, 2500])
            #expect(try await database.tested.depth().pending == 100_000)
            #expect(try await database.tested.purge(.address(EmailAddress(stored: "USER7@example.com"))) == 1)
            #expect(try await database.tested.retry(.id(OutboxID(8)), at: .noon) == 0)
        }
    }

    private final class Told {
        private(set) var counts: [Int] = []
        func count(_ count: Int) { counts.append(count) }
    }

    @Test func `ends its history by age and number, and never a line that budgets count by number`() async throws {
        try await withOutbox(keeping: (undelivered: 2, failed: 1)) { database, folder in
            try folder.look(into: "k.sqlite") { db in
                for second in 0..<5 {
                    for outcome in [second == 4 ? "answer_lost" : "delivered", "unverified"] {
                        try db.execute(
                            sql: "INSERT INTO mail_log (at, user_id, kind, outcome) VALUES (?, '1', 'reset_link', ?)",
                            arguments: [Timestamp.noon.milliseconds + Int64(second), outcome])
                    }
                    try db.execute(
                        sql: """
                            INSERT INTO outbox (kind, address, state, recorded_at, due_at) VALUES ('reset_link', 'a@b.c', 'failed', 0, ?)
                            """, arguments: [Timestamp.noon.milliseconds])
                }
                try db.execute(
                    sql: """
                        INSERT INTO mail_reports (report_id, kind, at, outbox_id, message_id, reason)
                        VALUES ('old', 'bounced', 0, 1, 'm', ''), ('new', 'bounced', ?1, 2, 'm', ''), ('newest', 'bounced', ?1, 3, 'm', '')
                        """, arguments: [Timestamp.noon.milliseconds])
                try db.execute(
                    sql:
                        "INSERT INTO mail_log (id, at, user_id, kind, outcome) VALUES (-1, 0, '1', 'reset_link', 'delivered')"
                )
            }
            try await database.tested.record("ann@example.com")
            let lease = try await database.tested.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
            #expect(
                try await database.tested.settle(
                    lease, of: UserID("1"), as: .skipped(.disabled), at: .noon + .seconds(9)))
            let log = try await database.tested.mailLog(of: UserID("1"), limit: 99).map(\.outcome)
            #expect(
                log == ["disabled", "unverified", "answer_lost", "delivered", "delivered", "delivered", "delivered"])
            #expect(try await database.tested.entries(.failed, limit: 9).map(\.id?.number) == [5])
            #expect(try await database.tested.reports(limit: 9).map(\.report.id) == ["newest"])
        }
    }

    private func withOutbox(
        capacity: Int = 200_000, keeping limits: (undelivered: Int, failed: Int) = (100, 100),
        _ body: (SQLiteDatabase, Folder) async throws -> Void
    ) async throws {
        try await Folder.use { folder in
            var options = SQLiteOptions(path: folder.path("k.sqlite"))
            options.outboxCapacity = capacity
            options.undeliveredLinesLimit = limits.undelivered
            options.failedLimit = limits.failed
            let database = try SQLiteDatabase(options, now: .noon, metrics: Metrics(), log: .silent)
            defer { database.close() }
            try await body(database, folder)
        }
    }

    /// A hundred thousand messages, each for an address of its own.
    private func withFullOutbox(_ body: (SQLiteDatabase, Folder) async throws -> Void) async throws {
        try await withOutbox { database, folder in
            try folder.look(into: "k.sqlite") { db in
                try db.execute(
                    sql: """
                        WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
                        INSERT INTO outbox (kind, address, recorded_at, due_at)
                        SELECT 'reset_link', 'user' || i || '@example.com', ?1 - 100000 + i, ?1 - 100000 + i
                        FROM n
                        """, arguments: [Timestamp.noon.milliseconds])
            }
            try await body(database, folder)
        }
    }
}
