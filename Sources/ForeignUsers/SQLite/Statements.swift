import Cryptography
import Foundation
import GRDB
import Keyturn

/// The statements of one mapping, in SQLite's words. Names and literals are quoted here; all else is bound.
struct Statements: Sendable {
    let table: String
    /// id, address, hash, whether it may reset, whether it is verified.
    let columns: String
    let idColumn: Catalogue.Column
    let emailColumn: String
    let mayReset: String
    private let mapping: Mapping
    private let momentOfColumn: [String: Moment]

    /// Accounts of one address that are read at most.
    static let accountsMax = 100

    /// - Throws: what does not fit the catalogue, naming key, table and column.
    init(_ mapping: Mapping, _ catalogue: Catalogue) throws(MappingRefused) {
        self.mapping = mapping
        try catalogue.require(table: mapping.table, "users.table")
        idColumn = try catalogue.require(column: mapping.id, of: mapping.table, "users.id")
        try catalogue.require(column: mapping.email, of: mapping.table, "users.email")
        try catalogue.require(column: mapping.hash, of: mapping.table, "users.hash")
        for (key, conditions) in [("users.mayReset", mapping.mayReset), ("users.verified", mapping.verified)] {
            for condition in conditions { try catalogue.require(column: condition.column, of: mapping.table, key) }
        }
        var moments: [String: Moment] = [:]
        for assignment in mapping.onReset {
            let column = try catalogue.require(column: assignment.column, of: mapping.table, "users.onReset")
            if case .now(.byColumn) = assignment.value {
                guard column.affinity != .number || Self.isDate(column.type) else {
                    throw MappingRefused(
                        "users.onReset",
                        "\(assignment.column) is a number: say now seconds or now milliseconds, now sql or now iso")
                }
                moments[assignment.column] = .sql
            }
        }
        for deletion in mapping.delete {
            try catalogue.require(table: deletion.table, "users.delete")
            try catalogue.require(column: deletion.column, of: deletion.table, "users.delete")
        }
        momentOfColumn = moments
        table = quoted(mapping.table)
        emailColumn = quoted(mapping.email)
        mayReset = Self.all(mapping.mayReset)
        columns =
            "\(quoted(mapping.id)), \(quoted(mapping.email)), \(quoted(mapping.hash)), \(mayReset), \(Self.all(mapping.verified))"
    }

    private static func isDate(_ type: String) -> Bool {
        ["date", "time"].contains { asciiLowered(type).contains($0) }
    }

    // MARK: Conditions

    /// 1 if all hold; what is unknown does not.
    private static func all(_ conditions: [Condition]) -> String {
        conditions.isEmpty ? "1" : "COALESCE(" + conditions.map(sql).joined(separator: " AND ") + ", 0)"
    }

    private static func sql(_ condition: Condition) -> String {
        let column = quoted(condition.column)
        let test =
            switch condition.test {
            case .isNull: "\(column) IS NULL"
            case .isNotNull: "\(column) IS NOT NULL"
            case .equals(let literal): "\(column) = \(sql(literal))"
            case .differs(let literal): "\(column) <> \(sql(literal))"
            case .isAnyOf(let literals): "\(column) IN (\(literals.map(sql).joined(separator: ", ")))"
            case .isPast(let moment): "\(column) < \(now(moment))"
            case .isAhead(let moment): "\(column) > \(now(moment))"
            }
        return condition.orNull ? "(\(test) OR \(column) IS NULL)" : "(\(test))"
    }

    private static func sql(_ literal: Literal) -> String {
        switch literal {
        case .boolean(let value): value ? "1" : "0"
        case .integer(let value): String(value)
        case .text(let text): quotedText(text)
        }
    }

    private static func now(_ moment: Moment) -> String {
        switch moment {
        case .byColumn, .sql: "strftime('%Y-%m-%d %H:%M:%S', 'now')"
        case .iso: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
        case .seconds: "CAST(strftime('%s', 'now') AS INTEGER)"
        case .milliseconds: "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)"
        }
    }

    // MARK: Looking

    /// `json_each` has columns of its own, and an app's may be called the same.
    private static let asked = "(SELECT value AS keyturn_asked FROM json_each(?1))"

    /// Its parameters are addresses, as a JSON list, A–Z lowered.
    func byAddress(_ index: Catalogue.AddressIndex) -> String? {
        switch index {
        case .withoutCase:
            "SELECT \(columns) FROM \(Self.asked) CROSS JOIN \(table) ON \(emailColumn) COLLATE NOCASE = keyturn_asked"
        case .lowered:
            "SELECT \(columns) FROM \(Self.asked) CROSS JOIN \(table) ON lower(\(emailColumn)) = keyturn_asked"
        case .none:
            "SELECT \(columns) FROM \(table) WHERE lower(\(emailColumn)) IN (SELECT value FROM json_each(?1))"
        case .exact: nil
        }
    }

