import Cryptography
import Foundation
import TestKit
import Testing

@Suite struct `A secret` {
    /// How it might have been written down: as it is, for a URL, and in base64 at each of the three places it may begin.
    func spellings(_ secret: String) -> [String] {
        let bytes = Array(secret.utf8)
        let encoded = (0..<3).flatMap { offset in
            // The first and last characters also hold bits of what stands beside it.
            [Base64.encode([UInt8](repeating: 0, count: offset) + bytes, padded: false)].flatMap { text in
                let inner = String(text.dropFirst(offset == 0 ? 0 : offset + 1).dropLast(2))
                return [inner, inner.replacing("+", with: "-").replacing("/", with: "_")]
            }
        }
        let percent = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return [secret, percent, percent.lowercased(), bytes.map { String($0, radix: 16) }.joined()] + encoded
    }

    func expectAbsent(_ secrets: [(name: String, text: String)], in places: [(name: String, bytes: [UInt8])]) {
        for place in places {
            let data = Data(place.bytes)
            for secret in secrets {
                for spelling in spellings(secret.text) {
                    #expect(data.range(of: Data(spelling.utf8)) == nil, "\(secret.name) in \(place.name)")
                }
            }
        }
    }

    func files(of keyturn: RunningKeyturn) throws -> [(name: String, bytes: [UInt8])] {
        try FileManager.default.contentsOfDirectory(atPath: keyturn.directory.path).map { name in
            (name, Array(try Data(contentsOf: keyturn.directory.appending(path: name))))
        }
    }

    @Test func `is found in no log, database or metric after everything was done with it`() async throws {
        let sendGrid = try await FakeSendGrid.start(answers: [.respond(503), .respond(429)])
        let app = try FaultServer(.none, answers: [.respond(500, body: "no")])
        defer { app.stop() }
        let webhookSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        let admin = Int.random(in: 20_000..<32_000)
        let (email, apiKey) = ("ann.of.the.many.words@example.com", "SG.an-api-key.of-our-very-own")
        let (old, new, wrong) = ("the old password of ann's", "the new password of ann's", "a wrong password of eve's")
        let keyturn = try await RunningKeyturn.serve([
            "KEYTURN_LOG_LEVEL": "trace", "KEYTURN_ADMIN_PORT": "\(admin)", "KEYTURN_MAIL_PROVIDER": "sendgrid",
            "SENDGRID_API_KEY": apiKey, "KEYTURN_MAIL_SENDGRID_BASE_URL": sendGrid.baseURL,
            "KEYTURN_MAIL_SENDGRID_CA_FILE": sendGrid.caFile, "KEYTURN_WEBHOOKS_SECRET": webhookSecret,
            "KEYTURN_WEBHOOKS_URL": "http://127.0.0.1:\(app.port)/hooks",
        ])
        let visitor = keyturn.visitor
        _ = try await keyturn.command("user", "add", email, "--password-stdin", input: old + "\n")
        func token(_ count: Int) async throws -> String {
            let text = try #require(try await sendGrid.mails(count: count, within: .seconds(30)).last?.text)
            let line = try #require(text.components(separatedBy: "\n").first { $0.contains("/reset-password?token=") })
            return try #require(line.components(separatedBy: "token=").last)
        }
        // Two refusals by the provider, then the mail.
        #expect(try await visitor.post("/forgot-password", json: #"{"email": "\#(email)"}"#).status == 202)
        let first = try await token(3)
        #expect(try await visitor.post("/forgot-password", form: [("email", email)]).status == 303)
        let second = try await token(4)
        _ = try await visitor.get("/reset-password?token=\(first)", ["Referer: https://x.example/?token=\(first)"])
        _ = try await visitor.get("/reset-password/\(first)?\(first)=\(first)")
        _ = try await visitor.post(
            "/reset-password", json: #"{"token": "\#(first)", "password": "\#(new)", "confirm_password": "x"}"#)
        _ = try await visitor.post("/reset-password", json: #"{"token": "\#(first)x", "password": "\#(new)"}"#)
        _ = try await visitor.post(
            "/reset-password", json: #"{"token": "\#(first)", "password": "\#(email) as password"}"#)
        let done = try await visitor.post(
            "/reset-password", form: [("token", first), ("password", new), ("confirm_password", new)])
        #expect(done.status == 303)
        #expect(try await visitor.post("/not-me", json: #"{"token": "\#(second)"}"#).status == 400)
        #expect(
            try await visitor.post("/login", json: #"{"email": "\#(email)", "password": "\#(wrong)"}"#).status == 401)
        let signedIn = try await visitor.post("/login", json: #"{"email": "\#(email)", "password": "\#(new)"}"#)
        let session = try #require(signedIn.json("access_token"))
        #expect(try await visitor.get("/me", ["Authorization: Bearer \(session)"]).status == 200)
        let handed = try await keyturn.command("user", "reset-link", email)
        let operators = try #require(handed.output.components(separatedBy: "token=").last).trimmingCharacters(
            in: .whitespacesAndNewlines)
        #expect(operators.hasPrefix("eyJ"))
        _ = try await sendGrid.mails(count: 5, within: .seconds(20))

        let metrics = try await #require(Visitor(url: "http://127.0.0.1:\(admin)")).get("/metrics")
        #expect(metrics.text.contains("keyturn_"))
        let tokens = [
            ("first link", first), ("second link", second), ("operator's link", operators), ("session", session),
        ]
        let secrets =
            tokens + tokens.map { ("signature of the \($0.0)", $0.1.components(separatedBy: ".").last ?? "") } + [
                ("old password", old), ("new password", new), ("wrong password", wrong), ("API key", apiKey),
                ("secret", Forger.secret), ("webhook secret", String(webhookSecret.dropFirst("whsec_".count))),
            ]
        // While it runs, with the write-ahead log beside the database, and after it has ended.
        let whileRunning = try files(of: keyturn)
        #expect(Set(whileRunning.map(\.name)).isSuperset(of: ["log", "keyturn.sqlite", "keyturn.sqlite-wal"]))
        expectAbsent(secrets, in: whileRunning + [("metrics", metrics.body)])
        #expect(await keyturn.stop() == 0)
        expectAbsent(secrets, in: try files(of: keyturn))
        expectAbsent(
            [("address", email), ("local part", "ann.of.the.many.words")],
            in: [("log", Array(keyturn.log.utf8)), ("metrics", metrics.body)])
        #expect(app.requests.contains { $0["webhook-id"] != nil })
        // A search that finds nothing must be one that could.
        #expect(keyturn.log.contains("level=debug"))
        let database = try #require(try files(of: keyturn).first { $0.name == "keyturn.sqlite" })
        #expect(Data(database.bytes).range(of: Data(email.utf8)) != nil)
    }
}
