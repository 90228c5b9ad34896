import Foundation
import GRDB
import TestKit
import Testing

/// An account from its invitation to its end, by the commands of an operator.
@Suite struct `The life of an account` {
    private let password = "a quiet lighthouse in fog"

    private func add(_ email: String, to keyturn: RunningKeyturn) async throws {
        let added = try await keyturn.command("user", "add", email, "--password-stdin", input: password + "\n")
        #expect(added.status == 0, "\(added.errors)")
    }

    private func login(_ email: String, _ password: String, at keyturn: RunningKeyturn) async throws -> Visitor.Answer {
        try await keyturn.visitor.post("/login", json: #"{"email": "\#(email)", "password": "\#(password)"}"#)
    }

    @Test func `begins with an invitation that has words of its own and lives for days`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        let invited = try await keyturn.command("user", "invite", "new@example.com", "--language", "de")
        #expect(invited.status == 0, "\(invited.errors)")
        let mail = try #require(try await keyturn.mails(1).first)
        #expect(mail.subject == "Ihr Konto bei Example ist bereit")
        #expect(mail.text.contains("7 Tage"))
        let token = try #require(mail.token)
        let page = try await keyturn.visitor.get("/reset-password?token=\(token)", ["Accept: text/html"])
        #expect(page.status == 200 && page.text.contains("Choose your password"))

        // Once more on demand: the first one stays alive.
        #expect(try await keyturn.command("user", "invite", "new@example.com").status == 0)
        #expect(try await keyturn.mails(2).last?.subject == "Your Example account is ready")
        let set = try await keyturn.visitor.post(
            "/reset-password", form: [("token", token), ("password", password), ("confirm_password", password)],
            ["Accept: text/html"])
        #expect(set.status == 303 && set["location"] == "/reset-password/first")
        let second = try #require(keyturn.mails.last { $0.token != nil && $0.token != token }?.token)
        #expect(
            try await keyturn.visitor.get("/reset-password?token=\(second)", ["Accept: application/json"]).status == 400
        )
        #expect(try await login("new@example.com", password, at: keyturn).status == 200)
        let refused = try await keyturn.command("user", "invite", "new@example.com")
        #expect(refused.status == 1 && refused.errors.contains("already has a password"))
        #expect(await keyturn.stop() == 0)
    }

    @Test func `knows verified and unverified addresses, and another address`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        try await add("ann@example.com", to: keyturn)
        try await add("bob@example.com", to: keyturn)
        #expect(try await keyturn.command("user", "unverify", "ann@example.com").output == "not verified\n")
        #expect(try await keyturn.command("user", "show", "ann@example.com").output.contains("no (gets no mail)"))
        #expect(try await keyturn.command("user", "verify", "ann@example.com").output == "verified\n")

        let session = try #require(try await login("ann@example.com", password, at: keyturn).json("access_token"))
        let link = try await keyturn.command("user", "reset-link", "ann@example.com").output
        #expect(try await keyturn.command("user", "set-email", "ann@example.com", "BOB@example.com").status == 1)
        #expect(try await keyturn.visitor.get("/me", ["Authorization: Bearer \(session)"]).status == 200)
        #expect(try await keyturn.command("user", "set-email", "ann@example.com", "ann@example.net").status == 0)
        #expect(try await keyturn.visitor.get("/me", ["Authorization: Bearer \(session)"]).status == 401)
        let token = try #require(
            link.components(separatedBy: "token=").last?.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(
            try await keyturn.visitor.get("/reset-password?token=\(token)", ["Accept: application/json"]).status == 400)
        let notice = try #require(try await keyturn.mails(1).first)
        #expect(notice.to == "ann@example.com" && notice.token == nil)
        #expect(!notice.text.contains("http") && !notice.text.contains("ann@example.net"))
        #expect(try await login("ann@example.net", password, at: keyturn).status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `takes another hash from standard input, and no hash that cannot be verified`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        try await add("ann@example.com", to: keyturn)
        let session = try #require(try await login("ann@example.com", password, at: keyturn).json("access_token"))
        // "password", as bcrypt has it.
        let hash = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
        #expect(try await keyturn.command("user", "set-hash", "ann@example.com", input: "secret\n").status == 1)
        #expect(try await keyturn.command("user", "set-hash", "ann@example.com", input: hash + "\n").status == 0)
        #expect(try await keyturn.visitor.get("/me", ["Authorization: Bearer \(session)"]).status == 401)
        #expect(try await login("ann@example.com", password, at: keyturn).status == 401)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `goes on with a new password after all have expired`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        for name in ["ann", "bob"] { try await add("\(name)@example.com", to: keyturn) }
        #expect(try await keyturn.command("user", "disable", "bob@example.com").status == 0)
        let session = try #require(try await login("ann@example.com", password, at: keyturn).json("access_token"))
        let expired = try await keyturn.command("user", "expire", "--all", "--mail", "--rate", "100/s")
        #expect(expired.output == "2 expired, 1 to be mailed at 100/s\n", "\(expired.errors)")
        #expect(try await keyturn.visitor.get("/me", ["Authorization: Bearer \(session)"]).status == 401)
        let told = try await login("ann@example.com", password, at: keyturn)
        #expect(told.status == 403 && told.json("code") == "password_expired")
        #expect(
            try await login("ann@example.com", "another quiet lighthouse", at: keyturn).json("code")
                == "credentials_invalid")
        let page = try await keyturn.visitor.post(
            "/login", form: [("email", "ann@example.com"), ("password", password)], ["Accept: text/html"])
        #expect(page.status == 403 && page.text.contains("Your password has expired"))
        #expect(page.text.contains(#"action="/forgot-password""#) && page.text.contains(#"value="ann@example.com""#))

        let mail = try #require(try await keyturn.mails(1).first)
        #expect(mail.to == "ann@example.com" && mail.subject == "Your Example password has expired")
        let set = try await keyturn.visitor.post(
            "/reset-password",
            json: #"{"token": "\#(try #require(mail.token))", "password": "another quiet lighthouse"}"#)
        #expect(set.status == 200)
        #expect(try await login("ann@example.com", "another quiet lighthouse", at: keyturn).status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test(arguments: [
        ["user", "expire"], ["user", "expire", "a@example.com", "--all"], ["user", "expire", "--all", "--rate", "0/s"],
    ])
    func `refuses an expiry of nobody, of one and all, or at no rate`(arguments: [String]) async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let ended = try await RunningKeyturn.run(arguments, environment: RunningKeyturn.environment(in: directory))
        #expect(ended.status == 64)
    }

    @Test func `leaves no trace in the files of the database`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        #expect(
            try await keyturn.command(
                "user", "add", "ann@example.com", "--password-stdin", "--external-id", "ext-of-ann",
                input: password + "\n"
            ).status == 0)
        let token = try await keyturn.requestLink(for: "ann@example.com")
        let reset = try await keyturn.visitor.post(
            "/reset-password", json: #"{"token": "\#(token)", "password": "another quiet lighthouse"}"#)
        #expect(reset.status == 200)
        _ = try await login("ann@example.com", "a wrong lighthouse in fog", at: keyturn)
        _ = try await keyturn.mails(2)
        let path = keyturn.directory.appending(path: "keyturn.sqlite").path
        let queue = try DatabaseQueue(path: path)
        let hash = try await queue.read { db in try String.fetchOne(db, sql: "SELECT password_hash FROM users") }
        try queue.close()
        let erased = try await keyturn.command("user", "erase", "ann@example.com")
        #expect(erased.status == 0 && erased.output.hasSuffix("erased\n"), "\(erased.errors)")
        for file in [path, path + "-wal"] {
            let bytes = (try? Data(contentsOf: URL(fileURLWithPath: file))) ?? Data()
            for trace in ["ann@example.com", "ext-of-ann", try #require(hash)] {
                #expect(bytes.range(of: Data(trace.utf8)) == nil, "\(trace) in \(file)")
            }
        }
        #expect(try await keyturn.command("user", "show", "ann@example.com").status == 1)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `names the file that still holds traces while a reader keeps it`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        try await add("ann@example.com", to: keyturn)
        let path = keyturn.directory.appending(path: "keyturn.sqlite").path
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: path, configuration: configuration)
        try await reader.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN")
            _ = try Row.fetchOne(db, sql: "SELECT * FROM users")
        }
        let erased = try await keyturn.command("user", "erase", "ann@example.com")
        #expect(
            erased.status == 1 && erased.errors.contains("keyturn.sqlite-wal still holds traces"), "\(erased.errors)")
        try reader.close()
        let again = try await keyturn.command("user", "erase", "ann@example.com")
        #expect(again.status == 1 && again.errors.contains("no account has this address"))
        let bytes = (try? Data(contentsOf: URL(fileURLWithPath: path + "-wal"))) ?? Data()
        #expect(bytes.isEmpty)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `is not erased before its owner heard of the changed password`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let environment = RunningKeyturn.environment(in: directory)
        func run(_ arguments: String..., input: String? = nil) async throws -> (
            status: Int32, output: String, errors: String
        ) {
            try await RunningKeyturn.run(arguments, environment: environment, input: input)
        }
        #expect(try await run("user", "add", "ann@example.com", "--password-stdin", input: password + "\n").status == 0)
        let queue = try DatabaseQueue(path: directory.appending(path: "keyturn.sqlite").path)
        try await queue.write { db in
            try db.execute(
                sql: "INSERT INTO outbox (kind, user_id, recorded_at, due_at) VALUES ('password_changed', '1', 0, 0)")
        }
        try queue.close()
        let refused = try await run("user", "erase", "ann@example.com")
        #expect(
            refused.status == 1 && refused.errors.contains("1 message about a changed password"), "\(refused.errors)")
        #expect(try await run("user", "erase", "ann@example.com", "--drop-notices").status == 0)
    }
}
