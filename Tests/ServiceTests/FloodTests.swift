import Foundation
import GRDB
import TestKit
import Testing

@Suite struct `A flood of requests for addresses nobody has` {
    private static let size = 10_000

    /// A tenth of what `scripts/bench mail` puts before the request. It takes 2.4 s alone; here all other tests of the service run beside it.
    @Test func `does not hold up for long who comes last and has an account`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let added = try await RunningKeyturn.run(
            ["user", "add", "ann@example.com"], environment: RunningKeyturn.environment(in: directory))
        #expect(added.status == 0, "\(added.errors)")
        try await flood(directory.appending(path: "keyturn.sqlite").path)
        let keyturn = try await RunningKeyturn.serve(in: directory)
        let limit: Duration = RunningKeyturn.sanitizer.isEmpty ? .seconds(45) : .seconds(150)
        _ = try await keyturn.requestLink(for: "ann@example.com", within: limit)
        #expect(keyturn.mails.map(\.to) == ["ann@example.com"])
        #expect(await keyturn.stop() == 0)
    }

    private func flood(_ path: String) async throws {
        let database = try DatabaseQueue(path: path)
        let before = Int64(Date().timeIntervalSince1970 * 1000) - 60_000
        try await database.write { db in
            for number in 0..<Self.size {
                try db.execute(
                    sql: "INSERT INTO intake (address, recorded_at) VALUES (?1, ?2)",
                    arguments: ["nobody-\(number)@example.com", before])
            }
        }
        try database.close()
    }
}
