/// What clients can take from each other and from the machine.
import Foundation
import HTTP
import TestKit
import Testing

@Suite struct `What strangers send` {
    private static func key() -> String {
        Data((0..<16).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Resident, in bytes: proc(5), statm.
    private static func residentBytes(_ keyturn: RunningKeyturn) throws -> Int {
        let fields = try String(contentsOfFile: "/proc/\(keyturn.pid)/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[1])) * 4096
    }

    @Test(
        .enabled(if: RunningKeyturn.sanitizer.isEmpty, "a sanitizer keeps memory that was given back"),
        arguments: [("/forgot-password", "email"), ("/reset-password", "token"), ("/not-me", "token")])
    func `in forms that are refused stays nowhere`(path: String, field: String) async throws {
        let keyturn = try await RunningKeyturn.serve()
        let typed = String(repeating: "a&", count: 16_000)
        func post(_ count: Int) async throws {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<count {
                    group.addTask {
                        try await keyturn.visitor.post(
                            path, form: [("submission", Self.key()), (field, typed), ("password", "x")]
                        ).status
                    }
                    guard number >= 8 else { continue }
                    #expect(try await group.next().map { (400..<500).contains($0) } == true)
                }
                for try await status in group { #expect((400..<500).contains(status)) }
            }
        }
        try await post(40)
        let before = try Self.residentBytes(keyturn)
        try await post(300)
        let grown = try Self.residentBytes(keyturn) - before
        #expect(grown < 16 * 1024 * 1024, "\(grown) bytes")
        #expect(await keyturn.stop() == 0)
    }

    @Test func `as logins does not keep a good link's reset from being hashed`() async throws {
        let keyturn = try await RunningKeyturn.serve([
            "KEYTURN_PASSWORDS_SCRYPT_LOG_N": "14", "KEYTURN_PASSWORDS_SCRYPT_P": "2",
        ])
        for number in 1...4 { _ = try await keyturn.command("user", "add", "user-\(number)@example.com") }
        var tokens: [String] = []
        for number in 1...4 {
            let link = try await keyturn.command("user", "reset-link", "user-\(number)@example.com").output
            tokens.append(
                try #require(link.split(separator: "token=").last).trimmingCharacters(in: .whitespacesAndNewlines))
        }
        try await withThrowingTaskGroup(of: [Int].self) { group in
            for number in 0..<100 {
                group.addTask {
                    var statuses: [Int] = []
                    while !Task.isCancelled {
                        let body =
                            #"{"email": "nobody-\#(number)-\#(statuses.count)@example.com", "password": "wrong"}"#
                        guard let answer = try? await keyturn.visitor.post("/login", json: body) else { continue }
                        statuses.append(answer.status)
                    }
                    return statuses
                }
            }
            try await Task.sleep(for: .seconds(2))
            var resets: [Int] = []
            for token in tokens {
                let body = #"{"token": "\#(token)", "password": "a quiet lighthouse at dusk"}"#
                resets.append(try await keyturn.visitor.post("/reset-password", json: body).status)
            }
            group.cancelAll()
            let logins = try await group.reduce(into: [Int]()) { $0 += $1 }
            #expect(resets == [200, 200, 200, 200])
            // There was a flood, and some of it was served.
            #expect(logins.contains(503) && logins.contains(401))
        }
        #expect(await keyturn.stop() == 0)
    }
}

@Suite struct `Asking how the service is` {
    private func started() async throws -> (RunningKeyturn, Visitor) {
        let port = Int.random(in: 20_000..<32_000)
        let keyturn = try await RunningKeyturn.serve(["KEYTURN_ADMIN_PORT": "\(port)"])
        return (keyturn, try #require(Visitor(url: "http://127.0.0.1:\(port)")))
    }

    private func commits(_ prometheus: Visitor) async throws -> Int {
        let lines = try await prometheus.get("/metrics").text.split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("keyturn_storage_commits_total ") })
        return try #require(line.split(separator: " ").last.flatMap { Int($0) })
    }

    /// How many transactions end in this time at most if no client causes any: the store's own and the delivery worker's glance into the
    /// outbox, each every five seconds.
    private func own(since start: ContinuousClock.Instant) -> Int {
        2 * (Int((ContinuousClock.now - start) / .seconds(5)) + 1)
    }

    @Test func `is answered alike however many ask at once, and writes nothing`() async throws {
        let (keyturn, prometheus) = try await started()
        let (start, before) = (ContinuousClock.now, try await commits(prometheus))
        for _ in 0..<5 {
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 { group.addTask { try await keyturn.visitor.get("/readyz").status } }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses == [Int](repeating: 200, count: 40))
        }
        #expect(try await commits(prometheus) - before <= own(since: start))
        #expect(!keyturn.log.contains("warning"))
        #expect(await keyturn.stop() == 0)
    }

    @Test func `and looking at links and pages causes no write`() async throws {
        let (keyturn, prometheus) = try await started()
        _ = try await keyturn.command("user", "add", "ann@example.com")
        let link = try await keyturn.command("user", "reset-link", "ann@example.com").output
        let path = String(
            link.trimmingCharacters(in: .whitespacesAndNewlines).dropFirst("https://accounts.example.com".count))
        // What the start brought about is written.
        try await Task.sleep(for: .seconds(1))
        let (start, before) = (ContinuousClock.now, try await commits(prometheus))
        var count = 0
        // Long enough that a write a second would be seen, each link another one.
        while ContinuousClock.now - start < .seconds(12) {
            count += 1
            let forged = Forger(id: "\(count)", email: "ann@example.com", hash: "none").token()
            for (target, status) in [
                (path, 200), (path.replacing("reset-password", with: "not-me"), 200),
                ("/reset-password?token=\(forged)", 400), ("/not-me?token=\(forged)", 400),
                ("/forgot-password", 200), ("/login", 200), ("/me", 401), ("/openapi.json", 200), ("/nowhere", 404),
            ] {
                #expect(try await keyturn.visitor.get(target).status == status)
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try await commits(prometheus) - before <= own(since: start))
        #expect(await keyturn.stop() == 0)
        // And yet the operator hears of it.
        let shown = try await keyturn.command("user", "show", "ann@example.com").output
        #expect(shown.contains("link_opened") && shown.contains("link_refused"))
    }
}
