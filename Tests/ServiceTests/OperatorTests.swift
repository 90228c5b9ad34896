import Foundation
import GRDB
import TestKit
import Testing

/// The commands of whoever keeps the service alive.
@Suite struct `An operator` {
    func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func `backs up while the service runs, and restores when it is stopped`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        let copy = keyturn.directory.appending(path: "backup.sqlite").path
        _ = try await keyturn.command("user", "add", "ann@example.com")
        let backup = try await keyturn.command("backup", copy)
        #expect(backup.status == 0, "\(backup.errors)")
        #expect(try mode(copy) == 0o600)
        #expect(try await keyturn.command("backup", copy).status == 1)
        _ = try await keyturn.command("user", "add", "bob@example.com")

        let refused = try await keyturn.command("restore", copy)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("stop it first"), "\(refused.errors)")
        #expect(await keyturn.stop() == 0)
        let restored = try await keyturn.command("restore", copy)
        #expect(restored.status == 0, "\(restored.errors)")
        #expect(restored.output.contains("the former database is now"))
        let users = try await keyturn.command("user", "list").output
        #expect(users.contains("ann@example.com") && !users.contains("bob@example.com"))
    }

    @Test(arguments: ["jsonl", "csv"])
    func `moves users to another place and finds them the same`(format: String) async throws {
        let (here, there) = (try RunningKeyturn.temporaryDirectory(), try RunningKeyturn.temporaryDirectory())
        func keyturn(_ directory: URL, _ arguments: String..., input: String? = nil) async throws -> (
            status: Int32, output: String, errors: String
        ) {
            try await RunningKeyturn.run(
                arguments, environment: RunningKeyturn.environment(in: directory), input: input)
        }
        let hash = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
        let rows = """
            {"email":"ann@example.com","password_hash":"\(hash)"}
            {"email":"bob@example.com","verified":false}
            {"email":"carl@example.com","disabled":true}
            """
        #expect(
            try await keyturn(here, "user", "import", "-", input: rows).output == "added 3, unchanged 0, refused 0\n")
        let file = here.appending(path: "users").path
        #expect(try await keyturn(here, "user", "export", file, "--format", format).status == 0)
        #expect(try mode(file) == 0o600)
        #expect(try await keyturn(here, "user", "export", file).status == 1)
        #expect(
            try await keyturn(there, "user", "import", "--dry-run", file).output
                == "dry run, nothing was written: would have added 3, unchanged 0, refused 0\n")
        #expect(try await keyturn(there, "user", "list").output == "")
        #expect(try await keyturn(there, "user", "import", file).output == "added 3, unchanged 0, refused 0\n")
        #expect(try await keyturn(there, "user", "import", file).output == "added 0, unchanged 3, refused 0\n")
        #expect(
            try await keyturn(there, "user", "export", "--format", format).output
                == String(contentsOfFile: file, encoding: .utf8))
    }

    @Test func `hears what an import assumed where the file does not say who is verified`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        func keyturn(_ arguments: String..., input: String? = nil) async throws -> (
            status: Int32, output: String, errors: String
        ) {
            try await RunningKeyturn.run(
                arguments, environment: RunningKeyturn.environment(in: directory), input: input)
        }
        let without = try await keyturn("user", "import", "-", input: "email\nann@example.com\nbob@example.com\n")
        #expect(without.output == "added 2, unchanged 0, refused 0\n")
        #expect(
            without.errors.contains(
                "2 rows do not say whether the address is verified: these accounts count as verified"),
            "\(without.errors)")
        let empty = try await keyturn(
            "user", "import", "-", input: "email,verified\ncarl@example.com,true\ndora@example.com,\n")
        #expect(empty.output == "added 2, unchanged 0, refused 0\n")
        #expect(
            empty.errors.contains("1 row has an empty `verified`: the account is not verified and gets no mail"),
            "\(empty.errors)")
        #expect(!empty.errors.contains("do not say"))
        let users = try await keyturn("user", "list").output.split(separator: "\n").map(String.init)
        for (name, state) in [("ann", "verified"), ("bob", "verified"), ("carl", "verified"), ("dora", "unverified")] {
            let line = try #require(users.first { $0.contains("\(name)@example.com") })
            #expect(line.contains("  \(state)  "), "\(line)")
        }
        let said = try await keyturn(
            "user", "import", "--dry-run", "-", input: "email,verified\neve@example.com,false\n")
        #expect(!said.errors.contains("do not say") && !said.errors.contains("empty `verified`"), "\(said.errors)")
    }

    @Test func `lists all of a long outbox, and hears where a list is cut`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let environment = RunningKeyturn.environment(in: directory)
        _ = try await RunningKeyturn.run(["migrate"], environment: environment)
        let database = try DatabaseQueue(path: directory.appending(path: "keyturn.sqlite").path)
        try await database.write { db in
            try db.execute(
                sql: """
                    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10050)
                    INSERT INTO outbox (kind, address, recorded_at, due_at)
                    SELECT 'reset_link', 'person-' || n || '@example.com', 0, 0 FROM numbers
                    """)
        }
        try database.close()
        for (options, rows) in [(["--limit", "100000"], 10_050), ([], 100), (["--limit", "10049", "--json"], 10_049)] {
            let listed = try await RunningKeyturn.run(["outbox", "list"] + options, environment: environment)
            #expect(listed.output.components(separatedBy: "@example.com").count - 1 == rows, "\(options)")
            #expect(
                listed.errors.contains("10050 rows match; these are the oldest \(rows)") == (rows < 10_050),
                "\(options) \(listed.errors)")
        }
    }

    @Test func `hears of messages to an app that is no longer configured, and they are dropped by age`() async throws {
        let app = try FaultServer(.none, otherwise: .respond(500, body: "no"))
        defer { app.stop() }
        let hooks = [
            "KEYTURN_WEBHOOKS_URL": "http://127.0.0.1:\(app.port)/hooks",
            "KEYTURN_WEBHOOKS_SECRET": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        ]
        let on = try await RunningKeyturn.serve(hooks)
        _ = try await on.command("user", "add", "ann@example.com")
        #expect(try await on.command("user", "revoke-links", "ann@example.com", input: nil, hooks).status == 0)
        #expect(await on.stop() == 0)
        func log(_ keyturn: RunningKeyturn, has words: String) async throws {
            for _ in 0..<200 where !keyturn.log.contains(words) { try await Task.sleep(for: .milliseconds(50)) }
            #expect(keyturn.log.contains(words), "\(keyturn.log)")
        }

        let off = try await RunningKeyturn.serve(in: on.directory)
        try await log(off, has: "webhooks are off, and messages wait")
        let status = try await off.command("webhook", "status")
        #expect(status.output.hasPrefix("1 "), "\(status.output)")
        #expect(status.errors.contains("webhooks.url is not set, so nothing is sent"), "\(status.errors)")
        let doctor = try await off.command("doctor", "--offline")
        #expect(doctor.output.contains("1 message waits, and webhooks.url is not set"), "\(doctor.output)")
        #expect(await off.stop() == 0)

        let later = try await RunningKeyturn.serve(in: on.directory, ["KEYTURN_WEBHOOKS_MAXIMUM_AGE": "1s"])
        try await log(later, has: "webhook messages dropped")
        let empty = try await later.command("webhook", "status")
        #expect(empty.output.hasPrefix("0 ") && empty.errors.isEmpty, "\(empty.output)")
        #expect(await later.stop() == 0)
    }

    @Test func `imports again what was cut off by a kill, and neither loses nor doubles a row`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let environment = RunningKeyturn.environment(in: directory)
        _ = try await RunningKeyturn.run(["migrate"], environment: environment)
        let database = try DatabaseQueue(path: directory.appending(path: "keyturn.sqlite").path)
        func count() throws -> Int {
            try database.read { db in try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM users") ?? 0 }
        }
        // A batch is 20,000 rows.
        let rows = (10_001...70_000).map { "{\"email\":\"somebody-\($0)-of-the-many@example.com\"}\n" }.joined()
        let file = directory.appending(path: "users.jsonl")
        try Data(rows.utf8).write(to: file)
        let importing = Process()
        importing.executableURL = RunningKeyturn.binary
        importing.arguments = ["user", "import", file.path]
        importing.environment = environment
        try importing.run()
        for _ in 0..<3000 where try count() == 0 { try await Task.sleep(for: .milliseconds(10)) }
        kill(importing.processIdentifier, SIGKILL)
        importing.waitUntilExit()

        let there = try count()
        #expect([20_000, 40_000].contains(there))
        for expected in [
            "added \(60_000 - there), unchanged \(there), refused 0\n", "added 0, unchanged 60000, refused 0\n",
        ] {
            let again = try await RunningKeyturn.run(["user", "import", file.path], environment: environment)
            #expect(again.output == expected, "\(again.errors)")
        }
    }

    @Test func `hears from the doctor what to do, and its exit status says how bad it is`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        func doctor(_ changes: [String: String] = [:], _ more: String...) async throws -> (
            status: Int32, output: String, errors: String
        ) {
            try await RunningKeyturn.run(
                ["doctor"] + more, environment: RunningKeyturn.environment(in: directory, changes))
        }
        let good = ["KEYTURN_PASSWORDS_SCRYPT_LOG_N": "14", "KEYTURN_PASSWORDS_SCRYPT_P": "5"]
        _ = try await RunningKeyturn.run(["migrate"], environment: RunningKeyturn.environment(in: directory))
        let well = try await doctor(good, "--offline")
        #expect(well.status == 0, "\(well.output)")
        let cheap = try await doctor([:], "--offline")
        #expect(cheap.status == 2, "\(cheap.output)")
        #expect(cheap.output.contains("warning  configuration"))

        let database = directory.appending(path: "keyturn.sqlite").path
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: database)
        let open = try await doctor(good, "--offline")
        #expect(open.status == 1)
        #expect(open.output.contains("→ chmod 600 \(database)*"), "\(open.output)")

        // A provider that does not like the key, under an authority nobody named.
        let sendGrid = try await FakeSendGrid.start(answers: [.respond(401)])
        let mail = good.merging([
            "KEYTURN_MAIL_PROVIDER": "sendgrid", "SENDGRID_API_KEY": "SG.a-secret-key",
            "KEYTURN_MAIL_SENDGRID_BASE_URL": sendGrid.baseURL,
        ]) { _, new in new }
        let untrusted = try await doctor(mail)
        #expect(untrusted.status == 1)
        #expect(untrusted.output.contains("localhost: handshake: "), "\(untrusted.output)")
        let refused = try await doctor(
            mail.merging(["KEYTURN_MAIL_SENDGRID_CA_FILE": sendGrid.caFile]) { _, new in new })
        #expect(refused.output.contains("the provider refuses the key (401)"), "\(refused.output)")
        #expect(!refused.output.contains("SG.a-secret-key") && !refused.errors.contains("SG.a-secret-key"))
    }

    @Test func `is told of a secret that everybody can read`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let file = directory.appending(path: "secret").path
        try "Vb0qk2bT2nJx5y1xZw3Z7e8sQ0aLhYpDkUuJrXG4oTtF9c\n".write(toFile: file, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let changes = ["KEYTURN_SECRETS_STANDARD": "", "KEYTURN_SECRETS_FILE": file]
        let environment = RunningKeyturn.environment(in: directory, changes)
        let warned = try await RunningKeyturn.run(["config", "check"], environment: environment)
        #expect(warned.errors.contains("secrets.file: every user of this machine can read \(file)"), "\(warned.errors)")
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
        let quiet = try await RunningKeyturn.run(["config", "check"], environment: environment)
        #expect(!quiet.errors.contains("every user"))
        #expect(quiet.status == 0)
    }

    /// Who owns each file of a directory, those under `mails` left out.
    private func owners(in directory: URL) throws -> [String: Int] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter {
            $0.hasPrefix("keyturn")
        }
        return try Dictionary(
            uniqueKeysWithValues: names.map { name in
                let file = directory.appending(path: name).path
                return (name, try FileManager.default.attributesOfItem(atPath: file)[.ownerAccountID] as? Int ?? -1)
            })
    }

    @Test(.enabled(if: geteuid() == 0)) func `leaves the database to the service's user, being root`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        let copy = keyturn.directory.appending(path: "copy").path
        _ = try await keyturn.command("user", "add", "ann@example.com")
        #expect(try await keyturn.command("backup", copy).status == 0)
        #expect(await keyturn.stop() == 0)
        for name in try owners(in: keyturn.directory).keys {
            try FileManager.default.removeItem(at: keyturn.directory.appending(path: name))
        }
        try FileManager.default.setAttributes([.ownerAccountID: 4711], ofItemAtPath: keyturn.directory.path)
        #expect(try await keyturn.command("user", "add", "bob@example.com").status == 0)
        #expect(try owners(in: keyturn.directory)["keyturn.sqlite"] == 4711)
        #expect(try await keyturn.command("restore", copy).status == 0)
        let owners = try owners(in: keyturn.directory)
        #expect(owners.count >= 3 && owners.values.allSatisfy { $0 == 4711 }, "\(owners)")
    }

    @Test func `may leave a credential of the service manager's empty, and give the value elsewhere`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        try Data("\n".utf8).write(to: directory.appending(path: "mail.sendgrid.apiKey"))
        let file = directory.appending(path: "config.json")
        try Data(#"{"mail": {"provider": "sendgrid", "sendgrid": {"apiKey": "SG.of-the-file"}}}"#.utf8).write(to: file)
        var environment = RunningKeyturn.environment(in: directory, ["CREDENTIALS_DIRECTORY": directory.path])
        environment["KEYTURN_MAIL_PROVIDER"] = nil
        let checked = try await RunningKeyturn.run(
            ["config", "check", "--config", file.path], environment: environment)
        #expect(checked.status == 0, "\(checked.errors)")
    }
}
