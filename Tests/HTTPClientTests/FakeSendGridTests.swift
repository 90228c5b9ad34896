/// The provider that other tests send mails to.

import HTTP
import HTTPClient
import StrictJSON
import TLS
import TestKit
import Testing

@Suite struct `A fake SendGrid` {
    private static let mail = """
        {"personalizations":[{"to":[{"email":"ann@example.com"}]}],"subject":"Hello",\
        "content":[{"type":"text/plain","value":"text"},{"type":"text/html","value":"<p>"}]}
        """

    @Test func `takes mails, records them, and says what it was told to`() async throws {
        let sendGrid = try await FakeSendGrid.start(answers: [FakeSendGrid.refused(429, message: "slow down")])
        try await withClient(of: sendGrid.baseURL, trusting: .file(path: sendGrid.caFile)) { client in
            let refused = try await Self.send(client)
            #expect(refused.status == .tooManyRequests)
            let body = try JSON(parsing: refused.body)
            #expect(body["errors"]?.arrayValue?.first?["message"]?.stringValue == "slow down")
            let accepted = try await Self.send(client)
            #expect(accepted.status == .accepted)
            #expect(accepted["X-Message-Id"] == "fake-message-id")
        }
        let mails = try await sendGrid.mails(count: 2)
        #expect(mails.map(\.apiKey) == ["SG.key", "SG.key"])
        #expect(mails[0].to == "ann@example.com")
        #expect(mails[0].subject == "Hello")
        #expect(mails[0].text == "text")
        #expect(mails[0].html == "<p>")
        #expect(mails[0].request.target == "/v3/mail/send")
    }

    @Test func `waits for mails no longer than it was told to`() async throws {
        let sendGrid = try await FakeSendGrid.start()
        await #expect(throws: FakeSendGrid.TooFew.self) {
            _ = try await sendGrid.mails(count: 1, within: .milliseconds(10))
        }
    }

    private static func send(_ client: HTTPClient) async throws -> ClientResponse {
        try await client.send(
            .post, "/v3/mail/send",
            fields: [("Authorization", "Bearer SG.key"), ("Content-Type", "application/json")], body: Array(mail.utf8))
    }
}
