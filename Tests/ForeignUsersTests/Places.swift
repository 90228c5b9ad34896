/// An app's SQLite file and our own store beside it, made anew for each test.
import Foundation
import GRDB
import Keyturn
import Logging
import PasswordHashing
import SQLiteStorage
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import ForeignUsers

struct Place: Sendable {
    let folder: URL
    let store: SQLiteDatabase
    let digests = HashDigests(secrets: Secrets([Array("0123456789abcdef0123456789abcdef".utf8)])!)

    var app: String { folder.appendingPathComponent("app.sqlite").path }

    static func use(_ sql: String = djangoTable, _ body: (Place) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("foreign-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let log = Log(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        var options = SQLiteOptions(path: folder.appendingPathComponent("own.sqlite").path)
        options.recordsWebhooks = true
        let store = try SQLiteDatabase(options, now: .noon, metrics: Metrics(), log: log)
        defer { store.close() }
        let place = Place(folder: folder, store: store)
        try place.inApp { db in try db.execute(sql: sql) }
        try await body(place)
    }

    /// As the app itself would.
    @discardableResult
    func inApp<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let queue = try DatabaseQueue(path: app)
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction(body)
    }

    func source(_ preset: String = "django", _ change: (inout MappingText) -> Void = { _ in }) throws -> SQLiteUsers {
        var mapping = try #require(Preset.named(preset)).mapping
        change(&mapping)
        return try SQLiteUsers(path: app, mapping: mapping, clock: WallClock { .noon })
    }

    func accounts(
        _ source: any ForeignSource, records: (any ForeignRecords)? = nil, clock: WallClock = WallClock { .noon },
        withoutPassword: MappingText.NoPassword = .skip, several: MappingText.Several = .each
    ) throws -> ForeignAccounts {
        ForeignAccounts(
            source, records: try records ?? #require(store.foreignRecords), digests: digests,
            withoutPassword: withoutPassword, several: several, clock: clock)
    }

    /// Messages that wait, by kind.
    func letters() async throws -> [PromisedMessage] {
        try await store.outbox.lease(atMost: 100, for: .milliseconds(1), at: Self.later()).map(\.letter)
    }

    private static let looks = Atomic<Int64>(0)

    /// Later than all that was recorded, and than the last look.
    private static func later() -> Timestamp {
        Timestamp(seconds: 4_000_000_000 + looks.add(1, ordering: .relaxed).newValue)
    }

    /// Every cell of every table, and what the file says about itself.
    func everything() throws -> [String] {
        try inApp { db in
            var lines: [String] = []
            for pragma in ["journal_mode", "user_version", "application_id", "schema_version", "encoding", "page_size"]
            {
                lines.append("\(pragma) \(try Row.fetchOne(db, sql: "PRAGMA \(pragma)")!)")
            }
            for row in try Row.fetchAll(db, sql: "SELECT type, name, sql FROM sqlite_master ORDER BY name") {
                lines.append("\(row)")
            }
            let tables = try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            for table in tables {
                for row in try Row.fetchAll(db, sql: "SELECT rowid, * FROM \"\(table)\" ORDER BY rowid") {
                    for (column, value) in row { lines.append("\(table) \(row[0] as Int) \(column) \(value.storage)") }
                }
            }
            return lines
        }
    }
}

let oldHash = PasswordHash("pbkdf2_sha256$1$salt$old")

let djangoTable = """
    CREATE TABLE auth_user (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, password varchar(128) NOT NULL, last_login datetime NULL,
        is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, last_name varchar(150) NOT NULL, email varchar(254) NOT NULL,
        is_staff bool NOT NULL, is_active bool NOT NULL, date_joined datetime NOT NULL, first_name varchar(150) NOT NULL);
    CREATE TABLE django_session (session_key varchar(40) NOT NULL PRIMARY KEY, session_data text NOT NULL, expire_date datetime NOT NULL);
    PRAGMA user_version = 77;
    INSERT INTO auth_user VALUES
        (7, 'pbkdf2_sha256$1$salt$old', NULL, 0, 'ann', 'A', 'Ann@Example.com', 0, 1, '2026-01-01 10:00:00.123456', 'Ann'),
        (8, 'pbkdf2_sha256$1$salt$bob', NULL, 0, 'bob', 'B', 'bob@example.org', 0, 0, '2026-01-01 10:00:00', 'Bob'),
        (9, '!unusable', NULL, 0, 'cleo', 'C', 'cleo@example.org', 0, 1, '2026-01-01 10:00:00', 'Cleo'),
        (10, 'pbkdf2_sha256$1$salt$one', NULL, 0, 'dan1', 'D', 'dan@example.org', 0, 1, '2026-01-01 10:00:00', 'Dan'),
        (11, 'pbkdf2_sha256$1$salt$two', NULL, 0, 'dan2', 'D', 'DAN@example.org', 0, 1, '2026-01-01 10:00:00', 'Dan'),
        (12, 'pbkdf2_sha256$1$salt$x', NULL, 0, 'nomail', 'N', '', 0, 1, '2026-01-01 10:00:00', 'No');
    INSERT INTO django_session VALUES ('k', 'data', '2027-01-01');
    """

extension ForeignAccounts {
    func ann() async throws -> User { try #require(try await user(id: UserID("7"))) }
}

extension WallClock {
    static let real = WallClock { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}
