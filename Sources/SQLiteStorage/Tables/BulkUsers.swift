/// Users of an app that exists already, by the thousand.
import GRDB
package import Keyturn
import PasswordHashing

/// Somebody who comes from elsewhere, as that place describes them.
package struct ImportedUser: Sendable {
    package let user: NewUser
    package let isDisabled: Bool

    package init(_ user: NewUser, isDisabled: Bool) {
        self.user = user
        self.isDisabled = isDisabled
    }
}

/// What became of one of them.
package enum Imported: Sendable, Equatable {
    case added
    /// Somebody has this address, and is all that the row says: what an import that is run again finds.
    case unchanged
    /// Somebody has this address, with another hash or state; nothing was written.
    case differs
}

extension SQLiteDatabase {
    /// How many to hand to `addAll(_:at:)` at once: large enough to be quick, small enough to let the service write between.
    package static let importBatchLimit = 20_000

    /// Gives the writer a cache of 64 MiB instead of SQLite's 2: addresses come in no order, so an import touches the whole index
    /// again and again.
    package func expectManyUsers() async throws(StorageFailed) {
        try await writer.write(.oneStatement) { db in try db.execute(sql: "PRAGMA cache_size = -65536") }
    }

    /// Adds those whose address nobody has, in one transaction, synced when it returns.
    /// - Parameter users: whoever has more than ``importBatchLimit`` comes several times.
    /// - Returns: what became of each, in their order.
    package func addAll(_ users: [ImportedUser], at now: Timestamp) async throws(StorageFailed) -> [Imported] {
        try await writer.write(.severalStatements) { db in
            try users.map { imported in
                if try imported.insert(in: db, at: now) { return .added }
                return try imported.compare(in: db)
            }
        }
    }

    /// What ``addAll(_:at:)`` would find, without writing; who stands twice among them is told by nobody here.
    package func compareAll(_ users: [ImportedUser]) async throws(StorageFailed) -> [Imported] {
        try await readers.read { db in try users.map { try $0.compare(in: db) } }
    }
}

extension ImportedUser {
    fileprivate func insert(in db: Database, at now: Timestamp) throws -> Bool {
        try db.run(
            """
            INSERT INTO users (email, password_hash, email_verified_at, created_at, disabled_at)
            VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (email) DO NOTHING
            """,
            .text(user.email.text), .text(user.passwordHash.text), user.isVerified ? .time(now) : .null, .time(now),
            isDisabled ? .time(now) : .null) == 1
    }

    fileprivate func compare(in db: Database) throws -> Imported {
        guard
            let row = try db.row(
                "SELECT password_hash, email_verified_at IS NOT NULL, disabled_at IS NOT NULL FROM users WHERE email = ?1",
                .text(user.email.text))
        else { return .added }
        let stored: String = row[0]
        // Every unusable hash is another random text, and all mean the same: nobody can sign in.
        let isSameHash =
            stored.utf8.elementsEqual(user.passwordHash.text.utf8)
            || (stored.utf8.first == UInt8(ascii: "!") && user.passwordHash.text.utf8.first == UInt8(ascii: "!"))
        let isSame = isSameHash && row[1] == user.isVerified && row[2] == isDisabled
        return isSame ? .unchanged : .differs
    }
}
