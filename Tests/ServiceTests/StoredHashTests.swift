import Foundation
import StrictJSON
import TestKit
import Testing

/// The built binary, with the hashes that other systems store.
@Suite struct `Accounts of other systems` {
    private let password = "seven green bottles"
    private let rows = [
        "g01": "$P$BWiL9dv4wgl1oTerY6TilzV87uxnpy.",
        "g02": "$wp$2y$10$kJTl.YKcpufHBHXwnXVGZu0rF3RQn2B/NArzdde3UH48NugY5ZnZe",
        "g05": "AEIijOWlQJEVuxvtZ9RdTDSdzHMpemE3SylGCX821iNOHcywoCaLHrXXHlpxenzUOQ==",
        "g15": "$argon2id$v=19$m=65536,t=3,p=1$I0CfCpr/881XuuMyoiSDIA$0VC4WSRRlyQxqeAJX+c3zwl43TPn5vD9u/Mh4jrxXjs",
    ]
    private let devise = "$2a$10$zeLMZAkOf.uZ6K03Wv7f1usbfFT336aS117VjKuq07JTKXh5Sf0dm"

    private func login(_ keyturn: RunningKeyturn, _ email: String, _ password: String) async throws -> Visitor.Answer {
        try await keyturn.visitor.post("/login", json: #"{"email": "\#(email)", "password": "\#(password)"}"#)
    }

    private func add(_ email: String, _ hash: String, to keyturn: RunningKeyturn) async throws {
        let added = try await keyturn.command("user", "add", email, "--password-hash", hash)
        try #require(added.status == 0, "\(added.errors)")
    }

    @Test func `sign in with the right password and no other, are stored anew then, and their links work`() async throws
    {
        let keyturn = try await RunningKeyturn.serve()
        for (number, hash) in rows { try await add("\(number)@example.com", hash, to: keyturn) }
        for number in rows.keys {
            let email = "\(number)@example.com"
            #expect(try await login(keyturn, email, "seven green bottle").status == 401)
            #expect(try await login(keyturn, email, password).status == 200)
            #expect(try await login(keyturn, email, password).status == 200)
        }
        let exported = try await keyturn.command("user", "export", "-")
        for hash in rows.values { #expect(!exported.output.contains(hash)) }
        #expect(exported.output.components(separatedBy: "$scrypt$ln=10,r=8,p=1$").count == rows.count + 1)
        #expect(
            try await keyturn.visitor.post("/forgot-password", json: #"{"email": "g01@example.com"}"#).status == 202)
        let token = try #require(try await keyturn.mails(1).first?.token)
        let reset = try await keyturn.visitor.post(
            "/reset-password", json: #"{"token": "\#(token)", "password": "another fine phrase of mine"}"#)
        #expect(reset.status == 200)
        #expect(try await login(keyturn, "g01@example.com", password).status == 401)
        #expect(try await login(keyturn, "g01@example.com", "another fine phrase of mine").status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test(arguments: [("zq7-Pepper", 200), ("", 401)])
    func `of Devise need its pepper`(pepper: String, status: Int) async throws {
        let keyturn = try await RunningKeyturn.serve(["KEYTURN_PASSWORDS_PEPPER": pepper])
        try await add("g18@example.com", devise, to: keyturn)
        #expect(try await login(keyturn, "g18@example.com", password).status == status)
        #expect(await keyturn.stop() == 0)
    }

    // G55
    @Test func `with a hash that nobody knows are asked about at the app, once`() async throws {
        let app = try FaultServer(.none, otherwise: .respond(200, body: #"{"valid": false}"#))
        defer { app.stop() }
        let secret = "whsec_" + Data(repeating: 7, count: 32).base64EncodedString()
        let keyturn = try await RunningKeyturn.serve([
            "KEYTURN_PASSWORDS_VERIFY_URL": "http://127.0.0.1:\(app.port)/check",
            "KEYTURN_PASSWORDS_VERIFY_SECRET": secret,
        ])
        try await add("g01@example.com", rows["g01"] ?? "", to: keyturn)
        // An account whose hash cannot be read: without a password here.
        #expect(try await keyturn.command("user", "add", "g17@example.com").status == 0)
        let began = ContinuousClock.now
        async let wrong = login(keyturn, "g17@example.com", "wrong")
        async let unknown = login(keyturn, "nobody@example.com", "wrong")
        async let readable = login(keyturn, "g01@example.com", "wrong")
        #expect(try await [wrong.status, unknown.status, readable.status] == [401, 401, 401])
        #expect(ContinuousClock.now - began >= .milliseconds(2900))
        #expect(app.requests.count == 3)
        app.answerOtherwise(with: .respond(503))
        async let silent = login(keyturn, "g17@example.com", password)
        async let nobody = login(keyturn, "nobody@example.com", password)
        #expect(try await [silent.status, nobody.status] == [503, 503])
        #expect(try await silent.json("code") == "unavailable")
        #expect(try await login(keyturn, "g01@example.com", password).status == 200)
        app.answerOtherwise(with: .respond(200, body: #"{"valid": true}"#))
        #expect(try await login(keyturn, "g17@example.com", password).status == 200)
        let asked = try #require(app.requests.last)
        #expect(
            asked.method == "POST" && asked.target == "/check" && asked["webhook-signature"]?.hasPrefix("v1,") == true)
        let body = try JSON(parsing: asked.body)
        #expect(body["email"]?.stringValue == "g17@example.com" && body["password"]?.stringValue == password)
        let count = app.requests.count
        app.answerOtherwise(with: .respond(503))
        #expect(try await login(keyturn, "g17@example.com", password).status == 200)
        #expect(app.requests.count == count)
        #expect(!keyturn.log.contains(password))
        #expect(await keyturn.stop() == 0)
    }
}
