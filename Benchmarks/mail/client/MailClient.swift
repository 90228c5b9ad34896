/// Our HTTPS client under load: as many senders at once as connections, each with its next mail when the last was taken.

import Glibc
import HTTP
import HTTPClient
import Sockets
import Synchronization
import TLS

/// One for all senders.
private final class Count: Sendable { let value = Atomic<Int>(0) }

/// As the arguments say: `MailClient ORIGIN CA_FILE BODY_FILE CONNECTIONS SECONDS loop|anywhere`. Senders run on the client's own
/// loop, as libcurl's do, or wherever the runtime puts them, as the mailroom's couriers do. Prints mails a second and CPU
/// microseconds a mail.
@main
struct MailClient: Sendable {
    let client: HTTPClient
    let loop: EventLoop?
    let connections: Int
    let seconds: Double
    let body: [UInt8]

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 7, let origin = Origin(parsing: arguments[1]), let connections = Int(arguments[4]),
            let seconds = Double(arguments[5]), let body = contents(of: arguments[3])
        else { exit(64) }
        let loops = try EventLoops(count: 1)
        var options = HTTPClientOptions()
        options.connectionsMax = connections
        let client = HTTPClient(to: origin, trust: .file(path: arguments[2]), loops: loops, options: options)
        let load = MailClient(
            client: client, loop: arguments[6] == "loop" ? loops.next() : nil, connections: connections,
            seconds: seconds, body: body)
        try await load.run()
        await client.shutDown()
        await loops.shutDown()
    }

    @concurrent private func run() async throws {
        let mails = Count()
        // The first second is for handshakes.
        let warm = ContinuousClock.now + .seconds(1)
        let end = warm + .seconds(seconds)
        try await withThrowingTaskGroup { group in
            for _ in 0..<connections {
                group.addTask(executorPreference: loop) {
                    while ContinuousClock.now < end {
                        try await send()
                        mails.value.add(1, ordering: .relaxed)
                    }
                }
            }
            try await Task.sleep(until: warm)
            let (before, spent) = (mails.value.load(ordering: .relaxed), Self.cpuSeconds())
            try await Task.sleep(until: end)
            let count = Double(mails.value.load(ordering: .relaxed) - before)
            print(Int(count / seconds), (Self.cpuSeconds() - spent) * 1e6 / count)
            try await group.waitForAll()
        }
    }

    private func send() async throws {
        let answer = try await client.send(
            .post, "/v3/mail/send",
            fields: [
                ("Authorization", "Bearer SG.benchmark.benchmarkbenchmarkbenchmarkbenchmark"),
                ("Content-Type", "application/json"), ("Accept", "application/json"),
            ], body: body)
        guard answer.status.code == 202 else { exit(1) }
    }

    private static func contents(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }

    private static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }
}
