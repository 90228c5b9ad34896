/// What `/readyz` hears about the disk, and who asks the disk.
import GRDB
import Keyturn
import Telemetry
import TestKit
import Testing

@testable import SQLiteStorage

@Suite struct `Whether the store can be written to` {
    private let start = ContinuousClock.now
    private let locked = StorageFailed(.unavailable, code: "SQLITE_BUSY", reason: "database is locked")

    private func after(_ seconds: Double) -> ContinuousClock.Instant {
        start + .milliseconds(Int((seconds * 1000).rounded()))
    }

    @Test func `is what the newest commit came to`() {
        let health = WriteHealth(at: start)
        #expect(health.problem(at: start) == nil)
        health.failed(locked, at: after(1))
        #expect(health.problem(at: after(1)) == locked)
        health.committed(wrote: true, at: after(2))
        #expect(health.problem(at: after(2)) == nil)
    }

    @Test func `is not found out by a commit that wrote nothing`() {
        let health = WriteHealth(at: start)
        health.failed(locked, at: after(1))
        health.committed(wrote: false, at: after(2))
        #expect(health.problem(at: after(2)) == locked)
        #expect(health.quietLeft(at: after(2)) <= .zero)
    }

    @Test func `is doubted while a commit takes long`() {
        let health = WriteHealth(at: start)
        health.began(at: after(1))
        #expect(health.problem(at: after(4)) == nil)
        #expect(health.problem(at: after(4.001))?.reason == "no answer within 3.0 seconds")
        health.committed(wrote: true, at: after(6))
        #expect(health.problem(at: after(6)) == nil)
    }

    @Test func `is doubted when the row of our own is overdue`() {
        let health = WriteHealth(at: start)
        #expect(health.problem(at: after(8)) == nil)
        #expect(health.problem(at: after(8.001)) != nil)
    }

    @Test func `is asked for after five seconds without a commit, and every half second after a failure`() {
        let health = WriteHealth(at: start)
        #expect(health.quietLeft(at: start) == .seconds(5))
        #expect(health.quietLeft(at: after(5)) == .zero)
        health.committed(wrote: true, at: after(4))
        #expect(health.quietLeft(at: after(5)) == .seconds(4))
        health.failed(locked, at: after(6))
        #expect(health.quietLeft(at: after(6.2)) == .milliseconds(300))
    }

    @Test func `is found out by a commit of our own every five seconds, and that takes along what was read`()
        async throws
    {
        try await Folder.use { folder in
            let metrics = Metrics()
            let start = ContinuousClock.now
            let database = try SQLiteDatabase(
                SQLiteOptions(path: folder.path("k.sqlite")), now: .noon, metrics: metrics, log: .silent)
            defer { database.close() }
            let audit = Task {
                await database.auditLog.run(clock: WallClock { .noon }) { try? await Task.sleep(for: $0) }
            }
            let watch = Task { await database.watchWrites { try? await Task.sleep(for: $0) } }
            // The audit log looks for old lines once at its start.
            while try commits(metrics) == 0 { try await Task.sleep(for: .milliseconds(10)) }
            for number in 1...5 {
                database.auditLog.noteRead(AuditLine(.linkOpened, of: UserID("\(number)"), by: .visitor, at: .noon))
                try await Task.sleep(for: .milliseconds(500))
            }
            let rows = { () throws -> Int? in
                try folder.look(into: "k.sqlite") { try Int.fetchOne($0, sql: "SELECT count(*) FROM audit_log") }
            }
            while try rows() != 5, ContinuousClock.now - start < .seconds(60) {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try rows() == 5)
            let own = try commits(metrics) - 1
            // A turn commits twice if a line comes while it writes.
            #expect(own <= 2 * Int((ContinuousClock.now - start) / .seconds(5)))
            watch.cancel()
            audit.cancel()
            await watch.value
            await audit.value
        }
    }

    @Test func `is found out again soon after the fault has ended`() async throws {
        try await Folder.use { folder in
            var options = SQLiteOptions(path: folder.path("k.sqlite"))
            options.busyLimit = .milliseconds(20)
            let database = try SQLiteDatabase(options, now: .noon, metrics: Metrics(), log: .silent)
            defer { database.close() }
            let other = try openInTransaction(folder.path("k.sqlite"))
            await #expect(throws: OutboxRefused.self) { try await database.tested.record("ann@example.com") }
            #expect(database.writeProblem == "database is locked (SQLITE_BUSY)")
            let watch = Task { await database.watchWrites { try? await Task.sleep(for: $0) } }
            try await Task.sleep(for: .milliseconds(700))
            #expect(database.writeProblem == "database is locked (SQLITE_BUSY)")
            try await other.writeWithoutTransaction { db in try db.rollback() }
            let end = ContinuousClock.now + .seconds(4)
            while database.writeProblem != nil, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(database.writeProblem == nil)
            watch.cancel()
            await watch.value
        }
    }

    private func commits(_ metrics: Metrics) throws -> Int {
        let line = metrics.text().split(separator: "\n").first { $0.hasPrefix("keyturn_storage_commits_total ") }
        return try #require(line?.split(separator: " ").last.flatMap { Int($0) })
    }
}
