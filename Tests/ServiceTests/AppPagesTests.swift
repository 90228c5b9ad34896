import Foundation
import StrictJSON
import TestKit
import Testing

/// keyturn as a part of an app: its paths, its links, its words.
@Suite struct `As a part of an app` {
    private let ann = "ann@example.com"

    private func service(_ changes: [String: String]) async throws -> RunningKeyturn {
        let keyturn = try await RunningKeyturn.serve(changes)
        _ = try await keyturn.command("user", "add", ann, input: nil, changes)
        return keyturn
    }

    /// The line of a message that is the link.
    private func link(_ mail: CapturedMail, _ beginning: String) throws -> String {
        try #require(mail.text.components(separatedBy: "\n").first { $0.hasPrefix(beginning) })
    }

    @Test func `pages and links live below the path of the public URL`() async throws {
        let base = "https://example.com/account"
        let keyturn = try await service(["KEYTURN_SERVER_PUBLIC_URL": base + "/"])
        let asked = try await keyturn.visitor.post("/account/forgot-password", form: [("email", ann)])
        #expect(asked.status == 303 && asked["location"] == "/account/forgot-password/sent")
        let link = try link(try #require(try await keyturn.mails(1).first), base)
        #expect(link.hasPrefix("\(base)/reset-password?token="))
        let target = String(link.dropFirst("https://example.com".count))
        #expect(try await keyturn.visitor.get(target, ["Accept: application/json"]).status == 200)
        #expect(try await keyturn.visitor.get(String(target.dropFirst("/account".count))).status == 404)
        #expect(try await keyturn.visitor.get("/healthz").status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `where the app wants the person is in the link, as the newest request said`() async throws {
        let keyturn = try await service(["KEYTURN_APP_RETURN_URLS": "https://app.example.com/a"])
        for place in ["https://app.example.com/a/1", "https://evil.example/", "https://app.example.com/a/2?x=1"] {
            _ = try await keyturn.visitor.post("/forgot-password", form: [("email", ann), ("return_to", place)])
        }
        for _ in 0..<400 where keyturn.mails.last?.text.contains("2%3Fx%3D1") != true {
            try await Task.sleep(for: .milliseconds(50))
        }
        let mail = try #require(keyturn.mails.last)
        let link = try link(mail, "https://accounts.example.com/reset-password?token=")
        #expect(link.hasSuffix("&return_to=https%3A%2F%2Fapp.example.com%2Fa%2F2%3Fx%3D1"))
        #expect(mail.html.contains("&amp;return_to=https%3A%2F%2Fapp.example.com%2Fa%2F2%3Fx%3D1"))
        #expect(!keyturn.mails.contains { $0.text.contains("evil") })
        let target = String(link.dropFirst("https://accounts.example.com".count))
        let page = try await keyturn.visitor.get(target, ["Accept: text/html"])
        #expect(page.text.contains(#"name="return_to" value="https://app.example.com/a/2?x=1""#))
        #expect(await keyturn.stop() == 0)
    }

    @Test func `links lead to a page of the app, and "this wasn't me" to ours`() async throws {
        let settings = [
            "KEYTURN_LINKS_RESET": "https://app.example.com/new-password#token={token}",
            "KEYTURN_SERVER_ALLOWED_ORIGINS": "https://app.example.com",
        ]
        let keyturn = try await service(settings)
        _ = try await keyturn.visitor.post("/forgot-password", json: "{\"email\": \"\(ann)\"}")
        let mail = try #require(try await keyturn.mails(1).first)
        let link = try link(mail, "https://app.example.com/new-password#token=")
        _ = try self.link(mail, "https://accounts.example.com/not-me?token=")
        let token = try #require(link.components(separatedBy: "token=").last)
        let answer = try await keyturn.visitor.get(
            "/reset-password?token=\(token)", ["Accept: application/json", "Origin: https://app.example.com"])
        #expect(answer.status == 200 && answer["access-control-allow-origin"] == "https://app.example.com")
        let handed = try await keyturn.command("user", "reset-link", ann, input: nil, settings)
        #expect(handed.output.hasPrefix("https://app.example.com/new-password#token="))
        #expect(await keyturn.stop() == 0)
    }

    @Test func `the words are the operator's own; a bad file after SIGHUP keeps what was said`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let texts = directory.appending(path: "texts")
        try FileManager.default.createDirectory(at: texts, withIntermediateDirectories: true)
        func write(_ text: String) throws {
            try text.write(to: texts.appending(path: "de.json"), atomically: true, encoding: .utf8)
        }
        try write(#"{"forgotTitle": "Passwort <weg>? {{", "resetSubject": "{site}: dein neues Passwort"}"#)
        let settings = ["KEYTURN_TEXTS_DIRECTORY": texts.path]
        let keyturn = try await RunningKeyturn.serve(in: directory, settings)
        _ = try await keyturn.command("user", "add", ann, input: nil, settings)
        func title() async throws -> String {
            let page = try await keyturn.visitor.get("/forgot-password?lang=de").text
            return page.components(separatedBy: "<h1>").last?.components(separatedBy: "</h1>").first ?? ""
        }
        #expect(try await title() == "Passwort &lt;weg&gt;? {{")
        _ = try await keyturn.visitor.post("/forgot-password?lang=de", json: "{\"email\": \"\(ann)\"}")
        #expect(try await keyturn.mails(1).first?.subject == "Example: dein neues Passwort")

        func hangUp(until words: String) async throws {
            kill(keyturn.pid, SIGHUP)
            for _ in 0..<400 where !keyturn.log.contains(words) { try await Task.sleep(for: .milliseconds(25)) }
            #expect(keyturn.log.contains(words))
        }
        try write(#"{"forgotTitle": "Neu", "resetSubject": "ohne Namen"}"#)
        try await hangUp(until: "texts not read again")
        #expect(keyturn.log.contains("de.json, resetSubject: must have the placeholders of the original: {site}"))
        #expect(try await title() == "Passwort &lt;weg&gt;? {{")
        try write(#"{"forgotTitle": "Neu"}"#)
        try await hangUp(until: "texts.directory")
        for _ in 0..<400 where try await title() != "Neu" { try await Task.sleep(for: .milliseconds(25)) }
        #expect(try await title() == "Neu")
        #expect(await keyturn.stop() == 0)
    }

    @Test func `a bad file of texts stops the start with its name and key`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        try #"{"forgotTitel": "x"}"#.write(to: directory.appending(path: "fr.json"), atomically: true, encoding: .utf8)
        let checked = try await RunningKeyturn.run(
            ["config", "check"],
            environment: RunningKeyturn.environment(in: directory, ["KEYTURN_TEXTS_DIRECTORY": directory.path]))
        #expect(checked.status == 1)
        #expect(checked.errors.contains("texts.directory: fr.json, forgotTitel: unknown key"))
    }

    @Test func `captured mails name their links, the reset link first, and the OpenAPI document the version`()
        async throws
    {
        let keyturn = try await service(["KEYTURN_BRAND_SUPPORT_URL": "https://help.example.com/"])
        _ = try await keyturn.requestLink(for: ann)
        let folder = keyturn.directory.appending(path: "mails")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let name = try #require(names.first { $0.hasSuffix(".json") })
        let mail = try JSON(parsing: Array(Data(contentsOf: folder.appending(path: name))))
        let links = (mail["links"]?.arrayValue ?? []).compactMap { $0.stringValue }
        try #require(links.count == 3)
        #expect(links[0].hasPrefix("https://accounts.example.com/reset-password?token="))
        #expect(links[1].hasPrefix("https://accounts.example.com/not-me?token="))
        #expect(links[2] == "https://help.example.com/")
        let document = try JSON(parsing: try await keyturn.visitor.get("/openapi.json").body)
        let version = try await keyturn.command("--version").output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(document["info"]?["version"]?.stringValue == version)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `the demo takes the accounts of a file, and leaves nothing of a bad one`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let users = directory.appending(path: "users.csv")
        try "email,verified\nmia@example.com,true\n".write(to: users, atomically: true, encoding: .utf8)
        let environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "TMPDIR": directory.path]
        let demo = try await RunningKeyturn.start(
            [RunningKeyturn.binary.path, "demo", "--port", "0", "--users", users.path], environment: environment,
            directory: directory)
        _ = try await demo.visitor.post("/forgot-password", json: #"{"email": "mia@example.com"}"#)
        var mails: [JSON] = []
        for _ in 0..<400 where mails.isEmpty {
            try await Task.sleep(for: .milliseconds(50))
            mails = try JSON(parsing: try await demo.visitor.get("/mailbox.json").body).arrayValue ?? []
        }
        #expect(mails.first?["to"]?["email"]?.stringValue == "mia@example.com")
        #expect(await demo.stop() == 0)
        for (file, words) in [("users.csv", "nothing was imported"), ("nowhere.csv", "nowhere.csv")] {
            try "email\nno address\n".write(to: users, atomically: true, encoding: .utf8)
            let refused = try await RunningKeyturn.run(
                ["demo", "--port", "0", "--users", directory.appending(path: file).path], environment: environment)
            #expect(refused.status == 1)
            #expect(refused.errors.contains(words), "\(refused.errors)")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(!left.contains { $0.hasPrefix("keyturn-demo") })
    }
}
