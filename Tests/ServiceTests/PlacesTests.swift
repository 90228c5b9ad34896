import Foundation
import GRDB
import TestKit
import Testing

/// Where files are looked for, and which command makes them.
@Suite struct `A command` {
    private typealias Ended = (status: Int32, output: String, errors: String)

    /// Every one that needs a database, and makes none.
    private static let readers: [[String]] = [
        ["user", "list"], ["user", "show", "ann@example.com"], ["user", "export"],
        ["user", "revoke-links", "ann@example.com"], ["user", "revoke-links", "--all"],
        ["user", "reset-link", "ann@example.com"], ["user", "disable", "ann@example.com"],
        ["user", "enable", "ann@example.com"], ["outbox", "list"], ["outbox", "retry", "--all"],
        ["outbox", "purge", "--failed"], ["webhook", "status"], ["webhook", "retry"], ["token", "inspect", "a.b.c"],
        ["backup", "copy.sqlite"],
    ]

    @Test func `that makes no database refuses a missing one, and names it`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let path = directory.appending(path: "mistyped.sqlite").path
        let environment = RunningKeyturn.environment(in: directory, ["KEYTURN_DATABASE_PATH": path])
        for command in Self.readers {
            let ended = try await RunningKeyturn.run(command, environment: environment)
            #expect(ended.status == 1, "\(command)")
            #expect(ended.errors.contains("there is no ") && ended.errors.contains(path), "\(command): \(ended.errors)")
        }
        let doctor = try await RunningKeyturn.run(["doctor", "--offline"], environment: environment)
        #expect(doctor.status == 2)
        #expect(doctor.output.contains("there is no \(path)"), "\(doctor.output)")
        let rows = #"{"email":"ann@example.com"}"#
        let dry = try await RunningKeyturn.run(
            ["user", "import", "--dry-run", "-"], environment: environment, input: rows)
        #expect(dry.output == "dry run, nothing was written: would have added 1, unchanged 0, refused 0\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    @Test(arguments: [
        ["migrate"], ["user", "add", "ann@example.com"], ["user", "import", "-"],
    ])
    func `that fills a database makes it`(command: [String]) async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let environment = RunningKeyturn.environment(in: directory)
        let rows = #"{"email":"ann@example.com"}"#
        #expect(try await RunningKeyturn.run(command, environment: environment, input: rows).status == 0)
        #expect(try await RunningKeyturn.run(["user", "list"], environment: environment).status == 0)
    }

    @Test func `takes the relative paths of a configuration from its folder, wherever it is called`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let folder = directory.appending(path: "etc")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let secret = "Vb0qk2bT2nJx5y1xZw3Z7e8sQ0aLhYpDkUuJrXG4oTtF9c"
        try secret.write(to: folder.appending(path: "secret"), atomically: false, encoding: .utf8)
        let configuration = """
            {"server": {"publicURL": "https://accounts.example.com", "port": 0}, "admin": {"port": 0},
             "database": {"path": "data.sqlite"}, "secrets": {"file": "secret"},
             "mail": {"provider": "capture", "from": {"email": "no-reply@example.com", "name": "Example"}}}
            """
        try configuration.write(to: folder.appending(path: "config.json"), atomically: false, encoding: .utf8)
        func keyturn(in place: URL, _ arguments: String...) async throws -> Ended {
            try await RunningKeyturn.run(
                ["-c", #"cd "$0" && exec "$@""#, place.path, RunningKeyturn.binary.path] + arguments,
                of: URL(fileURLWithPath: "/bin/sh"), environment: ["PATH": "/usr/bin:/bin"])
        }
        let added = try await keyturn(in: directory, "user", "add", "ann@example.com", "--config", "etc/config.json")
        #expect(added.status == 0, "\(added.errors)")
        for (place, path) in [(folder, "config.json"), (directory, "./etc/config.json")] {
            let listed = try await keyturn(in: place, "user", "list", "--config", path)
            #expect(listed.output.contains("ann@example.com"), "\(listed.errors)")
        }
        let elsewhere = try await keyturn(
            in: URL(fileURLWithPath: "/"), "config", "check", "--config", folder.appending(path: "config.json").path)
        #expect(elsewhere.status == 0, "\(elsewhere.errors)")
        // A default of a path belongs to the same folder: the example's file shows it as one that could stand there.
        #expect(elsewhere.output.contains(folder.appending(path: "captured-mail").path), "\(elsewhere.output)")
        // What a flag says belongs to where it was typed.
        let flag = try await keyturn(
            in: folder, "user", "list", "--config", "config.json", "--set", "database.path=other/none.sqlite")
        #expect(flag.status == 1)
        #expect(flag.errors.contains("there is no other/none.sqlite"), "\(flag.errors)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["etc"])
    }

    @Test func `of a newer binary changes no table under the service of an older one`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let environment = RunningKeyturn.environment(in: directory)
        #expect(try await RunningKeyturn.run(["migrate"], environment: environment).status == 0)
        // As the binary before the last migration left it.
        let database = try DatabaseQueue(path: directory.appending(path: "keyturn.sqlite").path)
        let newest = try await database.write { db in
            let newest = try String.fetchOne(db, sql: "SELECT MAX(name) FROM schema_migrations")
            try db.execute(sql: "DELETE FROM schema_migrations WHERE name = ?", arguments: [newest])
            return try #require(newest)
        }
        for command in Self.readers.dropLast() + [["user", "add", "ann@example.com"], ["user", "import", "-"]] {
            let ended = try await RunningKeyturn.run(command, environment: environment, input: "")
            #expect(ended.status == 1, "\(command)")
            #expect(
                ended.errors.contains("migration \(newest) is not applied yet")
                    && ended.errors.contains("`keyturn migrate`"), "\(command): \(ended.errors)")
        }
        let applied = try await database.read { db in
            try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM schema_migrations WHERE name = ?", arguments: [newest])
        }
        #expect(applied == 0)
    }

    @Test(arguments: [
        ("KEYTURN_PASSWORDS_BLOCKLIST_FILE", "missing", "passwords.blocklistFile: "),
        ("KEYTURN_MAIL_SENDGRID_CA_FILE", "missing", "mail.sendgrid.caFile: "),
        ("KEYTURN_MAIL_SENDGRID_CA_FILE", "garbage", "mail.sendgrid.caFile: "),
        ("KEYTURN_WEBHOOKS_CA_FILE", "garbage", "webhooks.caFile: "),
        ("KEYTURN_BRAND_LOGO", "garbage", "brand.logo: "),
        ("KEYTURN_TEMPLATES_DIRECTORY", "missing", "templates.directory: "),
        ("KEYTURN_SECRETS_FILE", "missing", "secrets.file: "),
        ("KEYTURN_SERVER_TLS_KEY", "garbage", "server.tls.certificate: "),
        ("KEYTURN_MAIL_CAPTURE_DIRECTORY", "garbage/mails", "mail.capture.directory: "),
        ("KEYTURN_ADMIN_HOST", "example.com", "admin.host: "),
    ])
    func `makes nothing while the configuration is wrong anywhere`(variable: String, value: String, words: String)
        async throws
    {
        let directory = try RunningKeyturn.temporaryDirectory()
        let garbage = directory.appending(path: "garbage")
        try "nothing of use".write(to: garbage, atomically: false, encoding: .utf8)
        let isPlace = variable != "KEYTURN_ADMIN_HOST"
        var changes = [
            variable: isPlace ? directory.appending(path: value).path : value,
            "KEYTURN_WEBHOOKS_URL": "https://app.example.com/",
            "KEYTURN_WEBHOOKS_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        ]
        if variable == "KEYTURN_SERVER_TLS_KEY" { changes["KEYTURN_SERVER_TLS_CERTIFICATE"] = garbage.path }
        if variable == "KEYTURN_SECRETS_FILE" { changes["KEYTURN_SECRETS_STANDARD"] = "" }
        let environment = RunningKeyturn.environment(in: directory, changes)
        let copy = directory.appending(path: "copy")
        for command in [
            ["serve"], ["migrate"], ["user", "add", "ann@example.com"], ["user", "import", "-"],
            ["restore", copy.path],
        ] {
            let ended = try await RunningKeyturn.run(command, environment: environment, input: "")
            #expect(ended.status == 1, "\(command)")
            #expect(ended.errors.contains(words), "\(command): \(ended.errors)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["garbage"])
    }

    @Test func `that refuses what it was given makes no database for it`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let environment = RunningKeyturn.environment(in: directory)
        for command in [
            ["user", "add", "ann@example.com", "--password-hash", "plain"], ["user", "add", "no address"],
            ["user", "add", "ann@example.com", "--password-stdin"], ["user", "import", "missing.csv"],
        ] {
            #expect(try await RunningKeyturn.run(command, environment: environment, input: "").status == 1)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }
}
