/// Accounts in a table of the app's SQLite file.
import GRDB
import Keyturn
import PasswordHashing
import SQLiteStorage
import Synchronization
import TestKit
import Testing

@testable import ForeignUsers

@Suite struct `Accounts in the app's SQLite file` {
    private static let indexes = [
        "", "CREATE INDEX e ON auth_user (email)", "CREATE INDEX e ON auth_user (email COLLATE NOCASE)",
        "CREATE INDEX e ON auth_user (lower(\"email\"))", "CREATE INDEX e ON auth_user (email) WHERE is_active",
    ]

    @Test(arguments: zip(indexes, [Catalogue.AddressIndex.none, .exact, .withoutCase, .lowered, .none]))
    func `are found by address, whatever its case and whatever index there is`(
        index: String, kind: Catalogue.AddressIndex
    ) async throws {
        try await Place.use(djangoTable + index) { place in
            let source = try place.source()
            #expect(source.addressIndex == kind)
            let accounts = try place.accounts(source)
            let ann = try #require(try await accounts.user(email: EmailAddress(stored: "aNN@eXample.com")))
            #expect(ann.id == UserID("7") && ann.email.text == "Ann@Example.com" && ann.passwordHash == oldHash)
            #expect(ann.isVerified && !ann.isDisabled && ann.resetEpoch == 0)
            #expect(try await accounts.user(email: EmailAddress(stored: "nobody@example.com")) == nil)
            // The Kelvin sign is no K, and a wildcard is no address.
            #expect(try await accounts.user(email: EmailAddress(stored: "\u{C4}nn@example.com")) == nil)
            #expect(try await accounts.user(email: EmailAddress(stored: "%@example.com")) == nil)
            let both = try await accounts.users(for: [
                .resetLink(ResetRequest(email: EmailAddress(stored: "dan@example.org"))), .passwordChanged(UserID("7")),
                .resetLink(ResetRequest(email: EmailAddress(stored: "nobody@example.com"))),
                .passwordChanged(UserID("99")),
                .resetLink(ResetRequest(email: EmailAddress(stored: "bob@example.org"))),
            ])
            #expect(both.map { $0.map(\.id.text).sorted() } == [["10", "11"], ["7"], [], [], ["8"]])
            #expect(both[4][0].isDisabled)
        }
    }

    @Test(arguments: ["", "0", "07", "+7", " 7", "7 ", "٧", "7.0", "1e1", "99999999999999999999", "x", "7' OR 1=1"])
    func `are not found by an id that is nobody's`(id: String) async throws {
        try await Place.use { place in
            let accounts = try place.accounts(place.source())
            #expect(try await accounts.user(id: UserID(id)) == nil)
        }
    }

    @Test func `have ids that are texts too`() async throws {
        try await Place.use(
            """
            CREATE TABLE user (id CHAR(36) PRIMARY KEY, email TEXT, hashed_password TEXT, is_active BOOLEAN, is_verified BOOLEAN);
            INSERT INTO user VALUES ('5e5e8c0e-0000-4000-8000-000000000001', 'ann@example.com', '$argon2id$x', 1, 1);
            INSERT INTO user VALUES ('7', 'bob@example.com', '$argon2id$y', 1, NULL);
            """
        ) { place in
            let accounts = try place.accounts(place.source("fastapi-users"))
            #expect(try await accounts.user(id: UserID("5e5e8c0e-0000-4000-8000-000000000001"))?.isVerified == true)
            #expect(try await accounts.user(id: UserID("5E5E8C0E-0000-4000-8000-000000000001")) == nil)
            #expect(try await accounts.user(id: UserID("7"))?.isVerified == false)
            #expect(try await accounts.list(after: nil, limit: 10).count == 2)
        }
    }

