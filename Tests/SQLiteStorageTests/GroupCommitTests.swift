/// Callers who wait together are committed together, and fail apart.
import GRDB
import Keyturn
import Telemetry
import Testing

@testable import SQLiteStorage

@Suite struct `A group commit` {
    @Test func `commits many callers in few transactions`() async throws {
        try await withWriter { writer, metrics, _ in
            try await write(1...5000, with: writer)
            let commits = try number(of: "keyturn_storage_commits_total", in: metrics)
            #expect(try number(of: "keyturn_storage_changes_total", in: metrics) == 5000)
            // 5000 waiting callers fill at least 20 transactions of at most 256.
            #expect((20...1000).contains(commits))
        }
    }

    @Test(arguments: [GroupCommit.Shape.oneStatement, .severalStatements])
    func `lets a refused change go alone`(shape: GroupCommit.Shape) async throws {
        try await withWriter { writer, _, pool in
            let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...300 {
                    group.addTask {
                        do throws(StorageFailed) {
                            try await writer.write(shape) { db in
                                if shape == .severalStatements {
                                    try db.run("INSERT INTO half VALUES (?1)", .integer(number))
                                }
                                try db.run(
                                    "INSERT INTO number VALUES (?1)", .integer(number % 3 == 0 ? -number : number))
                            }
                            return false
                        } catch {
                            return error.code == "SQLITE_CONSTRAINT 275" && error.kind == .refused
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(refused == 100)
            let (whole, half) = try await pool.read { db in
                (
                    try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM number"),
                    try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM half")
                )
            }
            #expect(whole == 200)
            #expect(half == (shape == .severalStatements ? 200 : 0))
        }
    }

    @Test func `tells everybody when the commit fails, and works again when the fault ends`() async throws {
        try await withWriter { writer, metrics, pool in
            try await pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA query_only = ON") }
            let failures = await withTaskGroup(of: StorageFailed?.self) { group in
                for value in 1...300 {
                    group.addTask {
                        await failure { () async throws(StorageFailed) in try await write(value, with: writer) }
                    }
                }
                return await group.reduce(into: [String]()) { $0.append($1?.code ?? "") }
            }
            #expect(failures == [String](repeating: "SQLITE_READONLY", count: 300))
            try await pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA query_only = OFF") }
            try await write(1...3, with: writer)
            #expect(try await pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM number") } == 3)
            #expect(try number(of: "keyturn_storage_failed_commits_total", in: metrics) > 0)
        }
    }

    @Test func `fails everybody when it cannot commit`() async throws {
        try await withWriter { writer, _, pool in
            // A deferred constraint speaks up at COMMIT, when all statements have gone well.
            let failed = await failure { () async throws(StorageFailed) in
                try await writer.write(.oneStatement) { db in _ = try db.run("INSERT INTO child VALUES (7)") }
            }
            #expect(failed?.code == "SQLITE_CONSTRAINT 787")
            let children = try await pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM child") }
            #expect(children == 0)
        }
    }

    @Test func `waits for another process, but not for ever`() async throws {
        try await withWriter(busyLimit: .milliseconds(50)) { writer, _, pool in
            let other = try openInTransaction(pool.path)
            let failed = await failure { () async throws(StorageFailed) in try await write(1, with: writer) }
            #expect(failed?.code == "SQLITE_BUSY")
            try await other.writeWithoutTransaction { db in try db.rollback() }
            try await write(1, with: writer)
        }
    }

    @Test func `refuses at once when too many wait`() async throws {
        try await withWriter { writer, _, pool in
            let other = try openInTransaction(pool.path)
            let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                // One batch is already with the writer, which waits for the other process.
                for value in 1...(GroupCommit.waitingLimit + GroupCommit.batchLimit + 10) {
                    group.addTask {
                        await failure { () async throws(StorageFailed) in try await write(value, with: writer) }
                            == GroupCommit.tooManyWaiting
                    }
                }
                // A refusal is answered while everybody else still waits.
                while try await group.next() == false {}
                try await other.writeWithoutTransaction { db in try db.rollback() }
                return try await group.reduce(into: 1) { $0 += $1 ? 1 : 0 }
            }
            #expect(refused >= 10)
        }
    }

    @Test func `takes nothing after it was closed`() async throws {
        try await withWriter { writer, _, _ in
            writer.close()
            let failed = await failure { () async throws(StorageFailed) in try await write(1, with: writer) }
            #expect(failed == GroupCommit.closed)
        }
    }

    private func withWriter(
        busyLimit: Duration = .seconds(5), _ body: (GroupCommit, Metrics, DatabasePool) async throws -> Void
    ) async throws {
        try await Folder.use { folder in
            var configuration = Configuration()
            configuration.busyMode = .timeout(Double(busyLimit.wholeMilliseconds) / 1000)
            let pool = try DatabasePool(path: folder.path("numbers.sqlite"), configuration: configuration)
            try await pool.writeWithoutTransaction { db in
                try db.execute(
                    sql: """
                        CREATE TABLE number (value INTEGER CHECK (value > 0)) STRICT;
                        CREATE TABLE half (value INTEGER) STRICT;
                        CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;
                        CREATE TABLE child (parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED) STRICT;
                        """)
            }
            let metrics = Metrics()
            let writer = GroupCommit(
                pool, meters: CommitMeters(metrics, log: .silent), health: WriteHealth(), damage: Damage(log: .silent),
                undone: {})
            try await body(writer, metrics, pool)
        }
    }
}

private func write(_ value: Int, with writer: GroupCommit) async throws(StorageFailed) {
    try await writer.write(.oneStatement) { db in _ = try db.run("INSERT INTO number VALUES (?1)", .integer(value)) }
}

private func write(_ values: ClosedRange<Int>, with writer: GroupCommit) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for value in values { group.addTask { try await write(value, with: writer) } }
        try await group.waitForAll()
    }
}

private func failure(_ body: () async throws(StorageFailed) -> Void) async -> StorageFailed? {
    do throws(StorageFailed) {
        try await body()
        return nil
    } catch { return error }
}

private func number(of name: String, in metrics: Metrics) throws -> Int {
    let line = metrics.text().split(separator: "\n").first { $0.hasPrefix("\(name) ") }
    return try #require(line.flatMap { Int($0.dropFirst(name.count + 1)) })
}
