import Foundation
import TestKit
import Testing

/// The built binary, through its sockets: what wrong passwords bring about.
@Suite struct `Wrong logins` {
    private let ann = "ann@example.com"
    private let right = "ann's password of old"

    private func service() async throws -> RunningKeyturn {
        let keyturn = try await RunningKeyturn.serve(["KEYTURN_SERVER_TRUSTED_PROXIES": "127.0.0.1"])
        let added = try await keyturn.command("user", "add", ann, "--password-stdin", input: right + "\n")
        try #require(added.status == 0, "\(added.errors)")
        return keyturn
    }

    private func login(_ keyturn: RunningKeyturn, _ password: String, from client: String = "192.0.2.1") async throws
        -> Visitor.Answer
    {
        try await keyturn.visitor.post(
            "/login", json: #"{"email": "\#(ann)", "password": "\#(password)"}"#, ["X-Forwarded-For: \(client)"])
    }

    /// The status of the answer, and how many seconds it took.
    private func timedLogin(
        _ keyturn: RunningKeyturn, _ password: String, from client: String = "192.0.2.1"
    ) async throws -> (status: Int, seconds: Double) {
        let began = ContinuousClock.now
        let status = try await login(keyturn, password, from: client).status
        return (status, (ContinuousClock.now - began) / .seconds(1))
    }

    @Test func `delay the next attempt of a client that hung up, and of no other, before it is hashed`() async throws {
        let keyturn = try await service()
        for _ in 1...5 { #expect(try await login(keyturn, "wrong").status == 401) }
        let sixth = try await timedLogin(keyturn, "wrong")
        #expect(sixth.status == 401)
        #expect(sixth.seconds >= 0.9)
        // The seventh wrong answer is delayed by two seconds. The client does not wait for it.
        let body = #"{"email": "\#(ann)", "password": "wrong"}"#
        let head = [
            "POST /login HTTP/1.1", "Host: a", "X-Forwarded-For: 192.0.2.1", "Content-Type: application/json",
            "Content-Length: \(body.utf8.count)", "", body,
        ]
        let sent = ContinuousClock.now
        try await keyturn.visitor.hangUp(Array(head.joined(separator: "\r\n").utf8), after: .milliseconds(100))
        async let own = timedLogin(keyturn, right)
        let other = try await timedLogin(keyturn, right, from: "198.51.100.7")
        #expect(other.status == 200)
        #expect(other.seconds < 1.9)
        let waited = try await own
        #expect(waited.status == 200)
        // From the attempt that was hung up: how long that took to be sent is no part of the delay.
        #expect((1.9...20).contains((ContinuousClock.now - sent) / .seconds(1)))
        #expect(await keyturn.stop() == 0)
    }

    @Test func `of one client at one address run one after the other: four wait, the rest is told when to come back`()
        async throws
    {
        let keyturn = try await service()
        for _ in 1...7 { #expect(try await login(keyturn, "wrong").status == 401) }
        // The eighth is delayed by four seconds.
        try await withThrowingTaskGroup(of: Visitor.Answer.self) { group in
            for _ in 1...10 { group.addTask { try await login(keyturn, "wrong") } }
            for _ in 1...5 {
                let answer = try #require(try await group.next())
                #expect(answer.status == 429)
                #expect(answer.json("code") == "rate_limited")
                #expect(answer["retry-after"] == "8")
            }
            #expect(try await login(keyturn, right, from: "198.51.100.7").status == 200)
            // The answers to those that wait take half a minute: not waited for.
            await keyturn.stop(SIGKILL)
            while let answer = await group.nextResult() { #expect((try? answer.get())?.status != 200) }
        }
    }
}