    @Test(arguments: ["DELETE", "WAL"])
    func `get a new hash, and nothing else in the file changes`(journal: String) async throws {
        try await Place.use { place in
            try place.inApp { db in _ = try Row.fetchOne(db, sql: "PRAGMA journal_mode = \(journal)") }
            let before = try place.everything()
            let accounts = try place.accounts(place.source())
            let ann = try await accounts.ann()
            #expect(try await accounts.replace(ann.credentials, with: PasswordHash("new"), tellingIn: "de", at: .noon))
            #expect(try await !accounts.replace(ann.credentials, with: PasswordHash("other"), at: .noon))
            #expect(try await accounts.revokeLinks(try await accounts.ann().credentials, by: .visitor, at: .noon))
            let after = try place.everything()
            let cell = "auth_user 7 password string("
            #expect(after.count == before.count)
            let changed = zip(before, after).filter { $0 != $1 }.map(\.1)
            #expect(changed == [cell + "\"new\")"])
            #expect(after[0].lowercased().contains(journal.lowercased()))
            #expect(try await place.letters() == [.passwordChanged(UserID("7"), language: "de")])
            #expect(try await accounts.ann().resetEpoch == 1)
        }
    }

    @Test func `change once, however many try at the same time`() async throws {
        try await Place.use { place in
            let accounts = try place.accounts(place.source(), clock: .real)
            let ann = try await accounts.ann()
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        do {
                            return try await accounts.replace(
                                ann.credentials, with: PasswordHash("new\(number)"), at: .noon)
                        } catch let failed as StorageFailed where failed.kind == .unavailable {
                            // Another change is under way: 503, and the link would be asked again.
                            return false
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(wins == 1)
            #expect(try await place.letters().count == 1)
            #expect(
                try await place.store.foreignRecords?.overdueIntents(atMost: 9, at: .noon + .seconds(1_000_000_000))
                    == [])
        }
    }

    @Test func `are never both reset and revoked with one link`() async throws {
        for _ in 0..<20 {
            try await Place.use { place in
                let accounts = try place.accounts(place.source(), clock: .real)
                let ann = try await accounts.ann()
                async let reset = accounts.replace(ann.credentials, with: PasswordHash("new"), at: .noon)
                async let revoked = accounts.revokeLinks(ann.credentials, by: .visitor, at: .noon)
                let outcomes = try await [reset, revoked]
                #expect(outcomes.filter(\.self).count == 1)
            }
        }
    }

    @Test(arguments: [
        "UPDATE auth_user SET email = 'ann@example.com' WHERE id = 7",
        "UPDATE auth_user SET password = password || ' ' WHERE id = 7",
        "UPDATE auth_user SET is_active = 0 WHERE id = 7", "DELETE FROM auth_user WHERE id = 7",
        "UPDATE auth_user SET password = '!' WHERE id = 7",
    ])
    func `keep what the app changed meanwhile`(change: String) async throws {
        try await Place.use { place in
            let accounts = try place.accounts(place.source())
            let ann = try await accounts.ann()
            try place.inApp { db in try db.execute(sql: change) }
            let before = try place.everything()
            #expect(try await !accounts.replace(ann.credentials, with: PasswordHash("new"), at: .noon))
            #expect(try place.everything() == before)
            #expect(try await place.letters().isEmpty)
        }
    }

    @Test func `set what the framework sets, and end the sessions in its table`() async throws {
        try await Place.use(
            """
            CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR, email VARCHAR UNIQUE, email_verified_at DATETIME, password VARCHAR,
                remember_token VARCHAR, created_at DATETIME, updated_at DATETIME);
            CREATE TABLE sessions (id VARCHAR PRIMARY KEY, user_id INTEGER, payload TEXT);
            CREATE TABLE password_reset_tokens (email VARCHAR PRIMARY KEY, token VARCHAR);
            INSERT INTO users VALUES (1, 'Ann', 'ann@example.com', '2026-01-01 00:00:00', '$2y$12$x', 'old', '2026-01-01', '2026-01-01');
            INSERT INTO users VALUES (2, 'Bob', 'bob@example.com', NULL, '$2y$12$y', 'kept', '2026-01-01', '2026-01-01');
            INSERT INTO sessions VALUES ('a', 1, ''), ('b', 2, ''), ('c', NULL, ''), ('d', 1, '');
            INSERT INTO password_reset_tokens VALUES ('ann@example.com', 't'), ('bob@example.com', 't');
            """
        ) { place in
            let accounts = try place.accounts(place.source("laravel"))
            let ann = try #require(try await accounts.user(id: UserID("1")))
            #expect(try await accounts.user(id: UserID("2"))?.isVerified == false)
            #expect(try await accounts.replace(ann.credentials, with: PasswordHash("$2y$12$new"), at: .noon))
            let noon = RFC3339.format(.noon).prefix(10) + " 12:00:00"
            try place.inApp { db in
                let row = try #require(try Row.fetchOne(db, sql: "SELECT * FROM users WHERE id = 1"))
                #expect(row["password"] == "$2y$12$new")
                #expect((row["remember_token"] as String).count == 60)
                #expect(row["updated_at"] as String == noon)
                #expect(row["created_at"] == "2026-01-01")
                #expect(try String.fetchAll(db, sql: "SELECT id FROM sessions ORDER BY id") == ["b", "c"])
                #expect(try String.fetchAll(db, sql: "SELECT email FROM password_reset_tokens") == ["bob@example.com"])
                #expect(try String.fetchOne(db, sql: "SELECT remember_token FROM users WHERE id = 2") == "kept")
            }
        }
    }

