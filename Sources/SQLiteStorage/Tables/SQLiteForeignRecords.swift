/// What is kept about accounts that live elsewhere: their epochs, and the changes that are under way.
import Foundation
import GRDB
import Keyturn

struct SQLiteForeignRecords: ForeignRecords {
    let readers: Readers
    let writer: GroupCommit
    let consequences: ConsequencesWriter

    func records(of users: [UserID]) async throws(StorageFailed) -> [ForeignRecord] {
        guard users.count <= foreignRecordLimit else {
            throw StorageFailed(.bug, reason: "more than \(foreignRecordLimit) accounts in one look")
        }
        return try await readers.readQuickly { db in
            try users.map { user in
                let row = try db.row(
                    """
                    SELECT MAX(COALESCE(reset_epoch, 0), epoch_base), disabled_at, key_material, last_settled_digest
                    FROM store LEFT JOIN accounts ON user_id = ?1
                    """, .text(user.text))
                guard let row else { return ForeignRecord() }
                return ForeignRecord(
                    resetEpoch: row[0] ?? 0, disabledAt: Timestamp(row[1] as Int64?),
                    keyMaterial: (row[2] as Data?).map(Array.init), lastSettled: (row[3] as Data?).map(Array.init))
            }
        }
    }

    func begin(_ intent: Intent, epoch: Int64, at now: Timestamp) async throws(StorageFailed) -> IntentBegun {
        try await writer.write(.severalStatements) { db in
            let user = try DatabaseValue.text(intent.user.text)
            if let row = try db.row("SELECT \(Self.columns) FROM intents WHERE user_id = ?1", user) {
                return .locked(by: try Self.intent(row))
            }
            let record = try db.row(
                """
                SELECT MAX(COALESCE(reset_epoch, 0), epoch_base), disabled_at FROM store LEFT JOIN accounts ON user_id = ?1
                """, user)
            guard let record, record[0] as Int64? == epoch, record[1] as Int64? == nil else { return .stale }
            try db.run(
                """
                INSERT INTO intents (user_id, id, kind, email, language, digest_before, digest_after, deadline)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                """, user, .text(intent.id), .text(intent.kind.rawValue), .text(intent.email.text),
                .text(intent.language), .blob(intent.before), .blob(intent.after), .time(intent.deadline))
            return .begun
        }
    }

    func end(_ intent: Intent, as ending: IntentEnding, with following: Consequences, at now: Timestamp)
        async throws(StorageFailed) -> Bool
    {
        let consequences = consequences
        let (isEnded, isWritten) = try await writer.write(.severalStatements) { db in
            let user = try DatabaseValue.text(intent.user.text)
            let isHeld =
                try db.run("DELETE FROM intents WHERE user_id = ?1 AND id = ?2", user, .text(intent.id)) == 1
            switch ending {
            case .dropped: return (true, false)
            case .revoked:
                guard isHeld else { return (false, false) }
                try db.run(
                    """
                    INSERT INTO accounts (user_id, reset_epoch) VALUES (?1, (SELECT epoch_base FROM store) + 1)
                    ON CONFLICT (user_id) DO UPDATE SET reset_epoch = \(EpochBase.ofForeignAccount) + 1
                    """, user)
            case .foundChanged(let now):
                guard isHeld else { return (false, false) }
                try Self.settle(user, now, in: db)
            case .changed(let now):
                if !isHeld, let now {
                    // Taken for dead meanwhile: was the new password found and written by the one that took it?
                    let settled = try db.row("SELECT last_settled_digest FROM accounts WHERE user_id = ?1", user)
                    if let digest = settled?[0] as Data?, Array(digest) == now { return (true, false) }
                }
                try Self.settle(user, now, in: db)
            }
            try consequences.write(following, to: db, at: now)
            return (true, true)
        }
        if isWritten { consequences.announce(following) }
        return isEnded
    }

    /// Key material is for accounts without a password, and this one has one now.
    private static func settle(_ user: DatabaseValue, _ digest: [UInt8]?, in db: Database) throws {
        try db.run(
            """
            INSERT INTO accounts (user_id, last_settled_digest) VALUES (?1, ?2)
            ON CONFLICT (user_id) DO UPDATE SET last_settled_digest = ?2, key_material = NULL, expired_at = NULL
            """, user, .blob(digest))
    }

    func overdueIntents(atMost limit: Int, at now: Timestamp) async throws(StorageFailed) -> [Intent] {
        try await readers.read { db in
            try db.rows(
                "SELECT \(Self.columns) FROM intents WHERE deadline <= ?1 ORDER BY deadline LIMIT ?2", .time(now),
                .integer(max(0, limit))
            ).map(Self.intent)
        }
    }

    func keepKeyMaterial(_ material: [(UserID, [UInt8])]) async throws(StorageFailed) {
        try await writer.write(.severalStatements) { db in
            for (user, bytes) in material {
                try db.run(
                    """
                    INSERT INTO accounts (user_id, key_material) VALUES (?1, ?2)
                    ON CONFLICT (user_id) DO UPDATE SET key_material = COALESCE(key_material, ?2)
                    """, .text(user.text), .blob(bytes))
            }
        }
    }

    func setDisabled(_ id: UserID, _ disabled: Bool, with following: Consequences, at now: Timestamp)
        async throws(StorageFailed)
    {
        let consequences = consequences
        try await writer.write(.severalStatements) { db in
            try db.run(
                """
                INSERT INTO accounts (user_id, disabled_at) VALUES (?1, CASE WHEN ?2 THEN ?3 END)
                ON CONFLICT (user_id) DO UPDATE SET disabled_at = CASE WHEN ?2 THEN COALESCE(disabled_at, ?3) END,
                    reset_epoch = CASE WHEN ?2 OR disabled_at IS NULL THEN reset_epoch
                        ELSE \(EpochBase.ofForeignAccount) + 1 END
                """, .text(id.text), .integer(disabled ? 1 : 0), .time(now))
            try consequences.write(following, to: db, at: now)
        }
        consequences.announce(following)
    }

    /// The processes that began these have ended: their intents are looked at at once.
    static func endWaits(in db: Database) throws { try db.run("UPDATE intents SET deadline = 0") }

    private static let columns = "user_id, id, kind, email, language, digest_before, digest_after, deadline"

    private static func intent(_ row: Row) throws -> Intent {
        guard let kind = Intent.Kind(rawValue: row[2]), let before: Data = row[5] else {
            throw StorageFailed(.bug, reason: "an intent of an unknown kind")
        }
        return Intent(
            id: row[1], user: UserID(row[0]), kind: kind, email: EmailAddress(stored: row[3]), language: row[4],
            before: Array(before), after: (row[6] as Data?).map(Array.init),
            deadline: Timestamp(milliseconds: row[7]))
    }
}

extension DatabaseValue {
    fileprivate static func blob(_ bytes: [UInt8]?) -> DatabaseValue {
        bytes.map { Data($0).databaseValue } ?? .null
    }
}
