import Foundation
import GRDB
import Synchronization
import TestKit
import Testing

/// The binary, killed at random moments under load. `KEYTURN_CRASH_ROUNDS` kills it more often, `KEYTURN_CRASH_SEED` repeats a run.
@Suite struct `A kill` {
    private static let rounds = ProcessInfo.processInfo.environment["KEYTURN_CRASH_ROUNDS"].flatMap { Int($0) } ?? 4
    private static let seed =
        ProcessInfo.processInfo.environment["KEYTURN_CRASH_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999)
    private static let visitors = 6
    private static let accountsARound = 60

    @Test func `at any moment loses no acknowledged request and mails nobody else`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        var random = SeededGenerator(seed: Self.seed)
        try await addAccounts(in: directory)
        let answers = Acknowledged()
        for round in 0..<Self.rounds {
            let keyturn = try await RunningKeyturn.serve(in: directory)
            let load = Task { await ask(keyturn.visitor, round: round, noting: answers) }
            try await Task.sleep(for: .milliseconds(Int.random(in: 5...250, using: &random)))
            // On a busy machine no response may have come in any round so far.
            if round == Self.rounds - 1 { try await answers.wait { !$0.allSatisfy { $0.hasPrefix("known-") } } }
            await keyturn.stop(SIGKILL)
            load.cancel()
            await load.value
        }
        let acknowledged = answers.all
        let known = acknowledged.filter { $0.hasPrefix("known-") }
        let last = try await RunningKeyturn.serve(in: directory)
        // Well under the minute a lease lasts: nobody waits for those of the dead.
        let deadline = ContinuousClock.now + .seconds(30)
        while !known.isSubset(of: last.mails.map(\.to)), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(50))
        }
        let mailed = Set(last.mails.map(\.to))
        #expect(known.subtracting(mailed).isEmpty, "seed \(Self.seed)")
        #expect(mailed.allSatisfy { $0.hasPrefix("known-") }, "seed \(Self.seed)")
        #expect(acknowledged.count > known.count, "seed \(Self.seed)")
        #expect(await last.stop() == 0)
        let database = try DatabaseQueue(path: directory.appending(path: "keyturn.sqlite").path)
        #expect(try await database.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        print(
            "killed \(Self.rounds) times, seed \(Self.seed): \(known.count) known acknowledged, \(mailed.count) mailed")
    }

    /// An account for each request, so that no budget and no other request of theirs stands in for one.
    private func addAccounts(in directory: URL) async throws {
        var lines = "email,password_hash,verified\n"
        for round in 0..<Self.rounds {
            for number in 0..<Self.accountsARound {
                let isKnown = number % 3 != 2
                lines += "\(isKnown ? "known" : "unverified")-\(round)-\(number)@example.com,,\(isKnown)\n"
            }
        }
        let added = try await RunningKeyturn.run(
            ["user", "import", "-"], environment: RunningKeyturn.environment(in: directory), input: lines)
        #expect(added.status == 0, "\(added.errors)")
    }

    /// Asks for everybody of a round and as many strangers, until nobody answers any more.
    private func ask(_ visitor: Visitor, round: Int, noting acknowledged: Acknowledged) async {
        await withTaskGroup(of: Void.self) { group in
            for first in 0..<Self.visitors {
                group.addTask {
                    for number in stride(from: first, to: Self.accountsARound, by: Self.visitors) {
                        let kinds = number % 3 == 2 ? ["unverified", "unknown"] : ["known", "unknown"]
                        for kind in kinds {
                            let email = "\(kind)-\(round)-\(number)@example.com"
                            guard !Task.isCancelled,
                                let answer = try? await visitor.post(
                                    "/forgot-password", json: #"{"email": "\#(email)"}"#)
                            else { return }
                            if answer.status == 202 { acknowledged.insert(email) }
                        }
                    }
                }
            }
        }
    }

    /// The addresses whose request was acknowledged.
    private final class Acknowledged: Sendable {
        private let state = Mutex(Set<String>())

        var all: Set<String> { state.withLock { $0 } }
        func insert(_ email: String) { state.withLock { _ = $0.insert(email) } }

        /// Waits until the condition holds, at most 20 s.
        func wait(until holds: (Set<String>) -> Bool) async throws {
            let deadline = ContinuousClock.now + .seconds(20)
            while !holds(all), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(1)) }
        }
    }
}

@Suite struct `A stop` {
    @Test func `waits for a stalled provider no longer than the grace, and gives its letters back`() async throws {
        let sendGrid = try await FakeSendGrid.start(answers: [.stall, .stall])
        let keyturn = try await RunningKeyturn.serve([
            "KEYTURN_MAIL_PROVIDER": "sendgrid", "SENDGRID_API_KEY": "SG.test", "KEYTURN_SERVER_SHUTDOWN_GRACE": "1s",
            "KEYTURN_MAIL_SENDGRID_BASE_URL": sendGrid.baseURL, "KEYTURN_MAIL_SENDGRID_CA_FILE": sendGrid.caFile,
        ])
        for email in ["ann@example.com", "bob@example.com"] {
            _ = try await keyturn.command("user", "add", email)
            let answer = try await keyturn.visitor.post("/forgot-password", json: #"{"email": "\#(email)"}"#)
            #expect(answer.status == 202)
        }
        _ = try await sendGrid.mails(count: 2, within: .seconds(20))
        let began = ContinuousClock.now
        #expect(await keyturn.stop() == 0)
        // The provider is silent for as long as anybody waits, at most 15 s.
        #expect(ContinuousClock.now - began < .seconds(8))
        let listed = try await keyturn.command("outbox", "list", "--json")
        let lines = listed.output.split(separator: "\n")
        #expect(lines.count == 2)
        for line in lines { #expect(line.contains(#""state":"pending""#) && line.contains(#""attempts":0"#)) }
    }
}
