/// The people, in a table of our own.
import GRDB
package import Keyturn
import PasswordHashing

/// Reads on the readers, writes through the group commit. A user's id is the row's, in decimal.
package struct SQLiteAccounts: Accounts {
    let readers: Readers
    let writer: GroupCommit
    let consequences: ConsequencesWriter

    package func user(email: EmailAddress) async throws(StorageFailed) -> User? {
        try await readers.readQuickly { db in try User.found(email: email, in: db) }
    }

    package func user(id: UserID) async throws(StorageFailed) -> User? {
        try await readers.readQuickly { db in try User.found(id: id, in: db) }
    }

    /// An address has one account at most here.
    package func users(for letters: [PromisedMessage]) async throws(StorageFailed) -> [[User]] {
        try await readers.read { db in
            try letters.map { letter in
                let user =
                    switch letter {
                    case .resetLink(let request): try User.found(email: request.email, in: db)
                    case .passwordChanged(let id, _), .invitation(let id, _), .passwordExpired(let id),
                        .emailChanged(let id, _):
                        try User.found(id: id, in: db)
                    }
                return user.map { [$0] } ?? []
            }
        }
    }

    package func list(after id: UserID?, limit: Int) async throws(StorageFailed) -> [User] {
        guard let last = id.map(\.rowID) ?? Int64.min else { return [] }
        let limit = min(max(limit, 0), accountListLimit)
        return try await readers.read { db in
            try db.all(
                StoredUser.self, "SELECT \(StoredUser.columns), 1 FROM users WHERE id > ?1 ORDER BY id LIMIT ?2",
                .integer(last), .integer(limit)
            ).map(\.user)
        }
    }

    package func add(_ new: NewUser, at now: Timestamp) async throws(AddUserFailed) -> User {
        let verifiedAt = new.isVerified ? now : nil
        let added: Added
        do throws(StorageFailed) {
            added = try await writer.write(.oneStatement) { db in
                // A known address is answered, not thrown: a thrown one would be undone and counted as a failure.
                guard try !AddressSpellings.isTaken(new.email, in: db) else { return .exists }
                let count = try db.run(
                    """
                    INSERT INTO users (email, password_hash, email_verified_at, created_at, external_id, email_key)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING
                    """,
                    .text(new.email.text), .text(new.passwordHash.text), verifiedAt.map { .time($0) } ?? .null,
                    .time(now), .text(new.externalID?.text), AddressSpellings.key(of: new.email))
                guard count == 1 else {
                    return try User.found(email: new.email, in: db) == nil ? .externalIDTaken : .exists
                }
                let rowID = db.lastInsertedRowID
                return .row(rowID, epoch: try db.row("SELECT epoch_base FROM store")?[0] as Int64? ?? 0)
            }
        } catch {
            throw .storage(error)
        }
        switch added {
        case .exists: throw .exists
        case .externalIDTaken: throw .externalIDTaken
        case .row(let rowID, let epoch):
            return User(
                id: UserID(rowID: rowID), email: EmailAddress(stored: new.email.text),
                passwordHash: new.passwordHash, emailVerifiedAt: verifiedAt, createdAt: now, passwordChangedAt: nil,
                resetEpoch: epoch, disabledAt: nil, externalID: new.externalID)
        }
    }

    private enum Added {
        case row(Int64, epoch: Int64)
        case exists, externalIDTaken
    }

    package func apply(
        _ change: CredentialChange, to old: Credentials, with following: Consequences, at now: Timestamp
    ) async throws(StorageFailed) -> Bool {
        guard let rowID = old.id.rowID else { return false }
        return try await writeOnce(following, at: now) { db in
            try change.write(to: rowID, holding: old, in: db, at: now)
        }
    }

    /// An account that is disabled already keeps the moment when it happened; one that is enabled already keeps its links.
    package func setDisabled(_ id: UserID, _ disabled: Bool, with following: Consequences, at now: Timestamp)
        async throws(StorageFailed) -> Bool
    {
        guard let rowID = id.rowID else { return false }
        return try await writeOnce(following, at: now) { db in
            try db.run(
                """
                UPDATE users SET disabled_at = CASE WHEN ?2 THEN COALESCE(disabled_at, ?3) END,
                    reset_epoch = CASE WHEN ?2 OR disabled_at IS NULL THEN reset_epoch ELSE \(EpochBase.ofAccount) + 1 END
                WHERE id = ?1
                """,
                .integer(rowID), .integer(disabled ? 1 : 0), .time(now))
        }
    }

    /// Writes the consequences in the transaction of an update that changed its row, and announces them when it is committed.
    /// - Parameter update: returns how many rows it changed, 0 or 1.
    private func writeOnce(
        _ following: Consequences, at now: Timestamp, _ update: @escaping @Sendable (Database) throws -> Int
    ) async throws(StorageFailed) -> Bool {
        let consequences = consequences
        let isChanged = try await writer.write(.severalStatements) { db in
            guard try update(db) == 1 else { return false }
            try consequences.write(following, to: db, at: now)
            return true
        }
        if isChanged { consequences.announce(following) }
        return isChanged
    }
}