    var bySpelling: String {
        "SELECT \(columns) FROM \(table) WHERE \(emailColumn) COLLATE BINARY = ?1 LIMIT \(Self.accountsMax)"
    }
    var nextSpelling: String {
        """
        SELECT \(emailColumn) FROM \(table) WHERE \(emailColumn) COLLATE BINARY >= ?1 ORDER BY \(emailColumn) COLLATE BINARY LIMIT 1
        """
    }
    var byID: String { "SELECT \(columns) FROM \(table) WHERE \(quoted(mapping.id)) = ?1" }
    /// Read in the place of an account that is not there, so that it costs as much.
    var anyone: String { "SELECT \(columns) FROM \(table) LIMIT 1" }
    var firstPage: String { "SELECT \(columns) FROM \(table) ORDER BY \(quoted(mapping.id)) LIMIT ?1" }
    var nextPage: String {
        "SELECT \(columns) FROM \(table) WHERE \(quoted(mapping.id)) > ?2 ORDER BY \(quoted(mapping.id)) LIMIT ?1"
    }
    /// Newest last, where ids grow.
    static func sample(_ mapping: Mapping, limit: Int) -> String {
        """
        SELECT \(quoted(mapping.hash)), \(quoted(mapping.email)), \(all(mapping.mayReset)), \(all(mapping.verified)) \
        FROM \(quoted(mapping.table)) ORDER BY \(quoted(mapping.id)) DESC LIMIT \(limit)
        """
    }

    // MARK: Changing

    /// Changes the one row, if it still holds what was read.
    /// - Parameters: id, address and hash as they were read.
    func change(to hash: String, id: DatabaseValue, email: DatabaseValue, holding old: DatabaseValue, at now: Timestamp)
        -> (sql: String, values: [DatabaseValue])
    {
        var values: [DatabaseValue] = [id, email, old, hash.databaseValue]
        var sets = ["\(quoted(mapping.hash)) = ?4"]
        for assignment in mapping.onReset {
            let moment = momentOfColumn[assignment.column] ?? .sql
            values.append(Self.value(assignment.value, moment, at: now))
            sets.append("\(quoted(assignment.column)) = ?\(values.count)")
        }
        return (
            """
            UPDATE \(table) SET \(sets.joined(separator: ", ")) WHERE \(quoted(mapping.id)) = ?1 \
            AND \(quoted(mapping.email)) IS ?2 AND \(quoted(mapping.hash)) IS ?3 AND \(mayReset)
            """, values
        )
    }

    func deletions(of id: DatabaseValue, email: DatabaseValue) -> [(sql: String, values: [DatabaseValue])] {
        mapping.delete.map { deletion in
            (
                "DELETE FROM \(quoted(deletion.table)) WHERE \(quoted(deletion.column)) = ?1",
                [deletion.isByEmail ? email : id]
            )
        }
    }

    private static func value(_ value: Assignment.Value, _ byColumn: Moment, at now: Timestamp) -> DatabaseValue {
        switch value {
        case .null: .null
        case .literal(.boolean(let value)): (value ? 1 : 0).databaseValue
        case .literal(.integer(let value)): value.databaseValue
        case .literal(.text(let text)): text.databaseValue
        case .random(let count): randomText(count).databaseValue
        case .base32(let count): base32Text(count).databaseValue
        case .uuid: UUID().uuidString.lowercased().databaseValue
        case .now(let moment): written(moment == .byColumn ? byColumn : moment, now)
        }
    }

    private static func written(_ moment: Moment, _ now: Timestamp) -> DatabaseValue {
        let text = RFC3339.format(now)
        switch moment {
        case .seconds: return now.seconds.databaseValue
        case .milliseconds: return now.milliseconds.databaseValue
        case .iso:
            let milliseconds = String(now.milliseconds % 1000 + 1000).dropFirst()
            return (text.prefix(19) + ".\(milliseconds)Z").databaseValueAsText
        case .sql, .byColumn:
            return (text.prefix(10) + " " + text.dropFirst(11).prefix(8)).databaseValueAsText
        }
    }

    static func randomText(_ count: Int) -> String {
        SecureRandom.text(count, from: Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8))
    }

    static func base32Text(_ count: Int) -> String {
        SecureRandom.text(count, from: Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8))
    }
}

extension StringProtocol {
    fileprivate var databaseValueAsText: DatabaseValue { String(self).databaseValue }
}
