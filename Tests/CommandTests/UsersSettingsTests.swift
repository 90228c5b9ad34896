/// Where accounts live, as it is configured.
import ForeignUsers
import Foundation
import Keyturn
import PasswordHashing
import Testing

@testable import Command

@Suite struct `The keys users.*` {
    private func settings(_ environment: [String: String], file: String? = nil) throws -> Settings {
        try Settings(
            Layers(flags: [:], environment: environment, file: file.map { Array($0.utf8) }), readFile: { _ in [] })
    }

    private func refusal(_ environment: [String: String], file: String? = nil) -> String {
        do {
            _ = try settings(environment, file: file)
            return "accepted"
        } catch { return "\(error)" }
    }

    @Test func `leave accounts in our own store if nothing is said`() throws {
        #expect(try settings([:]).users.areOurs)
    }

    @Test(arguments: [
        (["SOURCE": "elsewhere"], "users.source: must be one of own, table, http"),
        (["PRESET": "django"], "users.preset: is set, but users.source is own"),
        (["SOURCE": "table", "PRESET": "jango"], "users.preset: must be one of django, flask"),
        (["SOURCE": "table", "PRESET": "django"], "users.database.path: missing"),
        (
            ["SOURCE": "table", "PRESET": "django", "DATABASE_URL": "postgresql://db/app"],
            "users.database.url: PostgreSQL and MariaDB are not supported yet"
        ),
        (
            ["SOURCE": "table", "PRESET": "django", "DATABASE_URL": "mysql://db/app"],
            "users.database.url: PostgreSQL and MariaDB are not supported yet"
        ),
        (
            ["SOURCE": "table", "PRESET": "django", "WITHOUT_PASSWORD": "maybe"],
            "users.withoutPassword: must be one of"
        ),
        (["SOURCE": "table", "PRESET": "django", "SEVERAL": "first"], "users.several: must be one of each, refuse"),
        (["SOURCE": "table", "HTTP_URL": "https://app.example"], "users.http.url: is set, but users.source is table"),
        (["SOURCE": "http"], "users.http.url: missing"),
        (["SOURCE": "http", "HTTP_URL": "http://app.example/"], "users.http.url: must be https://host[:port]/path"),
        (["SOURCE": "http", "HTTP_URL": "https://app.example/"], "users.http.secret: missing"),
        (
            ["SOURCE": "http", "HTTP_URL": "https://app.example/", "HTTP_SECRET": "short"],
            "users.http.secret: needs at least 32 bytes"
        ),
        (
            ["SOURCE": "http", "HTTP_URL": "https://app.example/", "HTTP_SECRET": "whsec_AAAA"],
            "users.http.secret: must be whsec_ and base64"
        ),
        (["SOURCE": "http", "TABLE": "users"], "users.table: is set, but users.source is http"),
    ])
    func `are refused in words that name the key`(values: [String: String], words: String) {
        let environment = Dictionary(uniqueKeysWithValues: values.map { ("KEYTURN_USERS_\($0.key)", $0.value) })
        #expect(refusal(environment).hasPrefix(words), "\(refusal(environment))")
    }

    @Test func `take the address and the secret of an app`() throws {
        let settings = try settings([
            "KEYTURN_USERS_SOURCE": "http", "KEYTURN_USERS_HTTP_URL": "http://127.0.0.1:8000/keyturn?x=1",
            "KEYTURN_USERS_HTTP_SECRET": "0123456789abcdef0123456789abcdef", "KEYTURN_USERS_HTTP_SENDS": "hash",
        ])
        guard case .http(let app) = settings.users else {
            Issue.record("not http")
            return
        }
        #expect(app.path == "/keyturn?x=1" && app.sends == .hash)
    }

    @Test func `take what a preset says, and single keys over it`() throws {
        let settings = try settings(
            [:],
            file: #"""
                {"users": {"source": "table", "preset": "django", "database": {"path": "/srv/app.sqlite"}, "table": "people",
                "mayReset": [], "onReset": ["changed = now seconds"]}}
                """#)
        guard case .table("/srv/app.sqlite", let mapping) = settings.users else {
            Issue.record("not the table")
            return
        }
        #expect(mapping.table == "people" && mapping.hash == "password" && mapping.mayReset.isEmpty)
        #expect(mapping.onReset == ["changed = now seconds"] && mapping.noPassword == ["!", ""])
        #expect(settings.passwords.scheme == .djangoPBKDF2SHA256(iterations: 1_000_000))
    }

    @Test func `let the configuration say how passwords are hashed, whatever the preset says`() throws {
        let settings = try settings(
            [:],
            file: #"""
                {"users": {"source": "table", "preset": "django", "database": {"path": "/srv/app.sqlite"}},
                "passwords": {"scheme": "bcrypt"}}
                """#)
        #expect(settings.passwords.scheme == .bcrypt(cost: 12))
    }

    @Test func `ask for a scheme if neither a preset nor a row tells it`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("users-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("app.sqlite").path
        func run(_ sql: String) throws {
            let sqlite = Process()
            sqlite.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            sqlite.arguments = [
                "python3", "-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])", path,
                sql,
            ]
            try sqlite.run()
            sqlite.waitUntilExit()
        }
        try run("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, hash TEXT)")
        let environment = [
            "KEYTURN_USERS_SOURCE": "table", "KEYTURN_USERS_DATABASE_PATH": path, "KEYTURN_USERS_TABLE": "people",
            "KEYTURN_USERS_HASH": "hash",
        ]
        #expect(refusal(environment).hasPrefix("passwords.scheme: missing: the table people holds no hash"))
        try run("INSERT INTO people (email, hash) VALUES ('a@b.c', 'x'), ('b@b.c', 'scrypt:32768:8:1$a$b')")
        guard case .werkzeugScrypt = try settings(environment).passwords.scheme else {
            Issue.record("another scheme")
            return
        }
    }
}
