/// Every implementation of `Accounts` and `Outbox`: one suite of promises runs over all of them.
import Foundation
import GRDB
import Keyturn
import Logging
import PasswordHashing
import SQLiteStorage
import Telemetry
import TestKit

/// A store to be tested, made anew for each test.
enum Stores: String, CaseIterable, Sendable {
    case memory, sqlite
    static let all = Stores.allCases

    /// Opens an empty store, lets the test use it, and removes it.
    func use(capacity: Int = 1000, _ body: (any Accounts, TestedOutbox) async throws -> Void) async throws {
        try await open(capacity: capacity) { store in try await body(store.accounts, TestedOutbox(store)) }
    }

    /// The same with all of the store; an app is told what happens.
    func open(capacity: Int = 1000, _ body: (any Store) async throws -> Void) async throws {
        switch self {
        case .memory: try await body(MemoryStore(capacity: capacity))
        case .sqlite:
            try await Folder.use { folder in
                var options = SQLiteOptions(path: folder.path("store.sqlite"))
                options.outboxCapacity = capacity
                options.recordsWebhooks = true
                let database = try SQLiteDatabase(options, now: .noon, metrics: Metrics(), log: .silent)
                defer { database.close() }
                try await body(database)
            }
        }
    }
}

/// A folder of a test's own.
struct Folder: Sendable {
    private let url: URL

    static func use(_ body: (Folder) async throws -> Void) async throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("storage-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        try await body(Folder(url: url))
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// The permission bits of a file in it, in octal digits.
    func mode(_ name: String) throws -> String {
        let mode = try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
        return String(mode ?? 0, radix: 8)
    }

    /// Looks into a database from outside, as another process would.
    func look<Value>(into name: String, _ body: (Database) throws -> Value) throws -> Value {
        let queue = try DatabaseQueue(path: path(name))
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction(body)
    }
}

/// Another process in the middle of a transaction.
func openInTransaction(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.writeWithoutTransaction { db in try db.beginTransaction(.immediate) }
    return queue
}

extension Log {
    static let silent = Log(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
}

extension EmailAddress {
    static let ann = EmailAddress(stored: "Ann@example.com")
    static let bob = EmailAddress(stored: "bob@example.org")
}

extension PasswordHash {
    static let first = PasswordHash("$scrypt$first")
    static let second = PasswordHash("$scrypt$second")
}

extension NewUser {
    static let ann = NewUser(email: .ann, passwordHash: .first, isVerified: true)
    static let bob = NewUser(email: .bob, passwordHash: .first, isVerified: false)
}

extension SQLiteDatabase {
    /// The queue of this database as the tests need it.
    var tested: TestedOutbox { TestedOutbox(self) }
}
