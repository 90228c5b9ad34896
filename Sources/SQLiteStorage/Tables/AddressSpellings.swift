/// Addresses whose domain can be written in more than one way: `müller.example` and `xn--mller-kva.example` are one.
import GRDB
import Keyturn

/// The column `users.email_key`, and the rows of other tables that hold an address as it was typed.
enum AddressSpellings {
    /// What the column holds for an address; NULL if its domain is written in ASCII.
    static func key(of email: EmailAddress) throws -> DatabaseValue {
        email.isDomainEncoded ? try .text(email.comparisonKey) : .null
    }

    /// The migration that adds the column.
    static let migration = "0011_address_spellings.sql"
    private static let step = 1000

    /// Fills the column for all accounts, as a part of the migration that adds it.
    static func fill(in db: Database) throws {
        var last = Int64.min
        while true {
            let rows = try db.each(
                """
                SELECT id, email FROM users WHERE id > ?1 AND length(email) <> length(CAST(email AS BLOB))
                ORDER BY id LIMIT \(step)
                """, .integer(last)
            ) { row in (id: row[0] as Int64, email: EmailAddress(stored: row[1])) }
            for row in rows where row.email.isDomainEncoded {
                try db.run("UPDATE users SET email_key = ?2 WHERE id = ?1", .integer(row.id), try key(of: row.email))
            }
            guard rows.count == step, let end = rows.last?.id else { return }
            last = end
        }
    }

    /// Whether an account has this address in some spelling. To be asked in the transaction that adds the address: the table itself only
    /// refuses the same spelling.
    static func isTaken(_ email: EmailAddress, in db: Database) throws -> Bool {
        guard email.hasOtherSpellings else { return false }
        let key = try DatabaseValue.text(email.comparisonKey)
        return try db.row("SELECT 1 FROM users WHERE email = ?1", key) != nil
            || db.row("SELECT 1 FROM users WHERE email_key = ?1", key) != nil
    }

    /// How an address is written in a table with a column `address`, besides the spelling that is given.
    static func others(of email: EmailAddress, in table: String, _ db: Database) throws -> [DatabaseValue] {
        guard email.hasOtherSpellings else { return [] }
        let texts = try db.each(
            """
            SELECT DISTINCT address FROM \(table)
            WHERE address LIKE '%@%xn--%' OR length(address) <> length(CAST(address AS BLOB))
            """
        ) { row in row[0] as String }
        return try texts.map(EmailAddress.init(stored:)).filter { $0 == email && !$0.isSpelled(like: email) }
            .map { try DatabaseValue.text($0.text) }
    }

    /// Accounts that have one address in different spellings, from before these were compared.
    /// - Parameter limit: the most pairs.
    /// - Returns: the older first.
    static func twins(limit: Int, in db: Database) throws -> [AddressTwins] {
        try db.each(
            """
            SELECT one.email, other.email, one.id < other.id FROM users AS one JOIN users AS other
                ON other.email = one.email_key AND other.id <> one.id
                    OR other.email_key = one.email_key AND other.id < one.id
            WHERE one.email_key IS NOT NULL ORDER BY one.id, other.id LIMIT ?1
            """, .integer(limit)
        ) { row in
            let (one, other) = (EmailAddress(stored: row[0]), EmailAddress(stored: row[1]))
            return row[2] ? AddressTwins(one, other) : AddressTwins(other, one)
        }
    }
}
