import Foundation
import StrictJSON
import TestKit
import Testing

/// The built binary against a provider that speaks TLS with a certificate of its own authority.
@Suite struct `Mail through SendGrid` {
    func service(_ sendGrid: FakeSendGrid, _ changes: [String: String] = [:]) async throws -> RunningKeyturn {
        let settings = [
            "KEYTURN_MAIL_PROVIDER": "sendgrid", "SENDGRID_API_KEY": "SG.test\n",
            "KEYTURN_MAIL_SENDGRID_BASE_URL": sendGrid.baseURL, "KEYTURN_MAIL_SENDGRID_CA_FILE": sendGrid.caFile,
        ]
        let keyturn = try await RunningKeyturn.serve(settings.merging(changes) { _, new in new })
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
        #expect(mail.request["user-agent"]?.hasPrefix("keyturn/") == true)
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

    @Test func `goes on after SIGHUP where the file of certificates was the wrong one`() async throws {
        let sendGrid = try await FakeSendGrid.start()
        let directory = try RunningKeyturn.temporaryDirectory()
        let file = directory.appending(path: "authority.pem")
        try Data(try ServerIdentity().authority.utf8).write(to: file)
        let keyturn = try await service(sendGrid, ["KEYTURN_MAIL_SENDGRID_CA_FILE": file.path])
        #expect(try await ask(keyturn, "ann@example.com") == 202)
        for _ in 0..<400 where !keyturn.log.contains("certificate:") { try await Task.sleep(for: .milliseconds(50)) }
        #expect(sendGrid.mails.isEmpty)
        try Data(contentsOf: URL(filePath: sendGrid.caFile)).write(to: file)
        kill(keyturn.pid, SIGHUP)
        _ = try await sendGrid.mails(count: 1, within: .seconds(60))
        #expect(keyturn.log.contains("mail.sendgrid.caFile"))
        try Data("no certificate".utf8).write(to: file)
        kill(keyturn.pid, SIGHUP)
        let words = "the former stay in use"
        for _ in 0..<400 where !keyturn.log.contains(words) { try await Task.sleep(for: .milliseconds(50)) }
        #expect(keyturn.log.contains(words))
        #expect(await keyturn.stop() == 0)
        try? FileManager.default.removeItem(at: directory)
    }

    @Test func `is tried in the sandbox, with all that is configured`() async throws {
        let sendGrid = try await FakeSendGrid.start(answers: [.respond(200)])
        let directory = try RunningKeyturn.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let tried = try await RunningKeyturn.run(
            ["mail", "test", "me@example.com", "--sandbox"],
            environment: RunningKeyturn.environment(
                in: directory,
                [
                    "KEYTURN_MAIL_PROVIDER": "sendgrid", "SENDGRID_API_KEY": "SG.test",
                    "KEYTURN_MAIL_SENDGRID_BASE_URL": sendGrid.baseURL,
                    "KEYTURN_MAIL_SENDGRID_CA_FILE": sendGrid.caFile,
                    "KEYTURN_MAIL_SENDGRID_REPLY_TO": "help@example.com",
                    "KEYTURN_MAIL_SENDGRID_CATEGORIES": "accounts",
                ]))
        #expect(tried.status == 0, "\(tried.errors)")
        #expect(tried.output == "accepted by sendgrid\n")
        let mail = try #require(sendGrid.mails.first)
        #expect(mail.json["mail_settings"]?["sandbox_mode"]?["enable"] == .bool(true))
        #expect(mail.json["reply_to"]?["email"] == .string("help@example.com"))
        #expect(mail.json["categories"] == .array([.string("test"), .string("accounts")]))
        sendGrid.stop()
    }

    @Test func `goes through the proxy of the environment, unless it is told not to`() async throws {
        let sendGrid = try await FakeSendGrid.start(named: "api.sendgrid.test")
        let proxy = try ProxyServer()
        let directory = try RunningKeyturn.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        func test(_ changes: [String: String]) async throws -> (status: Int32, output: String, errors: String) {
            let settings = [
                "KEYTURN_MAIL_PROVIDER": "sendgrid", "SENDGRID_API_KEY": "SG.test",
                "KEYTURN_MAIL_SENDGRID_BASE_URL": sendGrid.baseURL, "KEYTURN_MAIL_SENDGRID_CA_FILE": sendGrid.caFile,
                "HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)",
            ]
            return try await RunningKeyturn.run(
                ["mail", "test", "me@example.com"],
                environment: RunningKeyturn.environment(in: directory, settings.merging(changes) { _, new in new }))
        }
        let tried = try await test([:])
        #expect(tried.status == 0, "\(tried.errors)")
        #expect(sendGrid.mails.map(\.apiKey) == ["SG.test"])
        let head = try #require(proxy.heads.first)
        #expect(head.hasPrefix("CONNECT api.sendgrid.test:") && !head.contains("SG.test"))
        #expect(head.contains("\r\nUser-Agent: keyturn/"))
        let direct = try await test(["NO_PROXY": "sendgrid.test"])
        #expect(direct.status == 1)
        #expect(direct.errors.contains("not sent: resolving: DNS "))
        #expect(proxy.heads.count == 1)
        proxy.stop()
        sendGrid.stop()
    }

    @Test func `carries the link to a template at the provider`() async throws {
        let sendGrid = try await FakeSendGrid.start()
        let template = "d-0123456789abcdef0123456789abcdef"
        let keyturn = try await service(sendGrid, ["KEYTURN_MAIL_SENDGRID_TEMPLATE_ID": template])
        #expect(try await ask(keyturn, "ann@example.com") == 202)
        let mail = try #require(try await sendGrid.mails(count: 1, within: .seconds(20)).first)
        #expect(mail.json["template_id"] == .string(template))
        #expect(mail.json["content"] == nil)
        let data = try #require(mail.json["personalizations"]?.arrayValue?.first?["dynamic_template_data"])
        let link = try #require(data["link"]?.stringValue)
        #expect(link.hasPrefix("https://accounts.example.com/reset-password?token="))
        #expect(
            try await keyturn.visitor.get(String(link.dropFirst("https://accounts.example.com".count))).status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `that bounced is told to the operator`() async throws {
        let sendGrid = try await FakeSendGrid.start()
        let signer = try WebhookSigner()
        let keyturn = try await service(
            sendGrid, ["KEYTURN_MAIL_SENDGRID_EVENTS_PUBLIC_KEY": signer.publicKey])
        #expect(try await ask(keyturn, "ann@example.com") == 202)
        let mail = try #require(try await sendGrid.mails(count: 1, within: .seconds(20)).first)
        let row = try #require(mail.json["custom_args"]?["outbox_id"]?.stringValue)
        let now = Int64(Date().timeIntervalSince1970)
        let body =
            #"[{"event":"bounce","email":"Ann@example.com","outbox_id":"\#(row)","reason":"550 no mailbox Ann@example.com","#
            + #""sg_event_id":"e1","sg_message_id":"fake-message-id.filter-1","timestamp":\#(now)}]"# + "\r\n"
        let fields = try signer.fields(at: now, body)
        #expect(try await keyturn.visitor.post("/sendgrid/events", json: body + " ", fields).status == 403)
        // SendGrid's batches may be longer than any other body is let in.
        for (bytes, status) in [(800_000, 204), (1_048_576, 204), (1_048_577, 413)] {
            let long = "[" + String(repeating: " ", count: bytes - 2) + "]"
            let signed = try signer.fields(at: now, long)
            #expect(try await keyturn.visitor.post("/sendgrid/events", json: long, signed).status == status)
        }
        #expect(try await keyturn.visitor.post("/sendgrid/events", json: body, fields).status == 204)
        #expect(try await keyturn.visitor.post("/sendgrid/events", json: body, fields).status == 204)
        // The outcome is written a moment after the provider's answer.
        let deadline = ContinuousClock.now + .seconds(20)
        var shown = ""
        while !shown.contains("bounced"), ContinuousClock.now < deadline {
            shown = try await keyturn.command("user", "show", "ann@example.com").output
        }
        #expect(shown.contains("550 no mailbox (address)"))
        #expect(shown.contains("last mails: 2"))
        let listed = try await keyturn.command("outbox", "list").output
        #expect(listed.contains("reported by the provider: 1"))
        #expect(listed.contains("user 1") && listed.contains("bounced"))
        let json = try await keyturn.command("outbox", "list", "--json").output
        #expect(json.hasPrefix(#"{"id":\#(row),"user_id":"1","report":"bounced","at":""#))
        #expect(json.hasSuffix(#""reason":"550 no mailbox (address)"}"# + "\n"))
        #expect(!keyturn.log.contains("Ann@"))
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
        // On a terminal one sees how far it is.
        let purged = try await RunningKeyturn.run(
            ["-qec", "'\(RunningKeyturn.binary.path)' outbox purge --address ann@example.com", "/dev/null"],
            of: URL(fileURLWithPath: "/usr/bin/script"), environment: RunningKeyturn.environment(in: keyturn.directory))
        #expect(purged.output.contains("\r1 deleted  \r\n1 deleted\r\n"), "\(purged.output)")
        #expect(await keyturn.stop() == 0)
    }

    @Test func `goes out with a new key after SIGHUP, without a restart`() async throws {
        let sendGrid = try await FakeSendGrid.start()
        sendGrid.answerNext(with: FakeSendGrid.refused(401, message: "The provided authorization grant is invalid"))
        let directory = try RunningKeyturn.temporaryDirectory()
        let keyFile = directory.appending(path: "sendgrid-key")
        try Data("SG.old-key-of-a-test\n".utf8).write(to: keyFile)
        let settings = [
            "KEYTURN_MAIL_PROVIDER": "sendgrid", "KEYTURN_MAIL_SENDGRID_API_KEY_FILE": keyFile.path,
            "KEYTURN_MAIL_SENDGRID_BASE_URL": sendGrid.baseURL, "KEYTURN_MAIL_SENDGRID_CA_FILE": sendGrid.caFile,
        ]
        let keyturn = try await RunningKeyturn.serve(in: directory, settings)
        _ = try await keyturn.command("user", "add", "ann@example.com")
        #expect(try await ask(keyturn, "ann@example.com") == 202)
        #expect(try await sendGrid.mails(count: 1, within: .seconds(20)).map(\.apiKey) == ["SG.old-key-of-a-test"])
        func log(has words: String) async throws {
            for _ in 0..<400 where !keyturn.log.contains(words) { try await Task.sleep(for: .milliseconds(50)) }
            try #require(keyturn.log.contains(words), "\(keyturn.log)")
        }
        try await log(has: "sending stopped")

        // A key that is missing changes nothing.
        try Data("\n".utf8).write(to: keyFile)
        kill(keyturn.pid, SIGHUP)
        try await log(has: "not reloaded, nothing was changed")
        try Data("SG.new-key-of-a-test\n".utf8).write(to: keyFile)
        kill(keyturn.pid, SIGHUP)
        // At once: the next probe with the old key was due a minute after the first.
        let mails = try await sendGrid.mails(count: 2, within: .seconds(20))
        #expect(mails.last?.apiKey == "SG.new-key-of-a-test")
        try await log(has: "sending works again")
        #expect(keyturn.log.contains("what=log.level,mail.sendgrid.apiKey"))
        #expect(!keyturn.log.contains("needs a restart") && !keyturn.log.contains("-key-of-a-test"))
        #expect(try await keyturn.visitor.get("/readyz").status == 200)
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