    @Test func `without a password get a link only if that is allowed`() async throws {
        try await Place.use { place in
            let letter = PromisedMessage.resetLink(ResetRequest(email: EmailAddress(stored: "cleo@example.org")))
            for (word, becomes) in [(MappingText.NoPassword.skip, WithoutPassword.skip), (.tell, .tell)] {
                let accounts = try place.accounts(place.source(), withoutPassword: word)
                let cleo = try #require(try await accounts.users(for: [letter]).first?.first)
                #expect(cleo.withoutPassword == becomes)
                #expect(try await !accounts.replace(cleo.credentials, with: PasswordHash("new"), at: .noon))
            }
            let accounts = try place.accounts(place.source(), withoutPassword: .allow)
            // Before the worker saw the account there is nothing that a link could be signed with.
            #expect(try await accounts.user(id: UserID("9"))?.withoutPassword == .skip)
            let cleo = try #require(try await accounts.users(for: [letter]).first?.first)
            #expect(cleo.withoutPassword == nil && cleo.passwordHash.text.count > 32)
            #expect(try await accounts.user(id: UserID("9"))?.credentials == cleo.credentials)
            #expect(try await accounts.replace(cleo.credentials, with: PasswordHash("new"), at: .noon))
            #expect(try await !accounts.replace(cleo.credentials, with: PasswordHash("newer"), at: .noon))
            // If the app takes the password away again, the former link stays dead.
            try place.inApp { db in try db.execute(sql: "UPDATE auth_user SET password = '!x' WHERE id = 9") }
            let again = try #require(try await accounts.users(for: [letter]).first?.first)
            #expect(again.passwordHash != cleo.passwordHash)
        }
    }

    @Test func `at one address get a message each, or none if the configuration says so`() async throws {
        try await Place.use { place in
            let letter = PromisedMessage.resetLink(ResetRequest(email: EmailAddress(stored: "dan@example.org")))
            let (each, none) = (
                try place.accounts(place.source()), try place.accounts(place.source(), several: .refuse)
            )
            #expect(try await each.users(for: [letter])[0].count == 2)
            #expect(try await none.users(for: [letter])[0].isEmpty)
        }
    }

    @Test func `are disabled here without a word to the app`() async throws {
        try await Place.use { place in
            let accounts = try place.accounts(place.source())
            let before = try place.everything()
            let ann = try await accounts.ann()
            #expect(try await accounts.setDisabled(ann.id, true, at: .noon))
            #expect(try await accounts.ann().isDisabled)
            #expect(try await !accounts.replace(ann.credentials, with: PasswordHash("new"), at: .noon))
            #expect(try await accounts.setDisabled(ann.id, false, at: .noon))
            #expect(try await accounts.ann().resetEpoch == 1)
            #expect(try await !accounts.setDisabled(UserID("99"), true, at: .noon))
            #expect(try place.everything() == before)
        }
    }

