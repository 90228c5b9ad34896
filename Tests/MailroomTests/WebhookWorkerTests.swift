import Foundation
import HTTPClient
import Keyturn
import Logging
import Sockets
import StrictJSON
import Synchronization
import TLS
import Telemetry
import TestKit
import Testing

@testable import Mailroom

/// Messages in memory: hands out what is due, and writes down what becomes of them.
private final class Messages: Webhooks {
    func dropUnsent(recordedBefore start: Timestamp) async throws(StorageFailed) -> Int { 0 }

    private struct State {
        var due: [WebhookLease]
        var outcomes: [WebhookOutcome] = []
    }
    private let state: Mutex<State>
    let arrivals = AsyncStream<Void> { $0.finish() }

    init(_ due: WebhookLease...) { state = Mutex(State(due: due)) }

    var outcomes: [WebhookOutcome] { state.withLock { $0.outcomes } }

    func lease(atMost limit: Int, for span: Duration, at now: Timestamp) -> [WebhookLease] {
        state.withLock { state in
            defer { state.due = [] }
            return state.due
        }
    }
    func settle(_ outcomes: [WebhookSettlement], at now: Timestamp) -> [Bool] {
        state.withLock { $0.outcomes += outcomes.map(\.outcome) }
        return outcomes.map { _ in true }
    }
    func clockSetBack(to now: Timestamp, leasing span: Duration) {}
    func nextDue() -> Timestamp? { nil }
    func depth() -> QueueDepth { QueueDepth(pending: 0, leased: 0, failed: 0, oldest: nil) }
    func retryFailed(at now: Timestamp) -> Int { 0 }
}

@Suite struct `Telling the app` {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private func lease(attempts: Int = 0, recordedAt: Timestamp = .noon) -> WebhookLease {
        WebhookLease(
            row: WebhookRowID(1), token: LeaseToken("t"),
            webhook: Webhook(id: "msg_1", event: .linksRevoked, user: User.ann.id, cause: "visitor", at: .noon),
            recordedAt: recordedAt, attempts: attempts)
    }

    /// One message, told to an app that answers so.
    private func tell(_ lease: WebhookLease, _ answer: Answer) async throws -> (
        outcome: WebhookOutcome, requests: [RecordedRequest], log: String
    ) {
        let server = try FaultServer(.none, answers: [answer])
        defer { server.stop() }
        let loops = try EventLoops(count: 1)
        let origin = try #require(Origin(parsing: "http://127.0.0.1:\(server.port)"))
        let client = HTTPClient(to: origin, trust: .system, loops: loops)
        let clock = SettableClock(at: .noon).wall
        let messages = Messages(lease)
        let lines = Mutex("")
        let log = Logger(label: "test") { _ in
            LineHandler(format: .logfmt, from: LogThreshold(.trace)) { line in lines.withLock { $0 += line } }
        }
        let worker = WebhookWorker(
            webhooks: messages, accounts: MemoryStore([.ann]),
            sender: WebhookSender(
                client: client, path: "/hooks/", secrets: try #require(WebhookSecrets([Self.secret])), clock: clock),
            clock: clock, maximumAge: .seconds(3600), metrics: Metrics(), log: log, fraction: { 1 })
        let running = Task { await worker.run() }
        // Long: others may have all threads for a while.
        let deadline = ContinuousClock.now + .seconds(300)
        while messages.outcomes.isEmpty, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(2)) }
        running.cancel()
        await running.value
        await client.shutDown()
        await loops.shutDown()
        return (try #require(messages.outcomes.first), server.requests, lines.withLock { $0 })
    }

    @Test func `posts what happened, signed, and to whom`() async throws {
        let (outcome, requests, log) = try await tell(lease(), .respond(204))
        #expect(outcome == .delivered)
        let request = try #require(requests.first)
        #expect(request.method == "POST")
        #expect(request.target == "/hooks/")
        #expect(request["content-type"] == "application/json")
        #expect(request["webhook-id"] == "msg_1")
        #expect(request["webhook-timestamp"] == "1767268800")
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == #"{"type":"links.revoked","timestamp":"2026-01-01T12:00:00Z","data":{"user_id":"1","external_id":null,"email":"Ann@example.com","cause":"visitor"}}"#
        )
        let secrets = try #require(WebhookSecrets([Self.secret]))
        #expect(
            request["webhook-signature"] == secrets.signature(id: "msg_1", seconds: 1_767_268_800, body: request.body))
        #expect(log.contains("outcome=delivered"))
        #expect(!log.contains("example.com"))
    }

    @Test(arguments: [
        (500, "500"), (400, "400"), (302, "302: a redirect, which is not followed"),
        (308, "308: a redirect, which is not followed"),
    ])
    func `is tried again later where the app does not take it`(status: Int, reason: String) async throws {
        let answer = Answer.respond(status, fields: [("Location", "/elsewhere")], body: "words of the app")
        let (outcome, requests, log) = try await tell(lease(attempts: 2), answer)
        #expect(outcome == .later(at: .noon + .seconds(20), reason: reason))
        #expect(requests.map(\.target) == ["/hooks/"])
        #expect(!log.contains("words of the app"))
    }

    @Test func `ends after its time, and at once where the app says so`() async throws {
        let old = lease(attempts: 9, recordedAt: .noon - .seconds(3600))
        #expect(try await tell(old, .respond(503)).outcome == .failed(reason: "gave up after 1 hour: 503"))
        #expect(
            try await tell(lease(), .respond(410)).outcome
                == .failed(reason: "the app answered 410: it wants no more messages"))
    }

    @Test func `counts an app that hangs up as one that does not take it`() async throws {
        guard case .later(let at, _) = try await tell(lease(), .rawAndClose("")).outcome else {
            Issue.record("it was not tried again")
            return
        }
        #expect(at == .noon + .seconds(5))
    }
}
