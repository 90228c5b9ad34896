/// The people, in a table of our own.
import GRDB
package import Keyturn
package import PasswordHashing

/// Reads on the readers, writes through the group commit. A user's id is the row's, in decimal.
package struct SQLiteUsers: Users {
    /// The most users one ``list(after:limit:)`` gives.
    package static let listLimit = 1000

    let readers: Readers
    let writer: GroupCommit
    let pending: PendingRows
    let arrivals: Arrivals

    package func user(email: EmailAddress) async throws(StorageFailed) -> User? {
        try await readers.read { db in try User.found(email: email, in: db) }
    }

    package func user(id: UserID) async throws(StorageFailed) -> User? {
        try await readers.read { db in try User.found(id: id, in: db) }
    }

    package func users(for letters: [PromisedLetter]) async throws(StorageFailed) -> [User?] {
        try await readers.read { db in
            try letters.map { letter in
                switch letter {
                case .resetLink(let request): try User.found(email: request.email, in: db)
                case .passwordChanged(let id): try User.found(id: id, in: db)
                }
            }
        }
    }

    /// - Parameter limit: at most ``listLimit`` are given.
    package func list(after id: UserID?, limit: Int) async throws(StorageFailed) -> [User] {
        guard let last = id.map(\.rowID) ?? Int64.min else { return [] }
        let limit = min(max(limit, 0), SQLiteUsers.listLimit)
        return try await readers.read { db in
            try db.rows(
                "SELECT \(User.columns) FROM users WHERE id > ?1 ORDER BY id LIMIT ?2", .integer(last), .integer(limit)
            ).map(User.init)
        }
    }

    package func add(_ new: NewUser, at now: Timestamp) async throws(AddUserFailed) -> User {
        let verifiedAt = new.isVerified ? now : nil
        let added: Int64?
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
                return count == 1 ? db.lastInsertedRowID : nil
            }
        } catch {
            throw .storage(error)
        }
        guard let added else { throw .exists }
        return User(
            id: UserID(String(added)), email: EmailAddress(stored: new.email.text), passwordHash: new.passwordHash,
            emailVerifiedAt: verifiedAt, createdAt: now, passwordChangedAt: nil, resetEpoch: 0, disabledAt: nil)
    }

    /// Turns the key, only where hash, address and epoch are byte for byte those the link was checked against: of any number of
    /// simultaneous posts of one link, exactly one finds them so.
    package func replace(_ old: Credentials, with new: PasswordHash, at now: Timestamp) async throws(StorageFailed)
        -> Bool
    {
        guard let rowID = old.id.rowID else { return false }
        let pending = pending
        let isReplaced = try await writer.write(.severalStatements) { db in
            let changed = try db.run(
                """
                UPDATE users SET password_hash = ?1, password_changed_at = ?2
                WHERE id = ?3 AND password_hash = ?4 AND email = ?5 COLLATE BINARY AND reset_epoch = ?6
                """,
                .text(new.text), .time(now), .integer(rowID), .text(old.hash.text), .text(old.email.text),
                .integer(old.epoch))
            guard changed == 1 else { return false }
            try pending.dropRequests(of: old.email, in: db)
            try db.run(
                """
                INSERT INTO outbox (kind, user_id, recorded_at, due_at) VALUES ('password_changed', ?1, ?2, ?2)
                """, .integer(rowID), .time(now))
            pending.add(1)
            return true
        }
        if isReplaced { arrivals.announce() }
        return isReplaced
    }

    package func revokeLinks(_ old: Credentials, at now: Timestamp) async throws(StorageFailed) -> Bool {
        guard let rowID = old.id.rowID else { return false }
        let pending = pending
        return try await writer.write(.severalStatements) { db in
            let changed = try db.run(
                """
                UPDATE users SET reset_epoch = reset_epoch + 1
                WHERE id = ?1 AND password_hash = ?2 AND email = ?3 COLLATE BINARY AND reset_epoch = ?4
                """,
                .integer(rowID), .text(old.hash.text), .text(old.email.text), .integer(old.epoch))
            guard changed == 1 else { return false }
            try pending.dropRequests(of: old.email, in: db)
            return true
        }
    }

    /// Who is disabled already keeps the moment when it happened.
    package func setDisabled(_ id: UserID, _ disabled: Bool, at now: Timestamp) async throws(StorageFailed) -> Bool {
        guard let rowID = id.rowID else { return false }
        return try await writer.write(.oneStatement) { db in
            try db.run(
                "UPDATE users SET disabled_at = CASE WHEN ?2 THEN COALESCE(disabled_at, ?3) END WHERE id = ?1",
                .integer(rowID), .integer(disabled ? 1 : 0), .time(now)) == 1
        }
    }
}

extension User {
    fileprivate static func found(email: EmailAddress, in db: Database) throws -> User? {
        try somebody(db.row(query(where: "email = ?1"), .text(email.text)))
    }

    fileprivate static func found(id: UserID, in db: Database) throws -> User? {
        guard let rowID = id.rowID else { return nil }
        return try somebody(db.row(query(where: "id = ?1"), .integer(rowID)))
    }

    /// Reads the row before it asks whose it is: that is most of what tells somebody from nobody in time.
    private static func somebody(_ row: Row?) -> User? {
        guard let user = row.map(User.init), user.id != standInID else { return nil }
        return user
    }

    static let columns =
        "id, email, password_hash, email_verified_at, created_at, password_changed_at, reset_epoch, disabled_at"

    /// No row's number: those begin at 1.
    private static let standInID = UserID(rowID: 0)

    /// One user or, where nobody is found, somebody of usual size with the number 0: so an unknown user is a row to be read
    /// like any other. Without it a forged link of somebody who exists was answered 10 µs later than one of nobody.
    private static func query(where condition: String) -> String {
        """
        SELECT \(columns) FROM users WHERE \(condition)
        UNION ALL
        SELECT 0, 'nobody@example.invalid',
        '$scrypt$ln=14,r=8,p=5$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 0, 0, NULL, 0, NULL
        LIMIT 1
        """
    }

    init(_ row: Row) {
        self.init(
            id: UserID(rowID: row[0]), email: EmailAddress(stored: row[1]), passwordHash: PasswordHash(row[2]),
            emailVerifiedAt: Timestamp(row[3] as Int64?), createdAt: Timestamp(row[4] as Int64),
            passwordChangedAt: Timestamp(row[5] as Int64?), resetEpoch: row[6], disabledAt: Timestamp(row[7] as Int64?))
    }
}

extension UserID {
    init(rowID: Int64) { self.init(String(rowID)) }

    /// The row's number, where the text is one in its only spelling: `7`, not `07`, `+7` or `٧`.
    var rowID: Int64? {
        guard let number = Int64(text), String(number).utf8.elementsEqual(text.utf8) else { return nil }
        return number
    }
}