extension CredentialChange {
    /// The row as it must be, its credentials bound as `?1` to `?4`.
    static let holds = "id = ?1 AND password_hash = ?2 AND email = ?3 COLLATE BINARY AND \(EpochBase.ofAccount) = ?4"

    /// One UPDATE of one row that holds hash, address and epoch together: of any number of simultaneous callers with the same
    /// credentials exactly one finds them so.
    /// - Returns: how many rows were changed, 0 or 1.
    fileprivate func write(to rowID: Int64, holding old: Credentials, in db: Database, at now: Timestamp) throws -> Int
    {
        let holds = Self.holds
        let (id, hash) = (DatabaseValue.integer(rowID), try DatabaseValue.text(old.hash.text))
        let (email, epoch) = (try DatabaseValue.text(old.email.text), DatabaseValue.integer(old.epoch))
        return switch self {
        case .password(let new):
            try db.run(
                """
                UPDATE users SET password_hash = ?5, password_changed_at = ?6, expired_at = NULL, invited_until = NULL
                WHERE \(holds) AND disabled_at IS NULL
                """, id, hash, email, epoch,
                .text(new.text), .time(now))
        case .rehash(let new):
            try db.run(
                "UPDATE users SET password_hash = ?5 WHERE \(holds) AND disabled_at IS NULL", id, hash, email, epoch,
                .text(new.text))
        case .epoch:
            try db.run(
                "UPDATE users SET reset_epoch = \(EpochBase.ofAccount) + 1 WHERE \(holds)", id, hash, email, epoch)
        }
    }
}

extension User {
    static func found(externalID: ExternalID, in db: Database) throws -> User? {
        try StoredUser.found(byExternalID, .text(externalID.text), in: db)
    }

    /// The account that is spelled like the address; else the oldest that has it in another spelling. How many looks that takes depends
    /// on the address alone.
    static func found(email: EmailAddress, in db: Database) throws -> User? {
        let spelled = try StoredUser.found(byEmail, .text(email.text), in: db)
        guard email.hasOtherSpellings else { return spelled }
        let key = try DatabaseValue.text(email.comparisonKey)
        let inASCII = try StoredUser.found(byEmail, key, in: db)
        let encoded = try StoredUser.found(byKey, key, in: db)
        if let spelled { return spelled }
        guard let inASCII, let encoded else { return inASCII ?? encoded }
        return inASCII.id.rowID ?? .max < encoded.id.rowID ?? .max ? inASCII : encoded
    }

    fileprivate static func found(id: UserID, in db: Database) throws -> User? {
        guard let rowID = id.rowID else { return nil }
        return try StoredUser.found(byID, .integer(rowID), in: db)
    }

    private static let byEmail = StoredUser.query(by: "email")
    private static let byExternalID = StoredUser.query(by: "external_id")
    private static let byKey = StoredUser.query(by: "email_key")
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
        id, email, password_hash, email_verified_at, created_at, password_changed_at, \(EpochBase.ofAccount), disabled_at,
        external_id, expired_at, invited_until, session_epoch
        """

    /// Reads a row also if there is no such account: the next one in the order of the column or, behind the last, the first of all. So an
    /// unknown account costs the same look-up in index and table, and the same decoding of a row, as a known one. Without it the response
    /// time told them apart by microseconds.
    static func query(by column: String) -> String {
        """
        SELECT * FROM
            (SELECT \(columns), \(column) = ?1 FROM users WHERE \(column) >= ?1 ORDER BY \(column), id LIMIT 1)
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
            let createdAt: Int64 = column(4), let epoch: Int64 = column(6), let sessionEpoch: Int64 = column(11),
            let isTheOne: Bool = column(12)
        else { return nil }
        user = User(
            id: UserID(rowID: id), email: EmailAddress(stored: email), passwordHash: PasswordHash(hash),
            emailVerifiedAt: Timestamp(column(3)), createdAt: Timestamp(createdAt),
            passwordChangedAt: Timestamp(column(5)), resetEpoch: epoch, disabledAt: Timestamp(column(7)),
            externalID: (column(8) as String?).map(ExternalID.init(stored:)), expiredAt: Timestamp(column(9)),
            invitedUntil: Timestamp(column(10)), sessionEpoch: sessionEpoch)
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
