import HTTPClient
import Keyturn
import Sockets
import StrictJSON
import TLS
import TestKit
import Testing

@testable import Mailroom

@Suite struct `SendGrid over TLS` {
    private func letter() throws -> Letter {
        Letter(
            to: try #require(Recipient(.ann)), kind: .resetLink, outboxID: OutboxID(42), subject: "Reset",
            text: "Hello\n",
            html: "<p>Hello</p>")
    }

    /// Sends one letter to a SendGrid that answers so.
    private func send(_ answers: Answer...) async throws -> (verdict: Verdict, mails: [FakeSendGrid.Mail]) {
        let server = try await FakeSendGrid.start(answers: answers)
        defer { server.stop() }
        let loops = try EventLoops(count: 1)
        // The server is in this process, and waits for its turn among all tests.
        var patience = HTTPClientOptions()
        (patience.firstByteLimit, patience.totalLimit) = (.seconds(60), .seconds(90))
        let client = HTTPClient(
            to: try #require(Origin(parsing: server.baseURL)), trust: .file(path: server.caFile), loops: loops,
            options: patience)
        let carrier = try SendGrid(
            client: client, clock: SettableClock().wall,
            options: SendGridOptions(
                apiKey: "SG.secret\n", from: Sender(email: "noreply@example.com", name: "Example")))
        let verdict = await carrier.carry(try letter())
        await client.shutDown()
        await loops.shutDown()
        return (verdict, server.mails)
    }

    @Test func `takes a letter once, with the key and the body of its API`() async throws {
        let (verdict, mails) = try await send()
        #expect(verdict == .delivered(messageID: "fake-message-id"))
        let mail = try #require(mails.first)
        #expect(mails.count == 1)
        #expect(mail.request["content-type"] == "application/json")
        #expect(mail.apiKey == "SG.secret")
        #expect(mail.to == "Ann@example.com")
        #expect(mail.text == "Hello\n")
        #expect(mail.html == "<p>Hello</p>")
        #expect(mail.json["custom_args"]?["outbox_id"]?.stringValue == "42")
    }

    @Test func `says why it refuses, and for how long it is busy`() async throws {
        let refused = try await send(FakeSendGrid.refused(400, message: "Bad <ann@example.com>"))
        #expect(refused.verdict == .never(reason: "400: Bad (address)"))
        let busy = try await send(FakeSendGrid.refused(429, message: "too many", fields: [("Retry-After", "20")]))
        #expect(busy.verdict == .later(after: .seconds(20), reason: "429: too many", pausesEverybody: true))
        let unauthorized = try await send(FakeSendGrid.refused(401, message: "The provided key is wrong"))
        #expect(unauthorized.verdict == .stop(reason: "401: The provided key is wrong"))
    }

    @Test func `refuses a letter once, however long its words are`() async throws {
        let words = String(repeating: "too long ", count: 100_000)
        for answer in [
            FakeSendGrid.refused(400, message: words),
            .raw("HTTP/1.1 400 Bad\r\nContent-Length: 9000000000\r\n\r\n{\"errors\":[{\"message\":\"\(words)"),
            .rawAndReset(
                "HTTP/1.1 400 Bad\r\nContent-Length: 900\r\n\r\n{\"errors\":[{\"message\":\"too long too long"),
        ] {
            let (verdict, mails) = try await send(answer)
            guard case .never(let reason) = verdict else {
                Issue.record("\(verdict)")
                continue
            }
            #expect(reason.hasPrefix("400: too long too long"))
            #expect(mails.count == 1)
        }
        let taken = Answer.rawAndReset("HTTP/1.1 202 Accepted\r\nX-Message-Id: m\r\nContent-Length: 900\r\n\r\n")
        #expect(try await send(taken).verdict == .delivered(messageID: "m"))
    }

    @Test func `tells a letter that was not handed over from one whose answer never came`() async throws {
        for answer in [Answer.rawAndClose(""), .rawAndReset("HTTP/1.1 20"), .raw("SSH-2.0-x\r\n")] {
            guard case .answerLost(let reason) = try await send(answer).verdict else {
                Issue.record("\(answer)")
                continue
            }
            #expect(reason.hasPrefix("waiting: ") || reason.hasPrefix("receiving: "))
        }
    }

    @Test func `is unreachable where nobody listens`() async throws {
        let server = try await FakeSendGrid.start()
        let (url, authority) = (server.baseURL, server.caFile)
        server.stop()
        let loops = try EventLoops(count: 1)
        let client = HTTPClient(to: try #require(Origin(parsing: url)), trust: .file(path: authority), loops: loops)
        let carrier = try SendGrid(
            client: client, clock: SettableClock().wall,
            options: SendGridOptions(apiKey: "SG.secret", from: Sender(email: "noreply@example.com", name: "")))
        guard case .unreachable(let reason) = await carrier.carry(try letter()) else {
            Issue.record("somebody answered")
            return
        }
        #expect(!reason.isEmpty)
        await client.shutDown()
        await loops.shutDown()
    }

    @Test func `is not made with a key that cannot stand in a header`() async throws {
        let loops = try EventLoops(count: 1)
        let client = HTTPClient(
            to: try #require(Origin(parsing: "https://localhost:1")), trust: .system, loops: loops)
        #expect(throws: SendGrid.APIKeyRefused()) {
            try SendGrid(
                client: client, clock: SettableClock().wall,
                options: SendGridOptions(apiKey: "SG.a b", from: Sender(email: "noreply@example.com", name: "")))
        }
        await client.shutDown()
        await loops.shutDown()
    }
}