    @Test func `lose their links when all links are revoked`() async throws {
        try await Place.use { place in
            let accounts = try place.accounts(place.source())
            let ann = try await accounts.ann()
            #expect(try await accounts.revokeLinks(ann.credentials, by: .visitor, at: .noon))
            let revoked = try await accounts.ann()
            try await place.store.revokeAllLinks(at: .noon)
            #expect(try await accounts.ann().resetEpoch > revoked.resetEpoch)
            #expect(try await !accounts.replace(revoked.credentials, with: PasswordHash("new"), at: .noon))
        }
    }

    @Test func `wait for the app's own transaction, and say so if it takes too long`() async throws {
        try await Place.use { place in
            let accounts = try place.accounts(place.source())
            let ann = try await accounts.ann()
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let queue = try DatabaseQueue(path: place.app, configuration: configuration)
            try queue.inDatabase { db in try db.execute(sql: "BEGIN IMMEDIATE; UPDATE auth_user SET last_name = 'X'") }
            await #expect(throws: StorageFailed.self) {
                try await accounts.replace(ann.credentials, with: PasswordHash("new"), at: .noon)
            }
            try queue.inDatabase { db in try db.execute(sql: "ROLLBACK") }
            // The link is still good, and the account is not locked.
            #expect(try await accounts.replace(ann.credentials, with: PasswordHash("new"), at: .noon))
        }
    }

    @Test func `are not looked for by more than two logins at once where no index helps`() async throws {
        let many = (100..<40_000).map { "(\($0), '', NULL, 0, 'u\($0)', '', 'u\($0)@example.net', 0, 1, '', '')" }
        let sql = djangoTable + "INSERT INTO auth_user VALUES " + many.joined(separator: ",")
        try await Place.use(sql) { place in
            let accounts = try place.accounts(place.source())
            // Known and unknown alike.
            for email in ["ann@example.com", "nobody@example.com"] {
                let refused = await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<32 {
                        group.addTask {
                            do {
                                _ = try await accounts.user(email: EmailAddress(stored: email))
                                return false
                            } catch { return (error as? StorageFailed)?.kind == .busy }
                        }
                    }
                    return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect((1...30).contains(refused))
            }
        }
    }

    @Test func `are found in one of many spellings without reading the table`() async throws {
        let many = (0..<3000).map { "('user\($0)@example.com'), ('User\($0)@Example.com'), ('USER\($0)@EXAMPLE.COM')" }
        let sql = """
            CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, password TEXT DEFAULT 'h');
            INSERT INTO users (email) VALUES \(many.joined(separator: ",")), ('josé@example.com'), ('Zoë@Example.com');
            """
        try await Place.use(sql) { place in
            let source = try place.source("laravel")
            #expect(source.addressIndex == .exact)
            for (email, count) in [
                ("uSER17@example.com", 3), ("user1@example.com", 3), ("JOSé@EXAMPLE.com", 1), ("zoë@example.com", 1),
                ("josÉ@example.com", 0), ("jose@example.com", 0), ("user@example.com", 0), ("user3000@example.com", 0),
            ] {
                let rows = try await source.rows(of: [EmailAddress(stored: email)], for: .worker)
                #expect(rows[0].count == count, "\(email)")
            }
        }
    }
}

/// What is wrong with a mapping is said with key, table and column.
@Suite struct `A mapping` {
    struct Misfit: Sendable {
        let words: String
        let change: @Sendable (inout MappingText) -> Void

        init(_ words: String, _ change: @escaping @Sendable (inout MappingText) -> Void) {
            (self.words, self.change) = (words, change)
        }
    }

