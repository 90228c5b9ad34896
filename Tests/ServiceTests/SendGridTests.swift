import Foundation
import TestKit
import Testing

/// The built binary against a provider that speaks TLS with a certificate of its own authority.
@Suite struct `Mail through SendGrid` {
    func service(_ sendGrid: FakeSendGrid) async throws -> RunningKeyturn {
        let keyturn = try await RunningKeyturn.serve([
            "KEYTURN_MAIL_PROVIDER": "sendgrid", "SENDGRID_API_KEY": "SG.test\n",
            "KEYTURN_MAIL_SENDGRID_BASE_URL": sendGrid.baseURL, "KEYTURN_MAIL_SENDGRID_CA_FILE": sendGrid.caFile,
        ])
        _ = try await keyturn.command("user", "add", "Ann@example.com")
        return keyturn
    }

    func ask(_ keyturn: RunningKeyturn, _ email: String) async throws -> Int {
        try await keyturn.visitor.post("/forgot-password", json: #"{"email": "\#(email)"}"#).status
    }

    @Test func `goes to the stored address, and its link works`() async throws {
        let sendGrid = try await FakeSendGrid.start()
        let keyturn = try await service(sendGrid)
        #expect(try await ask(keyturn, "ANN@EXAMPLE.COM") == 202)
        let mail = try #require(try await sendGrid.mails(count: 1, within: .seconds(20)).first)
        #expect(mail.to == "Ann@example.com")
        #expect(mail.apiKey == "SG.test")
        let line = try #require(
            mail.text?.components(separatedBy: "\n").first { $0.contains("/reset-password?token=") })
        let token = try #require(line.components(separatedBy: "token=").last)
        let answer = try await keyturn.visitor.post(
            "/reset-password", json: #"{"token": "\#(token)", "password": "a password nobody knows"}"#)
        #expect(answer.status == 200)
        let changed = try #require(try await sendGrid.mails(count: 2, within: .seconds(20)).last)
        let words = try #require(changed.text)
        #expect(!words.contains("token="))
        #expect(await keyturn.stop() == 0)
    }

    @Test func `stands still while the key is refused, and the operator hears why`() async throws {
        let sendGrid = try await FakeSendGrid.start()
        sendGrid.answerNext(with: FakeSendGrid.refused(401, message: "The provided authorization grant is invalid"))
        let keyturn = try await service(sendGrid)
        #expect(try await ask(keyturn, "ann@example.com") == 202)
        _ = try await sendGrid.mails(count: 1, within: .seconds(20))
        let deadline = ContinuousClock.now + .seconds(20)
        var shown = ""
        while !shown.contains("401: The provided authorization grant is invalid"), ContinuousClock.now < deadline {
            shown = try await keyturn.command("user", "show", "ann@example.com").output
        }
        #expect(shown.contains("401: The provided authorization grant is invalid"))
        #expect(shown.contains("open requests: 1"))
        #expect(try await keyturn.visitor.get("/readyz").status == 503)
        for verb in ["retry", "purge"] {
            let unknown = try await keyturn.command("outbox", verb, "4711")
            #expect(unknown.status == 1)
            #expect(unknown.errors.contains("row has the id 4711"))
            #expect(unknown.output.isEmpty)
        }
        #expect(await keyturn.stop() == 0)
    }

    @Test func `is tried again when the provider was busy`() async throws {
        let sendGrid = try await FakeSendGrid.start()
        sendGrid.answerNext(with: FakeSendGrid.refused(503, message: "try later"))
        let keyturn = try await service(sendGrid)
        #expect(try await ask(keyturn, "ann@example.com") == 202)
        _ = try await sendGrid.mails(count: 2, within: .seconds(20))
        #expect(!keyturn.log.contains("ann@example.com") && !keyturn.log.contains("SG.test"))
        #expect(await keyturn.stop() == 0)
    }
}
