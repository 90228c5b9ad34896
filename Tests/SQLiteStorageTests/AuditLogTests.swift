/// What is written down about accounts, how much of it, and for how long.
import GRDB
import Keyturn
import Logging
import PasswordHashing
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import SQLiteStorage

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

    @Test func `changes nothing if what it tells cannot be written`() async throws {
        try await withDatabase { database, folder in
            let users = database.accounts
            let ann = try await users.add(.ann, at: .noon)
            try folder.look(into: "k.sqlite") { db in
                try db.execute(
                    sql: "CREATE TRIGGER full BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'full'); END")
            }
            await #expect(throws: StorageFailed.self) {
                try await users.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon)
            }
            await #expect(throws: StorageFailed.self) {
                try await users.revokeLinks(ann.credentials, by: .visitor, at: .noon)
            }
            await #expect(throws: StorageFailed.self) { try await users.setDisabled(ann.id, true, at: .noon) }
            #expect(try await users.user(id: ann.id) == ann)
        }
    }

    @Test func `tells what became of requests: asked for, mailed, skipped and why, delayed, failed`() async throws {
        try await withDatabase { database, _ in
            let ann = try await database.accounts.add(.ann, at: .noon)
            func settle(_ outcome: Outcome, after seconds: Int64) async throws {
                let lease = try #require(
                    try await database.tested.lease(atMost: 1, for: .seconds(60), at: .noon + .seconds(seconds)).first)
                #expect(
                    try await database.tested.settle(lease, of: ann.id, as: outcome, at: .noon + .seconds(seconds)))
            }
            try await database.tested.record("ann@example.com", at: .noon + .seconds(1))
            try await settle(.later(at: .noon + .seconds(3), reason: "429"), after: 2)
            try await settle(.delivered(messageID: "m-1"), after: 3)
            try await database.tested.record("ANN@example.com", at: .noon + .seconds(4))
            try await settle(.skipped(.throttled), after: 5)
            try await database.tested.record("ann@example.com", at: .noon + .seconds(6))
            try await settle(
                .answerLost(again: .noon + .seconds(8), reason: "answer_lost: waiting", isCutOff: false), after: 7)
            try await settle(.failed(reason: "550"), after: 8)
            #expect(
                try await database.auditLog.trail(of: ann.id, limit: 10).map(\.words) == [
                    "8 failed keyturn reset_link: 550", "7 delayed keyturn reset_link: answer_lost: waiting",
                    "6 requested visitor",
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
                    .map { "\($0[0] as String) \($0[1] as String? ?? "none") \($0[2] as String)" }
            }
            #expect(rows == ["link_refused 1 visitor", "link_refused none visitor"])
            #expect(
                logged.all.filter { $0.contains("audit") } == [
                    "info audit actor=visitor event=link_refused user=1",
                    "info audit actor=visitor event=link_refused user=none",
                ])
        }
    }

    @Test func `keeps 500 seats for each event: a flood of one leaves out no line of another`() async throws {
        let metrics = Metrics()
        try await withDatabase(metrics: metrics) { database, folder in
            let log = database.auditLog
            func note(_ event: AuditEvent, _ count: Int) {
                for number in 0..<count {
                    log.note(AuditLine(event, of: UserID("\(number)"), by: .visitor, at: .noon))
                }
            }
            note(.linkRefused, 5000)
            note(.loginRefused, 3)
            note(.linkOpened, 600)
            note(.passwordRefused, 500)
            note(.loginRefused, 497)
            note(.linkExpired, 1)
            #expect(metrics.text().contains("keyturn_audit_left_out_total 4600\n"))
            await runToItsEnd(log)
            let written = try counts(folder)
            #expect(
                written == [
                    "link_refused": 500, "login_refused": 500, "link_opened": 500, "password_refused": 500,
                    "link_expired": 1,
                ])
        }
    }

    @Test func `gives the seats of written lines to new ones`() async throws {
        try await withDatabase { database, folder in
            let log = database.auditLog
            for round in 1...3 {
                for number in 0..<600 {
                    log.note(AuditLine(.linkRefused, of: UserID("\(number)"), by: .visitor, at: .noon))
                }
                await runToItsEnd(log)
                let written = try counts(folder)
                #expect(written == ["link_refused": 500 * round])
            }
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
                            sql: "INSERT INTO audit_log (at, event, user_id, actor) VALUES (?, ?, '1', 'visitor')",
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

    @Test(arguments: ["mail_log", "audit_log", "mail_reports", "outbox", "webhooks"])
    func `forgets what is too old although lines before it are dated in the future`(table: String) async throws {
        try await withDatabase { database, folder in
            let day: Int64 = 86_400_000
            let now = Timestamp.noon.milliseconds
            // More than one step of lines whose clock was ahead, then old lines, then new ones and some of the future again.
            try folder.look(into: "k.sqlite") { db in
                for (count, at) in [
                    (2500, now + 7300 * day), (2500, now - 31 * day), (3, now - 29 * day), (4, now + 30 * day),
                    (5, now),
                ] {
                    for number in 0..<count {
                        try db.execute(sql: Self.insertion(of: "\(at)-\(number)", at: at, in: table))
                    }
                }
            }
            await runToItsEnd(database.auditLog)
            let kept = try folder.look(into: "k.sqlite") { db in
                try Int64.fetchAll(
                    db,
                    sql: "SELECT \(["outbox", "webhooks"].contains(table) ? "due_at" : "at") FROM \(table) ORDER BY id")
            }
            #expect(kept.map { ($0 - now) / day } == [-29, -29, -29, 30, 30, 30, 30, 0, 0, 0, 0, 0])
        }
    }

    @Test func `removes no line because the clock was behind for a while`() async throws {
        try await withDatabase { database, folder in
            let day: Int64 = 86_400_000
            let now = Timestamp.noon.milliseconds
            try folder.look(into: "k.sqlite") { db in
                for (number, at) in [now - 2 * day, now - 9000 * day, now - day].enumerated() {
                    try db.execute(sql: Self.insertion(of: "\(number)", at: at, in: "audit_log"))
                }
            }
            await runToItsEnd(database.auditLog, at: .noon - .seconds(9000 * 86_400))
            #expect(try counts(folder) == ["password_reset": 3])
            await runToItsEnd(database.auditLog)
            #expect(try counts(folder) == ["password_reset": 2])
        }
    }

    private static func insertion(of name: String, at: Int64, in table: String) -> String {
        switch table {
        case "mail_log":
            "INSERT INTO mail_log (at, user_id, kind, outcome) VALUES (\(at), '1', 'reset_link', 'delivered')"
        case "audit_log":
            "INSERT INTO audit_log (at, event, user_id, actor) VALUES (\(at), 'password_reset', '1', 'visitor')"
        case "mail_reports":
            """
            INSERT INTO mail_reports (report_id, kind, at, outbox_id, message_id, reason)
            VALUES ('\(name)', 'bounced', \(at), 1, 'm', 'r')
            """
        case "outbox":
            """
            INSERT INTO outbox (kind, address, state, recorded_at, due_at)
            VALUES ('reset_link', '\(name)@example.com', 'failed', \(at), \(at))
            """
        default:
            """
            INSERT INTO webhooks (message_id, event, user_id, state, happened_at, recorded_at, due_at)
            VALUES ('\(name)', 'password.changed', '1', 'failed', \(at), \(at), \(at))
            """
        }
    }

    /// Lets it do what it does at its start and at its end.
    private func runToItsEnd(_ log: any AuditLog, at now: Timestamp = .noon) async {
        let slept = AsyncStream.makeStream(of: Void.self)
        let running = Task {
            await log.run(clock: WallClock { now }) { span in
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
            var options = SQLiteOptions(path: folder.path("k.sqlite"))
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
    fileprivate func useAudited(_ body: (any Accounts, any AuditLog) async throws -> Void) async throws {
        switch self {
        case .memory:
            let store = MemoryStore()
            try await body(store, store)
        case .sqlite:
            try await Folder.use { folder in
                let database = try SQLiteDatabase(
                    .init(path: folder.path("k.sqlite")), now: .noon, metrics: Metrics(), log: .silent)
                defer { database.close() }
                try await body(database.accounts, database.auditLog)
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
