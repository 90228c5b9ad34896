/// The people, in a table of our own.
import GRDB
package import Keyturn
package import PasswordHashing

/// Reads on the readers, writes through the group commit. A user's id is the row's, in decimal.
package struct SQLiteUsers: Users {
    /// The most users one `list(after:limit:)` gives.
    package static let listLimit = 1000

    let readers: Readers
    let writer: GroupCommit
    let pending: PendingRows
    let arrivals: Arrivals
    let auditLog: SQLiteAuditLog
    let webhooks: SQLiteWebhooks

    package func user(email: EmailAddress) async throws(StorageFailed) -> User? {
        try await readers.readQuickly { db in try User.found(email: email, in: db) }
    }

    package func user(id: UserID) async throws(StorageFailed) -> User? {
        try await readers.readQuickly { db in try User.found(id: id, in: db) }
    }

    package func users(for letters: [PromisedLetter]) async throws(StorageFailed) -> [User?] {
        try await readers.read { db in
            try letters.map { letter in
                switch letter {
                case .resetLink(let request): try User.found(email: request.email, in: db)
                case .passwordChanged(let id, _): try User.found(id: id, in: db)
                }
            }
        }
    }

    /// - Parameter limit: at most ``listLimit`` are given.
    package func list(after id: UserID?, limit: Int) async throws(StorageFailed) -> [User] {
        guard let last = id.map(\.rowID) ?? Int64.min else { return [] }
        let limit = min(max(limit, 0), SQLiteUsers.listLimit)
        return try await readers.read { db in
            try db.all(
                StoredUser.self, "SELECT \(StoredUser.columns), 1 FROM users WHERE id > ?1 ORDER BY id LIMIT ?2",
                .integer(last), .integer(limit)
            ).map(\.user)
        }
    }

    package func add(_ new: NewUser, at now: Timestamp) async throws(AddUserFailed) -> User {
        let verifiedAt = new.isVerified ? now : nil
        let added: (rowID: Int64, epoch: Int64)?
        do throws(StorageFailed) {
            added = try await writer.write(.oneStatement) { db in
                // A known address is answered, not thrown: a thrown one would be undone and counted as a failure.
                let count = try db.run(
                    """
                    INSERT INTO users (email, password_hash, email_verified_at, created_at) VALUES (?1, ?2, ?3, ?4)
                    ON CONFLICT (email) DO NOTHING
                    """,
                    .text(new.email.text), .text(new.passwordHash.text), verifiedAt.map { .time($0) } ?? .null,
                    .time(now))
                guard count == 1 else { return nil }
                let rowID = db.lastInsertedRowID
                return (rowID, try db.row("SELECT epoch_base FROM store")?[0] as Int64? ?? 0)
            }
        } catch {
            throw .storage(error)
        }
        guard let added else { throw .exists }
        return User(
            id: UserID(rowID: added.rowID), email: EmailAddress(stored: new.email.text),
            passwordHash: new.passwordHash, emailVerifiedAt: verifiedAt, createdAt: now, passwordChangedAt: nil,
            resetEpoch: added.epoch, disabledAt: nil)
    }

    /// Turns the key, only if hash, address and epoch are byte for byte those the link was checked against: of any number of
    /// simultaneous posts of one link, exactly one finds them so. An account that was disabled meanwhile keeps its password.
    package func replace(
        _ old: Credentials, with new: PasswordHash, tellingIn language: String?, at now: Timestamp
    ) async throws(StorageFailed) -> Bool {
        guard let rowID = old.id.rowID else { return false }
        let (pending, webhooks) = (pending, webhooks)
        let line = AuditLine(.passwordReset, of: old.id, by: .visitor, at: now)
        let isReplaced = try await writer.write(.severalStatements) { db in
            let changed = try db.run(
                """
                UPDATE users SET password_hash = ?1, password_changed_at = ?2
                WHERE id = ?3 AND password_hash = ?4 AND email = ?5 COLLATE BINARY AND \(EpochBase.ofAccount) = ?6
                    AND disabled_at IS NULL
                """,
                .text(new.text), .time(now), .integer(rowID), .text(old.hash.text), .text(old.email.text),
                .integer(old.epoch))
            guard changed == 1 else { return false }
            try pending.dropRequests(of: old.email, in: db)
            try db.run(
                """
                INSERT INTO outbox (kind, user_id, language, recorded_at, due_at)
                VALUES ('password_changed', ?1, ?2, ?3, ?3)
                """, .integer(rowID), .text(language), .time(now))
            pending.add(1)
            try line.write(to: db)
            try webhooks.write(.passwordChanged, of: rowID, because: nil, to: db, at: now)
            return true
        }
        guard isReplaced else { return false }
        arrivals.announce()
        webhooks.announce()
        auditLog.tell(line)
        return true
    }

    package func revokeLinks(_ old: Credentials, by actor: AuditActor, at now: Timestamp) async throws(StorageFailed)
        -> Bool
    {
        guard let rowID = old.id.rowID else { return false }
        let (pending, webhooks) = (pending, webhooks)
        let line = AuditLine(.linksRevoked, of: old.id, by: actor, at: now)
        let isRevoked = try await writer.write(.severalStatements) { db in
            let changed = try db.run(
                """
                UPDATE users SET reset_epoch = \(EpochBase.ofAccount) + 1
                WHERE id = ?1 AND password_hash = ?2 AND email = ?3 COLLATE BINARY AND \(EpochBase.ofAccount) = ?4
                """,
                .integer(rowID), .text(old.hash.text), .text(old.email.text), .integer(old.epoch))
            guard changed == 1 else { return false }
            try pending.dropRequests(of: old.email, in: db)
            try line.write(to: db)
            try webhooks.write(.linksRevoked, of: rowID, because: actor.rawValue, to: db, at: now)
            return true
        }
        guard isRevoked else { return false }
        webhooks.announce()
        auditLog.tell(line)
        return true
    }

    /// An account that is disabled already keeps the moment when it happened; one that is enabled already keeps its links.
    package func setDisabled(_ id: UserID, _ disabled: Bool, at now: Timestamp) async throws(StorageFailed) -> Bool {
        guard let rowID = id.rowID else { return false }
        let line = AuditLine(disabled ? .disabled : .enabled, of: id, by: .operator, at: now)
        let isSet = try await writer.write(.severalStatements) { db in
            let changed = try db.run(
                """
                UPDATE users SET disabled_at = CASE WHEN ?2 THEN COALESCE(disabled_at, ?3) END,
                    reset_epoch = CASE WHEN ?2 OR disabled_at IS NULL THEN reset_epoch ELSE \(EpochBase.ofAccount) + 1 END
                WHERE id = ?1
                """,
                .integer(rowID), .integer(disabled ? 1 : 0), .time(now))
            guard changed == 1 else { return false }
            try line.write(to: db)
            return true
        }
        if isSet { auditLog.tell(line) }
        return isSet
    }
}

