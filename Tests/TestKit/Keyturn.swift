package import Foundation
import Synchronization

/// The built binary, run as an operator runs it: environment, flags, signals.
package final class RunningKeyturn: Sendable {
    package enum Failed: Error { case ended(status: Int32, String), silent }

    /// A folder of its own: database, captured mails.
    package let directory: URL
    /// `http://127.0.0.1:PORT`, as the binary printed it.
    package let url: String
    package let visitor: Visitor
    private let process: Mutex<Process>

    /// Beside the test bundle, where the package manager puts it.
    package static let binary: URL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "keyturn")

    /// What a sanitizer is told by, where the tests run under one.
    package static let sanitizer = ProcessInfo.processInfo.environment.filter {
        ["ASAN_OPTIONS", "TSAN_OPTIONS", "LD_PRELOAD"].contains($0.key)
    }

    /// The settings of a test: cheap hashes, no limits in the way, mails captured.
    package static func environment(in directory: URL, _ changes: [String: String] = [:]) -> [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
            "KEYTURN_SERVER_PORT": "0", "KEYTURN_ADMIN_PORT": "0",
            "KEYTURN_SERVER_PUBLIC_URL": "https://accounts.example.com",
            "KEYTURN_DATABASE_PATH": directory.appending(path: "keyturn.sqlite").path,
            "KEYTURN_SECRETS_STANDARD": "a test's secret of 32 bytes and more: 0123456789",
            "KEYTURN_PASSWORDS_SCRYPT_LOG_N": "10", "KEYTURN_PASSWORDS_SCRYPT_P": "1",
            "KEYTURN_MAIL_PROVIDER": "capture",
            "KEYTURN_MAIL_CAPTURE_DIRECTORY": directory.appending(path: "mails").path,
            "KEYTURN_MAIL_FROM_EMAIL": "no-reply@example.com", "KEYTURN_MAIL_FROM_NAME": "Example",
            "KEYTURN_LIMITS_PER_CLIENT_RATE": "100000/s", "KEYTURN_LIMITS_PER_CLIENT_BURST": "100000",
        ].merging(changes) { _, new in new }
    }

    package static func temporaryDirectory() throws -> URL {
        let directory = FileManager.default.temporaryDirectory.appending(path: "keyturn-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory
    }

    /// Starts `keyturn serve` and waits until it listens, at most 30 seconds.
    /// - Parameter directory: an earlier run's, to start again on its database; nil makes one.
    package static func serve(
        in directory: URL? = nil, _ changes: [String: String] = [:], under wrapper: [String] = []
    ) async throws -> RunningKeyturn {
        let directory = try directory ?? temporaryDirectory()
        return try await start(
            wrapper + [binary.path, "serve"], environment: environment(in: directory, changes), directory: directory)
    }

    /// - Parameter input: what the command finds as its standard input.
    package static func start(
        _ command: [String], environment: [String: String], directory: URL, input: FileHandle? = nil
    ) async throws -> RunningKeyturn {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.environment = environment.merging(sanitizer) { $1 }
        process.currentDirectoryURL = directory
        if let input { process.standardInput = input }
        let log = directory.appending(path: "log")
        if !FileManager.default.fileExists(atPath: log.path) { try Data().write(to: log) }
        let errors = try FileHandle(forWritingTo: log)
        try errors.seekToEnd()
        process.standardError = errors
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        guard let url = await line("listening on ", from: output.fileHandleForReading), let visitor = Visitor(url: url)
        else {
            if process.isRunning { process.terminate() }
            process.waitUntilExit()
            throw Failed.ended(status: process.terminationStatus, (try? String(contentsOf: log, encoding: .utf8)) ?? "")
        }
        return RunningKeyturn(directory: directory, url: url, visitor: visitor, process: process)
    }

    /// Runs one command to its end.
    package static func run(
        _ arguments: [String], of program: URL = binary, environment: [String: String], input: String? = nil
    ) async throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = environment.merging(sanitizer) { $1 }
        let (output, errors, inputPipe) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = inputPipe
        try process.run()
        if let input { inputPipe.fileHandleForWriting.write(Data(input.utf8)) }
        try inputPipe.fileHandleForWriting.close()
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let said = output.fileHandleForReading.readDataToEndOfFile()
                let complained = errors.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(
                    returning: (
                        process.terminationStatus, String(decoding: said, as: UTF8.self),
                        String(decoding: complained, as: UTF8.self)
                    ))
            }
        }
    }

    private init(directory: URL, url: String, visitor: Visitor, process: sending Process) {
        self.directory = directory
        self.url = url
        self.visitor = visitor
        self.process = Mutex(process)
    }

    deinit { process.withLock { if $0.isRunning { kill($0.processIdentifier, SIGKILL) } } }

    package var log: String { (try? String(contentsOf: directory.appending(path: "log"), encoding: .utf8)) ?? "" }

    package var pid: Int32 { process.withLock { $0.processIdentifier } }

    /// - Returns: the exit status, once it ended; -1 where it had to be killed after 20 seconds.
    @discardableResult
    package func stop(_ signal: Int32 = SIGTERM) async -> Int32 {
        kill(pid, signal)
        for _ in 0..<400 {
            if !process.withLock({ $0.isRunning }) { return process.withLock { $0.terminationStatus } }
            try? await Task.sleep(for: .milliseconds(50))
        }
        kill(pid, SIGKILL)
        return -1
    }

    /// `keyturn user …` and the like, on this service's configuration.
    package func command(
        _ arguments: String..., input: String? = nil, _ changes: [String: String] = [:]
    ) async throws -> (status: Int32, output: String, errors: String) {
        try await RunningKeyturn.run(
            arguments, environment: RunningKeyturn.environment(in: directory, changes), input: input)
    }

    private static func line(_ prefix: String, from handle: FileHandle) async -> String? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var text = ""
                var found: String?
                while found == nil {
                    let data = handle.availableData
                    if data.isEmpty { break }
                    text += String(decoding: data, as: UTF8.self)
                    found = text.components(separatedBy: "\n").dropLast().first { $0.hasPrefix(prefix) }
                }
                continuation.resume(returning: found.map { String($0.dropFirst(prefix.count)) })
                // Nobody may be stopped by a full pipe.
                while !handle.availableData.isEmpty {}
            }
        }
    }
}
