import Foundation
import StrictJSON
import TestKit
import Testing

@Suite struct `Hostile input` {
    let ann = "ann@example.com"

    func service(_ people: String...) async throws -> RunningKeyturn {
        let keyturn = try await RunningKeyturn.serve()
        for email in people {
            let added = try await keyturn.command("user", "add", email)
            try #require(added.status == 0, "\(added.errors)")
        }
        return keyturn
    }

    func ask(_ keyturn: RunningKeyturn, _ email: String) async throws -> Visitor.Answer {
        try await keyturn.visitor.post("/forgot-password", json: "{\"email\": \(Forger.json(email))}")
    }

    @Test func `in a field that is no text, or stands twice, is refused everywhere`() async throws {
        let keyturn = try await service(ann)
        let doors: [(path: String, fields: [String])] = [
            ("/forgot-password", ["email"]), ("/login", ["email", "password"]),
            ("/reset-password", ["token", "password", "confirm_password"]), ("/not-me", ["token"]),
        ]
        for door in doors {
            for field in door.fields {
                let others = door.fields.filter { $0 != field }.map { "\"\($0)\":\"ann@example.com\"," }.joined()
                for value in ["null", "1", "true", "[]", "{}", "[\"\(ann)\"]", "{\"$ne\":\"\"}", "[\"a\",\"b\"]"] {
                    let answer = try await keyturn.visitor.post(door.path, json: "{\(others)\"\(field)\":\(value)}")
                    // Nobody asked for the confirmation; null is not the same as leaving it out.
                    #expect(answer.status == 400, "\(door.path) \(field) \(value)")
                    #expect(
                        answer.json("code") == "request_invalid"
                            || door.path == "/reset-password" && field == "confirm_password")
                }
                for second in [
                    "\"\(field)\"", "\"\\u00\(String(field.utf8.first ?? 0, radix: 16))\(field.dropFirst())\"",
                ] {
                    let answer = try await keyturn.visitor.post(
                        door.path, json: "{\(others)\"\(field)\":\"\(ann)\",\(second):\"eve@example.com\"}")
                    #expect(answer.json("code") == "request_invalid", "\(door.path) \(second)")
                }
                let pairs = door.fields.map { ($0, ann) } + [(field, "eve@example.com")]
                #expect(
                    try await keyturn.visitor.post(door.path, form: pairs).status == 400, "\(door.path) \(field) twice")
            }
        }
        try await Task.sleep(for: .milliseconds(200))
        #expect(keyturn.mails.isEmpty)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `too deep, too large or no JSON at all is refused, and the next visitor served`() async throws {
        let keyturn = try await service()
        let deep = String(repeating: "[", count: 20_000)
        let nested = String(repeating: "{\"a\":", count: 3_000)
        for body in [
            deep, nested, "{\"email\":\(deep)",
            "{\"x\":\(deep.dropLast(19_000))\(String(repeating: "]", count: 1_000)),\"email\":\"a@b.example\"}", "",
            "null", "[]", "{\"email\":\"\\ud800@example.com\"}", "{\"email\":1e999999}", "\u{FEFF}{}",
        ] {
            let answer = try await keyturn.visitor.post("/forgot-password", json: body)
            #expect(answer.status == 400, "\(body.prefix(20))")
        }
        let large = try await keyturn.visitor.raw(
            Array(
                "POST /forgot-password HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10000000\r\n\r\n{"
                    .utf8))
        #expect(String(decoding: large, as: UTF8.self).hasPrefix("HTTP/1.1 413 "))
        #expect(try await keyturn.visitor.get("/healthz").status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `that holds two addresses reaches neither`() async throws {
        let keyturn = try await service(ann, "last@example.com")
        let separators = [
            ",", ";", "|", " ", "\t", "\n", "\r\n", "\0", "%0a", "%2c", "\u{2028}", "\u{FF0C}", "\u{A0}", "\u{200B}",
            "/", "&email=", "\r\nBcc: ", "\\", ":", "<", ">", "(", "@",
        ]
        for separator in separators {
            for text in ["\(ann)\(separator)eve@example.org", "eve@example.org\(separator)\(ann)"] {
                let answer = try await ask(keyturn, text)
                #expect(answer.status == 422, "\(text.debugDescription)")
                #expect(answer.json("code") == "email_invalid")
            }
        }
        let alone = [
            "<\(ann)>", "Ann <\(ann)>", "\"ann\"@example.com", "mailto:\(ann)", "ann@example.com(x)", "\(ann)\0",
            "\(ann)\n", "\r\n\(ann)",
            "\u{202E}\(ann)", "ann@[127.0.0.1]", "ann@", "@example.com", "ann@.example.com",
            "\u{FEFF}\(ann)",
        ]
        for text in alone { #expect(try await ask(keyturn, text).status == 422, "\(text.debugDescription)") }
        #expect(try await ask(keyturn, "last@example.com").status == 202)
        #expect(try await keyturn.mails(1).map(\.to) == ["last@example.com"])
        #expect(await keyturn.stop() == 0)
    }

    @Test func `that looks like a known address is another one`() async throws {
        let keyturn = try await service("mike@example.org", "kate@example.org", "jose@example.org", "last@example.org")
        let twins = [
            "m\u{131}ke@example.org", "m\u{456}ke@example.org", "mi\u{212A}e@example.org", "\u{212A}ate@example.org",
            "ka\u{FF54}e@example.org",
            "\u{FF4D}ike@example.org", "jos\u{E9}@example.org", "jose\u{301}@example.org", "mike@example\u{3002}org",
            "mike@ex\u{430}mple.org", "m\u{130}ke@example.org", "mike+x@example.org", "mike@example.org.",
            "mi.ke@example.org",
        ]
        for twin in twins { #expect([202, 422].contains(try await ask(keyturn, twin).status), "\(twin)") }
        #expect(try await ask(keyturn, "last@example.org").status == 202)
        // Requests are served in the order they came: when the last has its mail, the others had their turn.
        _ = try await keyturn.mails(1)
        try await Task.sleep(for: .milliseconds(300))
        #expect(keyturn.mails.map(\.to) == ["last@example.org"])
        #expect(await keyturn.stop() == 0)
    }

    @Test func `in other capitals spends the same account's mails`() async throws {
        let keyturn = try await service(ann)
        for spelling in [
            "ann@example.com", "ANN@example.com", "Ann@Example.Com", "aNN@EXAMPLE.COM", "anN@example.com",
            " ann@example.com", "ann@example.COM\t",
        ] {
            #expect(try await ask(keyturn, spelling).status == 202)
            try await Task.sleep(for: .milliseconds(150))
        }
        #expect((1...3).contains(try await keyturn.mails(1).count))
        #expect(keyturn.mails.count <= 3)
        #expect(keyturn.mails.allSatisfy { $0.to == ann })
        #expect(await keyturn.stop() == 0)
    }

    @Test func `from a page of another site is refused`() async throws {
        let keyturn = try await service(ann)
        let foreign = [
            ["Origin: https://evil.example"], ["Origin: https://accounts.example.com.evil.example"],
            ["Origin: http://accounts.example.com"],
            ["Origin: https://accounts.example.com:8443"], ["Origin: https://accounts.example.com/"],
            ["Sec-Fetch-Site: cross-site"],
            ["Origin: null", "Sec-Fetch-Site: cross-site"],
            ["Origin: https://accounts.example.com", "Sec-Fetch-Site: cross-site"],
            ["Origin: "],
        ]
        for (path, form) in [
            ("/forgot-password", [("email", ann)]), ("/login", [("email", ann), ("password", "x")]),
            ("/reset-password", [("token", "x"), ("password", "y"), ("confirm_password", "y")]),
            ("/not-me", [("token", "x")]),
        ] {
            for fields in foreign {
                let answer = try await keyturn.visitor.post(path, form: form, fields + ["Accept: application/json"])
                #expect(answer.status == 403, "\(path) \(fields)")
                #expect(answer.json("code") == "origin_refused")
            }
        }
        try await Task.sleep(for: .milliseconds(200))
        #expect(keyturn.mails.isEmpty)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `sends nobody to another site`() async throws {
        let keyturn = try await service(ann)
        let evil = "//evil.example"
        let poisoned = [
            "Host: evil.example", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: http",
            "Forwarded: host=evil.example;proto=http", "X-Original-URL: /evil", "Referer: https://evil.example/",
        ]
        for path in [
            "//evil.example", "/%2f/evil.example", "/\\evil.example", "/.well-known/change-password?next=\(evil)",
            "/login?next=\(evil)", "/forgot-password?return_to=https:\(evil)",
        ] {
            let answer = try await keyturn.visitor.get(path, poisoned + ["Accept: text/html"])
            #expect(!(answer["location"] ?? "").contains("evil"), "\(path)")
            #expect(!answer.text.contains("evil"), "\(path)")
        }
        let hostile = ["next", "redirect", "redirect_uri", "return_to", "url"].map { ($0, "https://evil.example/") }
        let asked = try await keyturn.visitor.post(
            "/forgot-password?next=\(evil)", form: [("email", ann)] + hostile,
            ["Accept: text/html"] + poisoned.dropLast())
        #expect(asked.status == 303)
        #expect(asked["location"]?.hasSuffix("/forgot-password/sent") == true)
        #expect(asked["location"]?.contains("evil") == false)
        let mail = try #require(try await keyturn.mails(1).first)
        #expect(!mail.text.contains("evil") && !mail.html.contains("evil"))
        #expect(await keyturn.stop() == 0)
    }

    @Test func `cannot write a line of the log, or move a cursor`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let keyturn = try await RunningKeyturn.serve(in: directory, ["KEYTURN_LOG_LEVEL": "trace"])
        _ = try await keyturn.command("user", "add", ann)
        let line = "time=2026-01-01T00:00:00Z level=info event=forged"
        for text in ["ann@example.com\n\(line)", "\(line)\u{1B}[2J@example.com", "\u{2028}\(line)"] {
            _ = try await ask(keyturn, text)
            _ = try await keyturn.visitor.post(
                "/login", json: "{\"email\": \(Forger.json(text)), \"password\": \(Forger.json(text))}")
            _ = try await keyturn.visitor.post("/not-me", json: "{\"token\": \(Forger.json(text))}")
            let encoded = text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            _ = try await keyturn.visitor.get(
                "/\(encoded)?\(encoded)=\(encoded)", ["User-Agent: \(line)", "X-Request-Id: \(line)"])
        }
        // What a person's device is called ends up in the mail, and in what operators look at.
        _ = try await keyturn.visitor.post(
            "/forgot-password", json: #"{"email": "ann@example.com"}"#,
            ["User-Agent: <b>\u{9B}31m \(line)</b>", "Accept-Language: \(line)"])
        let mail = try #require(try await keyturn.mails(1).first)
        #expect(!mail.html.contains("<b>\u{9B}") && !mail.text.contains("forged"))
        let lines = keyturn.log.components(separatedBy: "\n").dropLast()
        #expect(lines.count > 5)
        #expect(lines.allSatisfy { $0.hasPrefix("time=20") && !$0.contains("event=forged") })
        expectPrintable(keyturn.log, "log")
        for arguments in [
            ["user", "show", ann], ["user", "show", ann, "--json"], ["user", "show", "x\u{1B}[2J@example.com"],
            ["user", "show", "x\u{202E}@example.com"], ["outbox", "list"], ["outbox", "list", "--json"],
            ["user", "list"],
            ["user", "list", "--json"], ["outbox", "retry", "\u{1B}[2J"], ["\u{1B}[2J"], ["\u{9B}2J\u{2028}\u{200B}"],
            ["--config", "\u{9B}2J\u{202E}.json", "doctor"], ["user", "import", "\u{9B}2J\u{202E}.csv"],
            ["config", "check", "--set", "mail.\u{202E}=\u{9B}2J"],
        ] {
            let ended = try await RunningKeyturn.run(arguments, environment: RunningKeyturn.environment(in: directory))
            expectPrintable(ended.output + ended.errors, "\(arguments)")
        }
        let forger = Forger(id: "1", email: ann, hash: "x")
        let token = forger.token("{\"alg\":\"\u{1B}[2J\"}", "{\"sub\":\"\u{1B}]0;owned\u{7}\u{202E}\"}")
        let inspected = try await keyturn.command("token", "inspect", token)
        #expect(inspected.status == 1)
        #expect(inspected.output.contains("owned"))
        expectPrintable(inspected.output + inspected.errors, "token inspect")
        #expect(await keyturn.stop() == 0)
    }

    @Test(arguments: ["logfmt", "json"])
    func `in a provider's words reaches no terminal: not as a table, as JSON, as an error or in the log`(
        format: String
    ) async throws {
        let signer = try WebhookSigner()
        let sendGrid = try await FakeSendGrid.start()
        let said = "no " + Self.unprintable.map(String.init).joined(separator: " ") + " end"
        let keyturn = try await RunningKeyturn.serve([
            "KEYTURN_MAIL_PROVIDER": "sendgrid", "SENDGRID_API_KEY": "SG.test", "KEYTURN_LOG_FORMAT": format,
            "KEYTURN_MAIL_SENDGRID_BASE_URL": sendGrid.baseURL, "KEYTURN_MAIL_SENDGRID_CA_FILE": sendGrid.caFile,
            "KEYTURN_MAIL_SENDGRID_EVENTS_PUBLIC_KEY": signer.publicKey,
        ])
        let settings = [
            "KEYTURN_MAIL_PROVIDER": "sendgrid", "SENDGRID_API_KEY": "SG.test",
            "KEYTURN_MAIL_SENDGRID_BASE_URL": sendGrid.baseURL, "KEYTURN_MAIL_SENDGRID_CA_FILE": sendGrid.caFile,
        ]
        func run(_ arguments: String...) async throws -> (status: Int32, output: String, errors: String) {
            try await RunningKeyturn.run(
                arguments, environment: RunningKeyturn.environment(in: keyturn.directory, settings))
        }
        _ = try await run("user", "add", ann)
        sendGrid.answerNext(with: FakeSendGrid.refused(400, message: said))
        #expect(try await ask(keyturn, ann).status == 202)
        let mail = try #require(try await sendGrid.mails(count: 1, within: .seconds(20)).first)
        let row = try #require(mail.json["custom_args"]?["outbox_id"]?.stringValue)
        let now = Int64(Date().timeIntervalSince1970)
        let report =
            #"[{"event":"bounce","outbox_id":"\#(row)","reason":\#(Forger.json(said)),"sg_event_id":"e1","#
            + #""sg_message_id":"m1","timestamp":\#(now)}]"#
        let reported = try await keyturn.visitor.post("/sendgrid/events", json: report, signer.fields(at: now, report))
        #expect(reported.status == 204)
        var failed = ""
        let deadline = ContinuousClock.now + .seconds(20)
        while failed.isEmpty, ContinuousClock.now < deadline {
            failed = try await run("outbox", "list", "--failed", "--json").output
        }

        for arguments in [
            ["outbox", "list"], ["outbox", "list", "--json"], ["outbox", "list", "--failed", "--json"],
            ["user", "show", ann], ["user", "show", ann, "--json"],
        ] {
            let shown = try await RunningKeyturn.run(
                arguments, environment: RunningKeyturn.environment(in: keyturn.directory, settings))
            #expect(shown.output.contains("400: no") && shown.output.contains("end"), "\(arguments)")
            expectPrintable(shown.output + shown.errors, "\(arguments)")
        }
        // A program that reads the JSON gets what was said, byte for byte.
        let reason = try #require(try JSON(parsing: Array(failed.utf8).dropLast())["last_reason"]?.stringValue)
        for scalar in Self.unprintable where scalar.value > 0x7F {
            #expect(reason.unicodeScalars.contains(scalar), "\(scalar.value)")
        }
        sendGrid.answerNext(with: FakeSendGrid.refused(400, message: said))
        let tried = try await run("mail", "test", "me@example.com")
        #expect(tried.status == 1 && tried.errors.contains("400: no"))
        expectPrintable(tried.output + tried.errors, "mail test")
        #expect(await keyturn.stop() == 0)
        let lines = keyturn.log.components(separatedBy: "\n").dropLast()
        #expect(lines.filter { $0.contains("400: no") }.count == 1)
        #expect(lines.contains { $0.contains("mail reported") })
        expectPrintable(keyturn.log, "log")
    }

    /// What a terminal obeys or a reader cannot see: C0, DEL, C1, separators, zero width, bidirectional controls, a tag character.
    static let unprintable: [Unicode.Scalar] = [
        "\u{1B}", "\u{7}", "\u{7F}", "\u{85}", "\u{9B}", "\u{9D}", "\u{AD}", "\u{61C}", "\u{200B}", "\u{200D}",
        "\u{200F}",
        "\u{2028}", "\u{2029}", "\u{202A}", "\u{202E}", "\u{2060}", "\u{2066}", "\u{2069}", "\u{3164}", "\u{FEFF}",
        "\u{E0041}",
    ]

    func expectPrintable(_ text: String, _ place: String) {
        let found = Set(Self.unprintable).intersection(text.unicodeScalars)
        #expect(found.isEmpty, "\(place): \(found.map { String($0.value, radix: 16) }.sorted())")
    }
}
