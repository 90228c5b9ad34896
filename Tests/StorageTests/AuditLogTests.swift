/// What is written down about accounts, how much of it, and for how long.
import GRDB
import Keyturn
import Logging
import PasswordHashing
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Storage

@Suite struct `The audit log on disk` {
    @Test(arguments: Stores.all) func `tells of a change in the same step, and only where there was one`(store: Stores)
        async throws
    {
        try await store.useAudited { users, log in
            let ann = try await users.add(.ann, at: .noon)
            #expect(try await users.revokeLinks(ann.credentials, by: .operator, at: .noon + .seconds(1)))
            #expect(try await !users.revokeLinks(ann.credentials, by: .visitor, at: .noon + .seconds(2)))
            #expect(try await !users.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon + .seconds(2)))
            let now = try #require(try await users.user(id: ann.id))
            #expect(try await users.replace(now.credentials, with: .second, tellingIn: nil, at: .noon + .seconds(3)))
            #expect(try await users.setDisabled(ann.id, true, at: .noon + .seconds(4)))
            #expect(try await users.setDisabled(ann.id, false, at: .noon + .seconds(5)))
            #expect(try await !users.setDisabled(UserID("9"), true, at: .noon))
            try await log.record(AuditLine(.linkHandedOver, of: ann.id, by: .operator, at: .noon + .seconds(6)))
            let trail = try await log.trail(of: ann.id, limit: 10)
            #expect(
                trail.map(\.words) == [
                    "6 link_handed_over operator", "5 enabled operator", "4 disabled operator",
                    "3 password_reset visitor", "1 links_revoked operator",
                ])
            #expect(try await log.trail(of: ann.id, limit: 2).map(\.event) == ["link_handed_over", "enabled"])
            #expect(try await log.trail(of: UserID("9"), limit: 10) == [])
        }
    }

    @Test func `tells what became of requests: asked for, mailed, skipped and why, delayed, failed`() async throws {
        try await withDatabase { database, _ in
            let ann = try await database.users.add(.ann, at: .noon)
            func settle(_ outcome: Outcome, after seconds: Int64) async throws {
                let lease = try #require(
                    try await database.outbox.lease(atMost: 1, for: .seconds(60), at: .noon + .seconds(seconds)).first)
                #expect(
                    try await database.outbox.settle(lease, of: ann.id, as: outcome, at: .noon + .seconds(seconds)))
            }
            try await database.outbox.record("ann@example.com", at: .noon + .seconds(1))
            try await settle(.later(at: .noon + .seconds(3), reason: "429"), after: 2)
            try await settle(.delivered(messageID: "m-1"), after: 3)
            try await database.outbox.record("ANN@example.com", at: .noon + .seconds(4))
            try await settle(.skipped(.throttled), after: 5)
            try await database.outbox.record("ann@example.com", at: .noon + .seconds(6))
            try await settle(.failed(reason: "550"), after: 7)
            #expect(
                try await database.auditLog.trail(of: ann.id, limit: 10).map(\.words) == [
                    "7 failed keyturn reset_link: 550", "6 requested visitor",
                    "5 skipped keyturn reset_link: throttled", "4 requested visitor",
                    "3 mailed keyturn reset_link: m-1", "2 delayed keyturn reset_link: 429", "1 requested visitor",
                ])
        }
    }

    @Test func `writes what is noted soon, of somebody and of nobody, and says it in the log`() async throws {
        let logged = LoggedLines()
        try await withDatabase(log: Log(label: "test") { _ in logged.handler }) { database, folder in
            let log = database.auditLog
            log.note(AuditLine(.linkRefused, of: UserID("1"), by: .visitor, at: .noon))
            log.note(AuditLine(.linkRefused, of: nil, by: .visitor, at: .noon + .seconds(1)))
            await runToItsEnd(log)
            let rows = try folder.look(into: "k.sqlite") { db in
                try Row.fetchAll(db, sql: "SELECT event, user_id, actor FROM audit_log ORDER BY id")
                    .map { "\($0[0] as String) \($0[1] as Int64? ?? -1) \($0[2] as String)" }
            }
            #expect(rows == ["link_refused 1 visitor", "link_refused -1 visitor"])
            #expect(
                logged.all.filter { $0.contains("audit") } == [
                    "info audit actor=visitor event=link_refused user=1",
                    "info audit actor=visitor event=link_refused user=none",
                ])
        }
    }

    @Test func `leaves out what a flood brings, and counts it, while those with good links still have seats`()
        async throws
    {
        let metrics = Metrics()
        try await withDatabase(metrics: metrics) { database, folder in
            let log = database.auditLog
            for number in 0..<5000 {
                log.note(AuditLine(.linkRefused, of: UserID("\(number)"), by: .visitor, at: .noon))
            }
            for number in 0..<600 {
                log.note(AuditLine(.linkOpened, of: UserID("\(number)"), by: .visitor, at: .noon))
            }
            #expect(metrics.text().contains("keyturn_audit_left_out_total 4600\n"))
            await runToItsEnd(log)
            let written = try counts(folder)
            #expect(written == ["link_opened": 500, "link_refused": 500])
        }
    }

    @Test func `writes a few at a time, however many wait`() async throws {
        try await withDatabase { database, folder in
            let log = database.auditLog
            for number in 0..<120 {
                log.note(AuditLine(.loginRefused, of: UserID("\(number)"), by: .visitor, at: .noon))
            }
            let written = Mutex<[Int]>([])
            let running = Task {
                await log.run(clock: WallClock { .noon }) { span in
                    guard span == .seconds(1) else { return await Task.untilCancelled() }
                    let count = (try? counts(folder)["login_refused"]) ?? 0
                    written.withLock { $0.append(count) }
                }
            }
            while written.withLock({ $0.count }) < 3 { await Task.yield() }
            running.cancel()
            await running.value
            #expect(written.withLock { $0 } == [50, 100, 120])
        }
    }

    @Test func `forgets what is too old, and of what visitors do what is too much, each event by itself`() async throws
    {
        try await withDatabase(notedLimit: 3) { database, folder in
            let old = Timestamp.noon - .seconds(31 * 86_400)
            try folder.look(into: "k.sqlite") { db in
                for (event, count, at) in [
                    ("password_reset", 2500, old), ("link_refused", 2500, .noon), ("link_opened", 2, .noon),
                    ("password_reset", 5, .noon),
                ] {
                    for _ in 0..<count {
                        try db.execute(
                            sql: "INSERT INTO audit_log (at, event, user_id, actor) VALUES (?, ?, 1, 'visitor')",
                            arguments: [at.milliseconds, event])
                    }
                }
            }
            // Takes more than one step, and needs nobody to write anything.
            await runToItsEnd(database.auditLog)
            let kept = try counts(folder)
            #expect(kept == ["password_reset": 5, "link_refused": 3, "link_opened": 2])
        }
    }

    /// Lets it do what it does at its start and at its end.
    private func runToItsEnd(_ log: SQLiteAuditLog) async {
        let slept = AsyncStream.makeStream(of: Void.self)
        let running = Task {
            await log.run(clock: WallClock { .noon }) { span in
                // Asleep for an hour: the start is done.
                if span > .seconds(60) { slept.continuation.yield() }
                await Task.untilCancelled()
            }
        }
        for await _ in slept.stream { break }
        running.cancel()
        await running.value
    }

    private func withDatabase(
        notedLimit: Int = 50_000, metrics: Metrics = Metrics(), log: Log = .silent,
        _ body: (SQLiteDatabase, Folder) async throws -> Void
    ) async throws {
        try await Folder.use { folder in
            var options = SQLiteDatabase.Options(path: folder.path("k.sqlite"))
            options.notedLinesLimit = notedLimit
            let database = try SQLiteDatabase(options, now: .noon, metrics: metrics, log: log)
            defer { database.close() }
            try await body(database, folder)
        }
    }
}

private func counts(_ folder: Folder) throws -> [String: Int] {
    try folder.look(into: "k.sqlite") { db in
        let rows = try Row.fetchAll(db, sql: "SELECT event, COUNT(*) FROM audit_log GROUP BY event")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as String, $0[1] as Int) })
    }
}

extension Stores {
    fileprivate func useAudited(_ body: (any Users, any AuditLog) async throws -> Void) async throws {
        switch self {
        case .memory:
            let store = MemoryStore()
            try await body(store, store)
        case .sqlite:
            try await Folder.use { folder in
                let database = try SQLiteDatabase(
                    .init(path: folder.path("k.sqlite")), now: .noon, metrics: Metrics(), log: .silent)
                defer { database.close() }
                try await body(database.users, database.auditLog)
            }
        }
    }
}

extension AuditEntry {
    /// Seconds since noon, and the rest.
    fileprivate var words: String {
        "\((at - .noon).components.seconds) \(event) \(actor)\(detail.map { " " + $0 } ?? "")"
    }
}

extension Task where Success == Never, Failure == Never {
    fileprivate static func untilCancelled() async { try? await Task.sleep(for: .seconds(3600)) }
}
