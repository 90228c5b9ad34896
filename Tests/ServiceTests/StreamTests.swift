import Foundation
import TestKit
import Testing

/// What the service and the commands say is heard by another program, or by nothing at all.
@Suite struct `Standard output and standard error` {
    /// A port that was free a moment ago: where nothing is said, the test must know it.
    private func freePort() throws -> UInt16 {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(probe) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(probe, generic, length) == 0 ? getsockname(probe, generic, &length) : -1
            }
        }
        try #require(status == 0)
        return UInt16(bigEndian: address.sin_port)
    }

    /// `keyturn serve` by a shell that gives it other streams.
    private func serve(_ redirection: String, port: UInt16, in directory: URL) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", #"exec "$0" serve \#(redirection)"#, RunningKeyturn.binary.path]
        process.environment = RunningKeyturn.environment(in: directory, ["KEYTURN_SERVER_PORT": "\(port)"])
            .merging(RunningKeyturn.sanitizer) { $1 }
        process.currentDirectoryURL = directory
        try process.run()
        return process
    }

    private func end(_ process: Process) async throws -> Int32 {
        process.terminate()
        for _ in 0..<400 where process.isRunning { try await Task.sleep(for: .milliseconds(50)) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -1
    }

    private func isHealthy(at port: UInt16) async throws -> Bool {
        let visitor = try #require(Visitor(url: "http://127.0.0.1:\(port)"))
        for _ in 0..<600 {
            if let answer = try? await visitor.get("/healthz"), answer.status == 200 { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    @Test(arguments: [
        (">/dev/full 2>log", "No space left on device"), (">&- 2>log", "Bad file descriptor"),
        (">&- 2>&- <&-", nil), (">/dev/full 2>/dev/full", nil),
    ])
    func `may be closed or full, and the service goes on`(redirection: String, words: String?) async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let port = try freePort()
        let process = try serve(redirection, port: port, in: directory)
        #expect(try await isHealthy(at: port))
        #expect(try await end(process) == 0)
        guard let words else { return }
        let log = try String(contentsOf: directory.appending(path: "log"), encoding: .utf8)
        #expect(log.contains("cannot write to standard output") && log.contains(words), "\(log)")
    }

    @Test(arguments: [">/dev/full", ">&-"]) func `that take no result make a command end with 1`(
        redirection: String
    ) async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let environment = RunningKeyturn.environment(in: directory)
        #expect(try await RunningKeyturn.run(["user", "add", "ann@example.com"], environment: environment).status == 0)
        for command in [
            "secret generate", "user list", "user show ann@example.com --json", "user export", "outbox list",
            "config check", "user reset-link ann@example.com", "migrate", "doctor --offline",
        ] {
            let ended = try await RunningKeyturn.run(
                ["-c", #""$0" \#(command) \#(redirection); status=$?; exit $status"#, RunningKeyturn.binary.path],
                of: URL(fileURLWithPath: "/bin/sh"), environment: environment)
            #expect(ended.status == 1 || command.hasPrefix("doctor") && ended.status == 2, "\(command): \(ended)")
            let isSaid =
                ended.errors.contains("standard output: ") || ended.errors.contains("cannot write the export")
            #expect(isSaid || command.hasPrefix("doctor"), "\(command): \(ended.errors)")
        }
    }

    @Test func `whose reader has gone let a command do its work to the end`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let environment = RunningKeyturn.environment(in: directory)
        // Each bad row is a line on standard error; `true` reads none of them.
        let rows = String(repeating: "no address\n", count: 2000) + "ann@example.com\n"
        _ = try await RunningKeyturn.run(
            ["-c", #""$0" user import - 2>&1 | true"#, RunningKeyturn.binary.path],
            of: URL(fileURLWithPath: "/bin/sh"), environment: environment, input: "email\n" + rows)
        let listed = try await RunningKeyturn.run(["user", "list"], environment: environment)
        #expect(listed.output.contains("ann@example.com"), "\(listed)")
    }

    @Test func `that are not read keep no request and no end of the service waiting`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let port = try freePort()
        let pipe = directory.appending(path: "stalled").path
        try #require(mkfifo(pipe, 0o600) == 0)
        // Open for both, so that opening waits for nothing; never read.
        let reader = open(pipe, O_RDWR)
        defer { close(reader) }
        let process = try serve(
            "--set log.level=debug --set admin.port=0 >\"\(pipe)\" 2>&1", port: port, in: directory)
        #expect(try await isHealthy(at: port))
        let visitor = try #require(Visitor(url: "http://127.0.0.1:\(port)"))
        // The pipe holds 64 KiB, some 400 lines of a request.
        let start = ContinuousClock.now
        for _ in 0..<1500 { #expect(try await visitor.get("/healthz").status == 200) }
        #expect(ContinuousClock.now - start < .seconds(60))
        let stopping = ContinuousClock.now
        #expect(try await end(process) == 0)
        #expect(ContinuousClock.now - stopping < .seconds(15))
    }
}