extension User {
    fileprivate static func found(email: EmailAddress, in db: Database) throws -> User? {
        try StoredUser.found(byEmail, .text(email.text), in: db)
    }

    fileprivate static func found(id: UserID, in db: Database) throws -> User? {
        guard let rowID = id.rowID else { return nil }
        return try StoredUser.found(byID, .integer(rowID), in: db)
    }

    private static let byEmail = StoredUser.query(by: "email")
    private static let byID = StoredUser.query(by: "id")
}

/// A row of the table, made sense of where SQLite has it: GRDB's own rows make a dictionary of their columns' names first, which takes
/// longer than all else.
private struct StoredUser: StatementColumnConvertible, DatabaseValueConvertible {
    let user: User
    /// Or only the next best.
    let isTheOne: Bool

    /// And a last one behind them: ``isTheOne``.
    static let columns = """
        id, email, password_hash, email_verified_at, created_at, password_changed_at, \(EpochBase.ofAccount), disabled_at
        """

    /// Whoever is not there is read all the same: the next one in the order of the column takes the place and, behind the last, the
    /// first of all. So nobody costs the same look into index and table, and the same row to be made sense of, as somebody. Without it
    /// an account was told from none by the microseconds that its row took.
    static func query(by column: String) -> String {
        """
        SELECT * FROM
            (SELECT \(columns), \(column) = ?1 FROM users WHERE \(column) >= ?1 ORDER BY \(column) LIMIT 1)
        UNION ALL
        SELECT * FROM (SELECT \(columns), 0 FROM users ORDER BY id LIMIT 1)
        LIMIT 1
        """
    }

    static func found(_ query: String, _ value: DatabaseValue, in db: Database) throws -> User? {
        try db.all(StoredUser.self, query, value).first.flatMap { $0.isTheOne ? $0.user : nil }
    }

    init?(sqliteStatement: SQLiteStatement, index first: CInt) {
        func column<Value: StatementColumnConvertible>(_ number: CInt) -> Value? {
            unsafe Value.fromStatement(sqliteStatement, atUncheckedIndex: first + number)
        }
        guard let id: Int64 = column(0), let email: String = column(1), let hash: String = column(2),
            let createdAt: Int64 = column(4), let epoch: Int64 = column(6), let isTheOne: Bool = column(8)
        else { return nil }
        user = User(
            id: UserID(rowID: id), email: EmailAddress(stored: email), passwordHash: PasswordHash(hash),
            emailVerifiedAt: Timestamp(column(3)), createdAt: Timestamp(createdAt),
            passwordChangedAt: Timestamp(column(5)), resetEpoch: epoch, disabledAt: Timestamp(column(7)))
        self.isTheOne = isTheOne
    }

    // No value of one column: nothing is ever bound to it, or made of it.
    var databaseValue: DatabaseValue { .null }
    static func fromDatabaseValue(_ value: DatabaseValue) -> StoredUser? { nil }
}

extension UserID {
    init(rowID: Int64) { self.init(String(rowID)) }

    /// The row's number, where the text is one in its only spelling: `7`, not `07`, `+7` or `٧`.
    var rowID: Int64? {
        guard let number = Int64(text), String(number).utf8.elementsEqual(text.utf8) else { return nil }
        return number
    }
}
