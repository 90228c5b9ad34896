import Foundation
import GRDB
import TestKit
import Testing

/// What the disk does to the running binary, and what the binary says about it.
@Suite struct `A disk` {
    @Test func `that is full gets no false promise, and everything goes on when there is room`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        let people = (0..<200).map { "person-\($0)@example.com" }
        try await add(people, to: keyturn)
        var acknowledged: Set<String> = []
        for email in people[..<5] where try await ask(keyturn, email) == 202 { acknowledged.insert(email) }
        #expect(acknowledged.count == 5)

        // No file of the service may grow any more, its log neither.
        try await limitFiles(of: keyturn, to: "4096")
        for email in people[5..<100] where try await ask(keyturn, email) == 202 { acknowledged.insert(email) }
        #expect(try await ask(keyturn, people[100]) == 503)
        try await expectUnready(keyturn)
        #expect(keyturn.log.contains("storage cannot write"))

        try await limitFiles(of: keyturn, to: "unlimited")
        #expect(try await ask(keyturn, people[101]) == 202)
        acknowledged.insert(people[101])
        #expect(try await keyturn.visitor.get("/readyz").status == 200)
        #expect(keyturn.log.contains("storage can write again"))
        try await expectMails(to: acknowledged, from: keyturn)
        #expect(await keyturn.stop() == 0)
        try await expectIntegrity(of: keyturn.directory)
    }

    /// Found out by trying.
    private static let mayMount: Bool = {
        guard let place = try? RunningKeyturn.temporaryDirectory() else { return false }
        defer { try? FileManager.default.removeItem(at: place) }
        guard mount("tmpfs", place.path, "tmpfs", 0, "size=64k") == 0 else { return false }
        return umount2(place.path, Int32(MNT_DETACH)) == 0
    }()

    /// A disk of its own, really full: who may mount one finds out.
    @Test(.enabled(if: mayMount, "mounts a disk, which only root may, and not in every container"))
    func `of two megabytes that somebody else fills is met in the same way`() async throws {
        let disk = try RunningKeyturn.temporaryDirectory()
        #expect(try await run("/usr/bin/mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk.path) == 0)
        defer { umount2(disk.path, Int32(MNT_DETACH)) }
        let keyturn = try await RunningKeyturn.serve([
            "KEYTURN_DATABASE_PATH": disk.appending(path: "keyturn.sqlite").path
        ])
        let filler = disk.appending(path: "filler")
        #expect(try await ask(keyturn, "ann@example.com") == 202)
        _ = try await run("/bin/dd", "if=/dev/zero", "of=\(filler.path)", "bs=4096")
        var answers: [Int] = []
        for number in 0..<100 { answers.append(try await ask(keyturn, "somebody-\(number)@example.com")) }
        #expect(answers.last == 503)
        try await expectUnready(keyturn)
        try FileManager.default.removeItem(at: filler)
        #expect(try await ask(keyturn, "ann@example.com") == 202)
        #expect(try await keyturn.visitor.get("/readyz").status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test(.enabled(if: mayMount, "mounts a disk, which only root may, and not in every container"))
    func `that cannot be written to stops the start with a word on it`() async throws {
        let disk = try RunningKeyturn.temporaryDirectory()
        #expect(try await run("/usr/bin/mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", disk.path) == 0)
        defer { umount2(disk.path, Int32(MNT_DETACH)) }
        let file = disk.appending(path: "keyturn.sqlite").path
        let environment = RunningKeyturn.environment(in: disk, ["KEYTURN_DATABASE_PATH": file])
        let refused = try await RunningKeyturn.run(["serve"], environment: environment)
        #expect(refused.status == 1)
        let words = "keyturn: database.path: \(file): cannot open the file for writing: Read-only file system\n"
        #expect(refused.errors == words)
        #expect(refused.output.isEmpty)
    }

    @Test func `whose database another process holds is waited for, but not for ever`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(10)
        let other = try DatabaseQueue(
            path: keyturn.directory.appending(path: "keyturn.sqlite").path, configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        async let refused = ask(keyturn, "ann@example.com")
        try await expectUnready(keyturn)
        #expect(try await refused == 503)
        #expect(keyturn.log.contains("storage cannot write") && keyturn.log.contains("code=SQLITE_BUSY"))
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        #expect(try await ask(keyturn, "ann@example.com") == 202)
        #expect(try await keyturn.visitor.get("/readyz").status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `that lost a page of intake acknowledges no request`() async throws {
        let first = try await RunningKeyturn.serve()
        #expect(await first.stop() == 0)
        try destroyPage(of: "intake", in: first.directory)
        let keyturn = try await RunningKeyturn.serve(in: first.directory)
        #expect(try await ask(keyturn, "ann@example.com") == 503)
        try await expectUnready(keyturn)
        #expect(keyturn.log.contains("the database is damaged: restore it from a backup"))
        // Signing in needs no outbox.
        #expect(
            try await keyturn.visitor.post("/login", json: #"{"email": "a@example.com", "password": "x"}"#).status
                == 401)
        await keyturn.stop()
    }

    @Test func `that holds something else stops the start with a word on it`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let file = directory.appending(path: "keyturn.sqlite")
        try Data(repeating: 0x41, count: 8192).write(to: file)
        let refused = try await RunningKeyturn.run(["serve"], environment: RunningKeyturn.environment(in: directory))
        #expect(refused.status == 1)
        #expect(refused.errors == "keyturn: database.path: \(file.path): file is not a database (SQLITE_NOTADB)\n")
        #expect(try Data(contentsOf: file) == Data(repeating: 0x41, count: 8192))
    }

    // MARK: What they share

    private func add(_ people: [String], to keyturn: RunningKeyturn) async throws {
        let lines = people.map { "\($0),,true\n" }.joined()
        let added = try await keyturn.command("user", "import", "-", input: "email,password_hash,verified\n\(lines)")
        #expect(added.status == 0, "\(added.errors)")
    }

    private func ask(_ keyturn: RunningKeyturn, _ email: String) async throws -> Int {
        try await keyturn.visitor.post("/forgot-password", json: #"{"email": "\#(email)"}"#).status
    }

    private func expectUnready(_ keyturn: RunningKeyturn) async throws {
        // While the first write still waits for the disk, nothing is known.
        let deadline = ContinuousClock.now + .seconds(15)
        var answer = try await keyturn.visitor.get("/readyz")
        while answer.status == 200, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(50))
            answer = try await keyturn.visitor.get("/readyz")
        }
        #expect(answer.status == 503)
        #expect(answer.text.contains("database"))
        #expect(answer["retry-after"] == "5")
    }

    private func expectMails(to people: Set<String>, from keyturn: RunningKeyturn) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !people.isSubset(of: keyturn.mails.map(\.to)), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(people.subtracting(keyturn.mails.map(\.to)).isEmpty)
    }

    private func expectIntegrity(of directory: URL) async throws {
        let database = try DatabaseQueue(path: directory.appending(path: "keyturn.sqlite").path)
        #expect(try await database.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
    }

    /// - Parameter bytes: a number, or `unlimited`.
    private func limitFiles(of keyturn: RunningKeyturn, to bytes: String) async throws {
        #expect(try await run("/usr/bin/prlimit", "--pid", "\(keyturn.pid)", "--fsize=\(bytes):") == 0)
    }

    private func destroyPage(of table: String, in directory: URL) throws {
        let path = directory.appending(path: "keyturn.sqlite").path
        let (page, size) = try DatabaseQueue(path: path).read { db in
            (
                try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_schema WHERE name = ?", arguments: [table]) ?? 0,
                try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
            )
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seek(toOffset: UInt64((page - 1) * size))
        try file.write(contentsOf: Data(repeating: 0xFF, count: size))
        try file.close()
    }

    /// - Returns: its exit status.
    private func run(_ program: String, _ arguments: String...) async throws -> Int32 {
        try await RunningKeyturn.run(arguments, of: URL(fileURLWithPath: program), environment: [:]).status
    }
}
