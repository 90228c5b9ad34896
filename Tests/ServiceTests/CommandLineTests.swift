import Foundation
import StrictJSON
import TestKit
import Testing

@Suite struct `The command` {
    @Test func `refuses to start on a bad configuration, naming the key`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        for (change, words) in [
            (["KEYTURN_SERVER_PORT": "eighty"], "server.port: must be a whole number"),
            (["KEYTURN_SECRETS_STANDARD": "short"], "secrets.standard: each secret needs at least 32 bytes"),
            (["KEYTURN_MAIL_FROM_EMAIL": ""], "mail.from.email: missing"),
            (["KEYTURN_SERVER_PUBLIC_URL": ""], "server.publicURL: missing"),
        ] {
            let ended = try await RunningKeyturn.run(
                ["serve"], environment: RunningKeyturn.environment(in: directory, change))
            #expect(ended.status == 1)
            #expect(ended.errors.contains(words), "\(ended.errors)")
            #expect(ended.output.isEmpty)
        }
        #expect(!FileManager.default.fileExists(atPath: directory.appending(path: "keyturn.sqlite").path))
    }

    @Test func `ends with 64 where it is used wrongly`() async throws {
        let environment = RunningKeyturn.environment(in: try RunningKeyturn.temporaryDirectory())
        for arguments in [
            ["nonsense"], ["user", "add"], ["serve", "--nonsense"], ["outbox", "retry"],
            ["outbox", "purge", "1", "--failed"],
        ] {
            #expect(try await RunningKeyturn.run(arguments, environment: environment).status == 64, "\(arguments)")
        }
    }

    @Test func `explains itself everywhere`() async throws {
        for command in [
            [], ["serve"], ["demo"], ["migrate"], ["user"], ["user", "add"], ["user", "export"], ["backup"],
            ["restore"], ["doctor"], ["outbox"], ["mail", "test"],
            ["config", "check"], ["secret", "generate"], ["token", "inspect"],
        ] {
            let help = try await RunningKeyturn.run(command + ["--help"], environment: [:])
            #expect(help.status == 0)
            #expect(help.output.contains("USAGE: keyturn"), "\(command)")
        }
    }

    @Test func `knows its users`() async throws {
        let environment = RunningKeyturn.environment(in: try RunningKeyturn.temporaryDirectory())
        func keyturn(_ arguments: String..., input: String? = nil) async throws -> (
            status: Int32, output: String, errors: String
        ) {
            try await RunningKeyturn.run(arguments, environment: environment, input: input)
        }
        let added = try await keyturn("user", "add", "ann@example.com")
        #expect(added.status == 0)
        let id = added.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(!id.isEmpty)
        #expect(try await keyturn("user", "add", "ANN@example.com").status == 1)
        #expect(try await keyturn("user", "add", "not an address").status == 1)
        #expect(try await keyturn("user", "list").output.contains("ann@example.com"))
        let shown = try await keyturn("user", "show", "ann@example.com")
        #expect(shown.output.contains("id                \(id)\n"))
        #expect(try await keyturn("user", "show", "bob@example.com").status == 1)

        let imported = try await keyturn(
            "user", "import", "-",
            input:
                "email,password_hash,verified\nbob@example.com,$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy,false\nann@example.com,,false\n"
        )
        #expect(imported.status == 1)
        #expect(imported.output == "added 1, unchanged 0, refused 1\n")
        #expect(imported.errors.contains("line 3: an account with this address already exists"))
    }

    @Test func `hands over a link that works, and revokes it`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        _ = try await keyturn.command("user", "add", "ann@example.com")
        let link = try await keyturn.command("user", "reset-link", "ann@example.com").output.trimmingCharacters(
            in: .whitespacesAndNewlines)
        #expect(link.hasPrefix("https://accounts.example.com/reset-password?token="))
        let path = String(link.dropFirst("https://accounts.example.com".count))
        let token = try #require(link.components(separatedBy: "token=").last)
        #expect(try await keyturn.visitor.get(path, ["Accept: application/json"]).status == 200)
        for input in [token + "\n", "\n" + link + "\n"] {
            #expect(try await keyturn.command("token", "inspect", "-", input: input).status == 0)
        }
        let inspected = try await keyturn.command("token", "inspect", link)
        #expect(inspected.status == 0, "\(inspected.errors)")
        #expect(inspected.output.contains("works until "))
        #expect(try await keyturn.command("user", "revoke-links", "ann@example.com").status == 0)
        #expect(try await keyturn.visitor.get(path, ["Accept: application/json"]).status == 400)
        #expect(try await keyturn.command("token", "inspect", token).status == 1)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `tells what happened to an account, and who did it`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        _ = try await keyturn.command("user", "add", "ann@example.com")
        let link = try await keyturn.command("user", "reset-link", "ann@example.com").output.trimmingCharacters(
            in: .whitespacesAndNewlines)
        let path = String(link.dropFirst("https://accounts.example.com".count))
        #expect(try await keyturn.visitor.get(path, ["Accept: application/json"]).status == 200)
        let wrong = #"{"email": "ann@example.com", "password": "wrong"}"#
        #expect(try await keyturn.visitor.post("/login", json: wrong).status == 401)
        #expect(try await keyturn.command("user", "disable", "ann@example.com").status == 0)
        // What was noted is written at the end at the latest.
        #expect(await keyturn.stop() == 0)

        let shown = try await keyturn.command("user", "show", "ann@example.com", "--json").output
        let trail = try #require(try JSON(parsing: Array(shown.utf8).dropLast())["trail"]?.arrayValue)
        let events = trail.compactMap { entry in
            entry["event"]?.stringValue.map { "\($0) by \(entry["by"]?.stringValue ?? "")" }
        }
        #expect(
            Set(events) == [
                "link_handed_over by operator", "link_opened by visitor", "login_refused by visitor",
                "disabled by operator",
            ])
        #expect(keyturn.log.contains("actor=visitor event=link_opened user=1"))
        let table = try await keyturn.command("user", "show", "ann@example.com").output
        #expect(table.contains("history: 4"))
    }

    @Test func `makes a secret that it takes itself`() async throws {
        let secret = try await RunningKeyturn.run(["secret", "generate"], environment: [:]).output
            .trimmingCharacters(in: .newlines)
        #expect(secret.utf8.count == 64)
        let environment = RunningKeyturn.environment(
            in: try RunningKeyturn.temporaryDirectory(),
            ["KEYTURN_SECRETS_STANDARD": secret, "KEYTURN_WEBHOOKS_SECRET": ""])
        let checked = try await RunningKeyturn.run(["config", "check"], environment: environment)
        #expect(checked.status == 0, "\(checked.errors)")
        #expect(!checked.output.contains(secret))
        // One that is not there is not said to be hidden.
        #expect(
            checked.output.split(separator: "\n").filter { $0.contains("(hidden)") }.count == 1, "\(checked.output)")
    }

    @Test func `demonstrates as many mails as are asked for`() async throws {
        let demo = try await demo(["PATH": "/usr/bin"], "--port", "0")
        for count in 1...5 {
            #expect(
                try await demo.visitor.post("/forgot-password", json: #"{"email": "ann@example.com"}"#).status == 202)
            var found = 0
            for _ in 0..<200 where found < count {
                let box = try await demo.visitor.get("/mailbox", ["Accept: text/html"]).text
                found = box.components(separatedBy: "/mailbox/mail?id=").count - 1
                try await Task.sleep(for: .milliseconds(25))
            }
            try #require(found == count)
        }
        #expect(await demo.stop() == 0)
    }

    @Test func `demonstrates on a free port where the usual one is in use, and obeys one that is named`() async throws {
        let first = try await demo(["PATH": "/usr/bin"])
        let second = try await demo(["PATH": "/usr/bin"])
        #expect(first.url != second.url)
        #expect(try await second.visitor.get("/healthz").status == 200)
        #expect(second.log.contains("port 8080 is in use, so the demo takes a free one"))
        let port = try #require(second.url.components(separatedBy: ":").last)
        for (arguments, environment) in [
            (["demo", "--port", port], [:]), (["demo"], ["KEYTURN_SERVER_PORT": port]),
        ] {
            let refused = try await RunningKeyturn.run(
                arguments, environment: environment.merging(["PATH": "/usr/bin"]) { $1 })
            #expect(refused.status == 1)
            #expect(
                refused.errors.contains("port \(port) is in use: another program listens there"), "\(refused.errors)")
            #expect(refused.errors.contains("--port"))
        }
        let serve = try await RunningKeyturn.run(
            ["serve"],
            environment: RunningKeyturn.environment(
                in: try RunningKeyturn.temporaryDirectory(), ["KEYTURN_SERVER_PORT": port]))
        #expect(serve.status == 1)
        #expect(
            serve.errors.contains(
                "server.port: cannot listen on 127.0.0.1:\(port): another program listens on port \(port)"),
            "\(serve.errors)")
        #expect(await first.stop() == 0)
        #expect(await second.stop() == 0)
    }

    private func demo(_ environment: [String: String], _ arguments: String...) async throws -> RunningKeyturn {
        try await RunningKeyturn.start(
            [RunningKeyturn.binary.path, "demo"] + arguments, environment: environment,
            directory: try RunningKeyturn.temporaryDirectory())
    }

    @Test func `demonstrates the whole flow without any configuration`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let demo = try await RunningKeyturn.start(
            [RunningKeyturn.binary.path, "demo"], environment: ["KEYTURN_SERVER_PORT": "0", "PATH": "/usr/bin"],
            directory: directory)
        let asked = try await demo.visitor.post("/forgot-password", json: #"{"email": "ann@example.com"}"#)
        #expect(asked.status == 202)
        var box = ""
        for _ in 0..<100 where !box.contains("ann@example.com") {
            box = try await demo.visitor.get("/mailbox", ["Accept: text/html"]).text
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(box.contains("ann@example.com"))
        #expect(await demo.stop() == 0)
    }
}
