import Foundation
import TestKit
import Testing

/// The built binary, through its sockets: what a person who forgot a password meets.
@Suite struct `A forgotten password` {
    let ann = "ann@example.com"
    let old = "ann's password of old"
    let new = "a password nobody knows"

    func service(_ changes: [String: String] = [:]) async throws -> RunningKeyturn {
        let keyturn = try await RunningKeyturn.serve(changes)
        let added = try await keyturn.command("user", "add", ann, "--password-stdin", input: old + "\n")
        try #require(added.status == 0, "\(added.errors)")
        return keyturn
    }

    func login(_ keyturn: RunningKeyturn, _ password: String) async throws -> Visitor.Answer {
        try await keyturn.visitor.post("/login", json: #"{"email": "\#(ann)", "password": "\#(password)"}"#)
    }

    func reset(_ keyturn: RunningKeyturn, _ token: String, to password: String) async throws -> Visitor.Answer {
        try await keyturn.visitor.post("/reset-password", json: #"{"token": "\#(token)", "password": "\#(password)"}"#)
    }

    @Test func `is set anew with a mailed link, once`() async throws {
        let keyturn = try await service()
        #expect(try await login(keyturn, old).status == 200)

        let token = try await keyturn.requestLink(for: ann)
        let second = try await keyturn.requestLink(for: "ANN@example.com")
        let look = try await keyturn.visitor.get("/reset-password?token=\(token)", ["Accept: application/json"])
        #expect(look.status == 200)
        #expect(look.json("status") == "valid")

        let weak = try await reset(keyturn, token, to: "short")
        #expect(weak.status == 422)
        #expect(weak.json("code") == "password_rejected")

        #expect(try await reset(keyturn, token, to: new).status == 200)
        #expect(try await login(keyturn, old).status == 401)
        #expect(try await login(keyturn, new).status == 200)

        // The link that was used, and the one that was not: both dead.
        for dead in [token, second] {
            let again = try await reset(keyturn, dead, to: "yet another long password")
            #expect(again.status == 400)
            #expect(again.json("code") == "token_invalid")
        }
        let mails = try await keyturn.mails(3)
        #expect(mails.map(\.to) == [ann, ann, ann])
        #expect(mails[2].token == nil)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `is set anew with a form, too`() async throws {
        let keyturn = try await service()
        let page = try await keyturn.visitor.get("/forgot-password", ["Accept: text/html"])
        #expect(page.status == 200)
        #expect(page.text.contains("<form"))
        let asked = try await keyturn.visitor.post("/forgot-password", form: [("email", ann)])
        #expect(asked.status == 303)
        let next = try #require(asked["location"])
        #expect(try await keyturn.visitor.get(next, ["Accept: text/html"]).status == 200)

        let token = try #require(try await keyturn.mails(1)[0].token)
        let form = try await keyturn.visitor.get("/reset-password?token=\(token)", ["Accept: text/html"])
        #expect(form.status == 200)
        let differing = try await keyturn.visitor.post(
            "/reset-password", form: [("token", token), ("password", new), ("confirm_password", new + "!")])
        #expect(differing.status == 422)
        let done = try await keyturn.visitor.post(
            "/reset-password", form: [("token", token), ("password", new), ("confirm_password", new)])
        #expect(done.status == 303)
        #expect(try await login(keyturn, new).status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `belongs to exactly one of fifty who post one link at once`() async throws {
        let keyturn = try await service()
        let token = try await keyturn.requestLink(for: ann)
        let answers = try await withThrowingTaskGroup(of: (Int, Int, String?).self) { group in
            for index in 0..<50 {
                group.addTask {
                    let answer = try await reset(keyturn, token, to: "password of racer \(index) of 50")
                    return (index, answer.status, answer.json("code"))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let winners = answers.filter { $0.1 == 200 }
        #expect(winners.count == 1)
        #expect(answers.filter { $0.1 == 400 && $0.2 == "token_invalid" }.count == 49)
        let winner = try #require(winners.first)
        #expect(try await login(keyturn, "password of racer \(winner.0) of 50").status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test(arguments: ["my corner books shelf", "the reading room rules", "accounts of the year"])
    func `is not set anew to a name of the site`(password: String) async throws {
        let keyturn = try await service([
            "KEYTURN_BRAND_NAME": "Corner Books", "KEYTURN_MAIL_FROM_NAME": "The Reading Room",
            "KEYTURN_SERVER_PUBLIC_URL": "https://accounts.bookshop.online",
        ])
        let token = try await keyturn.requestLink(for: ann)
        let refused = try await reset(keyturn, token, to: password)
        #expect(refused.status == 422)
        #expect(refused.text.contains(#""code":"contains_site""#))
        #expect(try await reset(keyturn, token, to: "my online radio and I").status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `has links that expire, and says so`() async throws {
        let keyturn = try await service([
            "KEYTURN_TOKENS_RESET_LIFETIME": "1s", "KEYTURN_MAIL_PER_ACCOUNT_INTERVAL": "1s",
        ])
        let token = try await keyturn.requestLink(for: ann)
        try await Task.sleep(for: .seconds(2))
        let answer = try await reset(keyturn, token, to: new)
        #expect(answer.status == 410)
        #expect(answer.json("code") == "token_expired")
        let page = try await keyturn.visitor.get("/reset-password?token=\(token)", ["Accept: text/html"])
        #expect(page.status == 410)
        #expect(page.text.contains("action=\"/forgot-password\""))
        #expect(await keyturn.stop() == 0)
    }

    @Test func `has links that nobody can forge`() async throws {
        let keyturn = try await service()
        let token = try await keyturn.requestLink(for: ann)
        let parts = token.split(separator: ".").map(String.init)
        let last = parts[2].last == "A" ? "B" : "A"
        let forged = [
            "\(parts[0]).\(parts[1]).\(parts[2].dropLast())\(last)", "\(parts[0]).\(parts[1]).",
            "\(parts[0]).\(parts[1])",
            "eyJhbGciOiJub25lIn0.\(parts[1]).", token + "=", " " + token, "x",
        ]
        for bad in forged {
            let answer = try await reset(keyturn, bad, to: new)
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.json("code") == "token_invalid")
        }
        #expect(try await reset(keyturn, token, to: new).status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `of an unknown or unverified address is answered alike, and mailed to nobody`() async throws {
        let keyturn = try await service()
        let added = try await keyturn.command("user", "add", "bob@example.com", "--unverified")
        #expect(added.status == 0)
        var answers: [String] = []
        for email in ["nobody@example.com", "bob@example.com", ann] {
            let answer = try await keyturn.visitor.post("/forgot-password", json: #"{"email": "\#(email)"}"#)
            let fields = answer.fields.filter { $0.name != "date" }.map { "\($0.name): \($0.value)" }
            answers.append("\(answer.status) \(fields) \(answer.text)")
        }
        #expect(answers[0] == answers[2])
        #expect(answers[1] == answers[2])
        #expect(answers[2].hasPrefix("202 "))
        // The known one asked last: when its mail is there, the others had their turn.
        _ = try await keyturn.mails(1)
        try await Task.sleep(for: .milliseconds(300))
        #expect(keyturn.mails.map(\.to) == [ann])
        let shown = try await keyturn.command("user", "show", "bob@example.com")
        #expect(shown.output.contains("unverified"))
        #expect(await keyturn.stop() == 0)
    }

    @Test func `has links that survive a restart between mail and use`() async throws {
        let keyturn = try await service()
        let token = try await keyturn.requestLink(for: ann)
        #expect(await keyturn.stop() == 0)
        let again = try await RunningKeyturn.serve(in: keyturn.directory)
        #expect(try await reset(again, token, to: new).status == 200)
        #expect(await again.stop() == 0)
    }

    @Test func `gets a link to us whatever Host the request named`() async throws {
        let keyturn = try await service()
        for field in ["Host: evil.example", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example"] {
            let fields = field.hasPrefix("Host") ? [field] : ["Host: accounts.example.com", field]
            _ = try await keyturn.visitor.post("/forgot-password", json: #"{"email": "\#(ann)"}"#, fields)
        }
        for mail in try await keyturn.mails(1) {
            #expect(!mail.text.contains("evil") && !mail.html.contains("evil"))
            #expect(mail.text.contains("\nhttps://accounts.example.com/reset-password?token="))
        }
        #expect(await keyturn.stop() == 0)
    }

    @Test func `is not forgotten by us when we are killed right after saying 202`() async throws {
        let keyturn = try await service()
        let answer = try await keyturn.visitor.post("/forgot-password", json: #"{"email": "\#(ann)"}"#)
        #expect(answer.status == 202)
        await keyturn.stop(SIGKILL)
        let again = try await RunningKeyturn.serve(in: keyturn.directory)
        // Killed while a lease was held, the letter waits until the lease is over (60 s).
        let token = try #require(try await again.mails(1, within: .seconds(90)).last?.token)
        #expect(try await reset(again, token, to: new).status == 200)
        #expect(await again.stop() == 0)
    }
}
