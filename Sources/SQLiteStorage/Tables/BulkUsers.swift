import GRDB
package import Keyturn
import PasswordHashing

extension SQLiteAccounts: AccountImports {
    /// Gives the writer a cache of 64 MiB instead of SQLite's 2: addresses come in no order, so an import touches the whole index
    /// again and again.
    package func expectManyUsers() async throws(StorageFailed) {
        try await writer.write(.oneStatement) { db in try db.execute(sql: "PRAGMA cache_size = -65536") }
    }

    package func addAll(_ users: [ImportedUser], at now: Timestamp) async throws(StorageFailed) -> [Imported] {
        try await writer.write(.severalStatements) { db in
            try users.map { imported in
                if try imported.insert(in: db, at: now) { return .added }
                let found = try imported.compare(in: db)
                return found == .added ? .externalIDTaken : found
            }
        }
    }

    package func compareAll(_ users: [ImportedUser]) async throws(StorageFailed) -> [Imported] {
        try await readers.read { db in try users.map { try $0.compare(in: db) } }
    }
}

extension ImportedUser {
    fileprivate func insert(in db: Database, at now: Timestamp) throws -> Bool {
        try db.run(
            """
            INSERT INTO users (email, password_hash, email_verified_at, created_at, disabled_at, external_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING
            """,
            .text(user.email.text), .text(user.passwordHash.text), user.isVerified ? .time(now) : .null, .time(now),
            isDisabled ? .time(now) : .null, .text(user.externalID?.text)) == 1
    }

    fileprivate func compare(in db: Database) throws -> Imported {
        guard
            let row = try db.row(
                """
                SELECT password_hash, email_verified_at IS NOT NULL, disabled_at IS NOT NULL, external_id
                FROM users WHERE email = ?1
                """,
                .text(user.email.text))
        else {
            guard let externalID = user.externalID else { return .added }
            return try externalID.isTaken(in: db) ? .externalIDTaken : .added
        }
        return compare(
            withHash: PasswordHash(row[0]), isVerified: row[1], isDisabled: row[2],
            externalID: (row[3] as String?).map(ExternalID.init(stored:)))
    }
}

extension ExternalID {
    /// Whether an account has it.
    func isTaken(in db: Database) throws -> Bool {
        try db.row("SELECT 1 FROM users WHERE external_id = ?1", .text(text)) != nil
    }
}