    @Test(arguments: [
        Misfit(
            "users.table: there is no table nope in APP (it has: auth_user, django_session)", { m in m.table = "nope" }),
        Misfit(
            "users.hash: the table auth_user in APP has no column pass (it has: id, password, last_login, is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name)",
            { m in m.hash = "pass" }),
        Misfit(
            "users.mayReset: \"is_active\" must be like: column = true, column = 'text', column != 1, column in 0, 3, column is null, column is not null, column > now",
            { m in m.mayReset = ["is_active"] }),
        Misfit("users.onReset: \"a = random 0\" needs a length from 1 to 255", { m in m.onReset = ["a = random 0"] }),
        Misfit(
            "users.onReset: must not set email: a reset never changes id or address",
            { m in m.onReset = ["email = null"] }),
        Misfit("users.onReset: sets password twice", { m in m.onReset = ["password = null"] }),
        Misfit(
            "users.onReset: is_staff is a number: say now seconds or now milliseconds, now sql or now iso",
            { m in m.onReset = ["is_staff = now"] }),
        Misfit(
            "users.delete: there is no table sessions in APP (it has: auth_user, django_session)",
            { m in m.delete = ["sessions.user_id"] }),
        Misfit(
            "users.delete: the table django_session in APP has no column user_id (it has: session_key, session_data, expire_date)",
            { m in m.delete = ["django_session.user_id"] }),
        Misfit(
            "users.delete: \"sessions\" must be like: sessions.user_id, or password_reset_tokens.email = email",
            { m in m.delete = ["sessions"] }),
        Misfit(
            "users.id: last_name of the table auth_user is neither its primary key nor unique: two accounts could have one id",
            { m in m.id = "last_name" }),
    ])
    func `that does not fit the file is refused in words`(misfit: Misfit) async throws {
        try await Place.use { place in
            do {
                _ = try place.source("django", misfit.change)
                Issue.record("not refused")
            } catch let refused as MappingRefused {
                #expect("\(refused.key): \(refused.words)".replacing(place.app, with: "APP") == misfit.words)
            }
        }
    }

    @Test func `of a preset leaves out what the app does not have, and says so`() async throws {
        try await Place.use("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password TEXT)") { place in
            let source = try place.source("laravel")
            #expect(
                source.leftOut == [
                    "users.verified: email_verified_at is not null (no column email_verified_at)",
                    "users.onReset: remember_token = random 60 (no column remember_token)",
                    "users.onReset: updated_at = now sql (no column updated_at)",
                    "users.delete: sessions.user_id (no column user_id in sessions)",
                    "users.delete: password_reset_tokens.email = email (no column email in password_reset_tokens)",
                ])
        }
    }

    @Test func `asks for a file that is there`() throws {
        #expect(throws: MappingRefused.self) {
            _ = try SQLiteUsers(path: "/nowhere/app.sqlite", mapping: Preset.all[0].mapping, clock: .real)
        }
    }

    @Test(arguments: Preset.all.map(\.name)) func `of every preset is understood`(name: String) throws {
        let preset = try #require(Preset.named(name))
        _ = try Mapping(preset.mapping, has: { _, _ in true }, leftOut: { _ in Issue.record("left out") })
    }

    @Test func `knows the presets of the contract`() {
        #expect(
            Preset.all.map(\.name) == [
                "django", "flask", "flask-security", "fastapi-users", "laravel", "devise", "rails-secure-password",
                "wordpress",
                "aspnet", "supabase", "ghost", "strapi", "symfony", "phpbb", "drupal", "directus", "mattermost",
            ])
    }

    @Test(arguments: [
        ("a = true", Condition.Test.equals(.boolean(true)), false), ("a = 'it''s'", .equals(.text("it's")), false),
        ("a != -3", .differs(.integer(-3)), false), ("a in 0, 3", .isAnyOf([.integer(0), .integer(3)]), false),
        ("a in 'x' 'y' or null", .isAnyOf([.text("x"), .text("y")]), true), ("a is null", .isNull, false),
        ("a is not null", .isNotNull, false), ("a > now", .isAhead(.byColumn), false),
        ("a < now seconds or null", .isPast(.seconds), true), ("\"a\" = false", .equals(.boolean(false)), false),
    ])
    func `has conditions`(text: String, test: Condition.Test, orNull: Bool) throws {
        let condition = try Condition(text)
        #expect(condition.column == "a" && condition.test == test && condition.orNull == orNull)
    }

    @Test(arguments: [
        "", "a", "a =", "a = ", "a = b", "a = 1; DROP TABLE x", "a = 1 b", "= 1", "a in", "a == 1", "a = 'x", "a is",
        "a(b) = 1",
        "a > 3", "a = 99999999999999999999", "a = true --",
    ])
    func `has no conditions but these`(text: String) {
        #expect(throws: SentenceRefused.self) { try Condition(text) }
    }
}
