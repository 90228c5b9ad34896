/// The least epoch of every account: raising it ends all open links at once.
import GRDB
package import Keyturn

/// An account's epoch is the larger of its own (`users.reset_epoch`) and the store's (`store.epoch_base`). Both only grow, so an
/// epoch that links were once signed with never comes back.
enum EpochBase {
    /// The epoch of the row of `users` that a statement is at.
    static let ofAccount = "MAX(reset_epoch, (SELECT epoch_base FROM store))"

    /// As ``ofAccount``, in an upsert of `accounts`.
    static let ofForeignAccount = "MAX(accounts.reset_epoch, (SELECT epoch_base FROM store))"

    /// Above every epoch that was ever used in a store, and above what a later restore of an older backup could find there: no
    /// account is revoked once a second for years, so seconds since 1970 stay ahead.
    /// - Parameter highest: of the store, and of the one that it replaces.
    static func above(_ highest: Int64, at now: Timestamp) -> Int64 {
        let (next, overflow) = highest.addingReportingOverflow(1)
        return max(overflow ? .max : next, now.seconds)
    }

    /// The highest epoch of all accounts, those without an own one included; 0 in a database without accounts of ours.
    static func highest(in db: Database) throws -> Int64 {
        guard try db.tableExists("users") else { return 0 }
        var own = try db.row("SELECT MAX(reset_epoch) FROM users WHERE reset_epoch > 0")?[0] as Int64? ?? 0
        if try db.tableExists("accounts") {
            own = max(own, try db.row("SELECT MAX(reset_epoch) FROM accounts")?[0] as Int64? ?? 0)
        }
        guard try db.tableExists("store") else { return own }
        return max(own, try db.row("SELECT epoch_base FROM store")?[0] as Int64? ?? 0)
    }

    /// Ends every open link of every account. A backup from before the base was invented is not migrated for it, so that the
    /// binary that wrote it can still use it: there the base is written into each account.
    /// - Parameter other: the highest epoch of another store whose links must not come back either.
    static func raise(in db: Database, above other: Int64 = 0, at now: Timestamp) throws {
        let base = above(max(try highest(in: db), other), at: now)
        if try db.tableExists("store") {
            try db.run("UPDATE store SET epoch_base = ?1", .integer(base))
        } else if try db.tableExists("users") {
            try db.run("UPDATE users SET reset_epoch = ?1", .integer(base))
        }
    }
}

extension SQLiteDatabase {
    package func revokeAllLinks(with following: Consequences, at now: Timestamp) async throws(StorageFailed) {
        let consequences = consequences
        try await writer.write(.severalStatements) { db in
            try EpochBase.raise(in: db, at: now)
            try consequences.write(following, to: db, at: now)
        }
        consequences.announce(following)
    }
}
