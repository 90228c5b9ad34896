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

    package func updateAll(_ users: [ImportedUser], dryRun: Bool, at now: Timestamp) async throws(StorageFailed)
        -> [Imported]
    {
        if dryRun {
            return try await readers.read { db in try users.map { try $0.update(in: db, dryRun: true, at: now) } }
        }
        return try await writer.write(.severalStatements) { db in
            try users.map { try $0.update(in: db, dryRun: false, at: now) }
        }
    }

    package func twins(limit: Int) async throws(StorageFailed) -> [AddressTwins] {
        try await readers.read { db in try AddressSpellings.twins(limit: max(limit, 0), in: db) }
    }
}

extension ImportedUser {
    fileprivate func insert(in db: Database, at now: Timestamp) throws -> Bool {
        guard try !AddressSpellings.isTaken(user.email, in: db) else { return false }
        return try db.run(
            """
            INSERT INTO users
                (email, password_hash, email_verified_at, created_at, disabled_at, external_id, email_key, import_digest)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING
            """,
            .text(user.email.text), .text(user.passwordHash.text), user.isVerified ? .time(now) : .null, .time(now),
            isDisabled ? .time(now) : .null, .text(user.externalID?.text), AddressSpellings.key(of: user.email),
            .text(hashDigest)) == 1
    }

    fileprivate func compare(in db: Database) throws -> Imported {
        guard let found = try find(in: db) else {
            return try user.externalID?.isTaken(in: db) == true ? .externalIDTaken : .added
        }
        return compare(with: found.account)
    }

    fileprivate func update(in db: Database, dryRun: Bool, at now: Timestamp) throws -> Imported {
        guard let found = try find(in: db) else { return .differs }
        let change = change(of: found.account)
        guard try change.externalID?.isTaken(in: db) != true else { return .externalIDTaken }
        if !change.isEmpty, !dryRun { try write(change, to: found.rowID, in: db, at: now) }
        return Imported(change)
    }

    /// Links of an account that is enabled again stay dead, as everywhere.
    private func write(_ change: ImportChange, to rowID: Int64, in db: Database, at now: Timestamp) throws {
        if let hash = change.hash {
            try db.run(
                "UPDATE users SET password_hash = ?2, import_digest = ?3 WHERE id = ?1", .integer(rowID),
                .text(hash.text), .text(hashDigest))
        }
        if let isVerified = change.isVerified {
            try db.run(
                "UPDATE users SET email_verified_at = ?2 WHERE id = ?1", .integer(rowID),
                isVerified ? .time(now) : .null)
        }
        if let isDisabled = change.isDisabled {
            try db.run(
                """
                UPDATE users SET disabled_at = ?2,
                    reset_epoch = CASE WHEN ?2 IS NULL THEN \(EpochBase.ofAccount) + 1 ELSE reset_epoch END
                WHERE id = ?1
                """, .integer(rowID), isDisabled ? .time(now) : .null)
        }
        if let id = change.externalID {
            try db.run("UPDATE users SET external_id = ?2 WHERE id = ?1", .integer(rowID), .text(id.text))
        }
    }

    private func find(in db: Database) throws -> (rowID: Int64, account: FoundAccount)? {
        // Most addresses have one spelling, and need one look.
        if !user.email.hasOtherSpellings { return try find("email = ?1", .text(user.email.text), in: db) }
        guard let id = try User.found(email: user.email, in: db)?.id.rowID else { return nil }
        return try find("id = ?1", .integer(id), in: db)
    }

    private func find(_ condition: String, _ value: DatabaseValue, in db: Database) throws -> (
        rowID: Int64, account: FoundAccount
    )? {
        try db.row(
            """
            SELECT id, password_hash, email_verified_at IS NOT NULL, disabled_at IS NOT NULL, external_id,
                password_changed_at IS NOT NULL, import_digest
            FROM users WHERE \(condition)
            """, value
        ).map { row in
            let account = FoundAccount(
                hash: PasswordHash(row[1]), isVerified: row[2], isDisabled: row[3],
                externalID: (row[4] as String?).map(ExternalID.init(stored:)), wasReset: row[5],
                importDigest: row[6])
            return (row[0], account)
        }
    }
}

extension ExternalID {
    /// Whether an account has it.
    func isTaken(in db: Database) throws -> Bool {
        try db.row("SELECT 1 FROM users WHERE external_id = ?1", .text(text)) != nil
    }
}
