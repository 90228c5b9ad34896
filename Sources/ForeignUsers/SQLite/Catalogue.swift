import GRDB

/// What the app's file says about its own tables.
struct Catalogue: Sendable {
    struct Column: Sendable, Equatable {
        let name: String
        /// As declared: `varchar(128)`; empty if it was not.
        let type: String
        /// Of a primary key of one column.
        let isKey: Bool

        /// Of the declared type (sqlite.org/datatype3.html §3.1).
        var affinity: Affinity {
            let type = asciiLowered(type)
            if type.contains("int") { return .number }
            if ["char", "clob", "text"].contains(where: type.contains) { return .text }
            if type.isEmpty || type.contains("blob") { return .none }
            return .number
        }

        /// The number in `varchar(128)`.
        var width: Int? {
            guard let open = type.firstIndex(of: "(" as Character) else { return nil }
            return Int(type[type.index(after: open)...].prefix { ("0"..."9").contains($0) })
        }
    }

    enum Affinity: Sendable { case text, number, none }

    /// How accounts are found by their address.
    enum AddressIndex: String, Sendable {
        /// An index on the column, `COLLATE NOCASE`.
        case withoutCase
        /// An index on `lower(column)`.
        case lowered
        /// An index on the column as it is.
        case exact
        /// None: every look reads the whole table.
        case none
    }

    let path: String
    let tables: [String]
    private let columns: [String: [Column]]
    private let views: Set<String>

    /// Reads the columns of the tables named, and the names of all.
    init(_ db: Database, path: String, of names: [String]) throws {
        self.path = path
        var (tables, views): ([String], Set<String>) = ([], [])
        for row in try db.appRows(
            "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name"
        ) {
            let (name, type): (String, String) = (row[0], row[1])
            if type == "view" { views.insert(asciiLowered(name)) } else { tables.append(name) }
        }
        var columns: [String: [Column]] = [:]
        for name in names {
            columns[asciiLowered(name)] = try db.appRows(
                "SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid", [name.databaseValue]
            ).map { Column(name: $0[0], type: $0[1] ?? "", isKey: ($0[2] as Int) == 1) }
            if let keys = columns[asciiLowered(name)], keys.count(where: \.isKey) > 1 {
                columns[asciiLowered(name)] = keys.map { Column(name: $0.name, type: $0.type, isKey: false) }
            }
        }
        (self.tables, self.columns, self.views) = (tables, columns, views)
    }

    func column(_ name: String, of table: String) -> Column? {
        columns[asciiLowered(table)]?.first { sameName($0.name, name) }
    }

    /// - Throws: naming key and table, with what there is instead.
    func require(table: String, _ key: String) throws(MappingRefused) {
        guard !views.contains(asciiLowered(table)) else {
            throw MappingRefused(key, "\(shown(table)) is a view in \(path): name the table that holds the accounts")
        }
        guard tables.contains(where: { sameName($0, table) }) else {
            throw MappingRefused(key, "there is no table \(shown(table)) in \(path) (it has: \(listed(tables)))")
        }
    }

    /// - Throws: naming key, table and column, with what there is instead.
    @discardableResult
    func require(column name: String, of table: String, _ key: String) throws(MappingRefused) -> Column {
        if let column = column(name, of: table) { return column }
        let there = (columns[asciiLowered(table)] ?? []).map(\.name)
        throw MappingRefused(
            key, "the table \(shown(table)) in \(path) has no column \(shown(name)) (it has: \(listed(there)))")
    }

    /// Whether each value of the column stands in one row at most: a primary key, or a unique index of that column alone.
    static func isUnique(_ column: Column, of table: String, in db: Database) throws -> Bool {
        if column.isKey { return true }
        for index in try indexes(of: table, in: db) where index.isUnique && !index.isPartial {
            let columns = try indexColumns(index.name, in: db)
            if columns.count == 1, let name = columns[0].name, sameName(name, column.name) { return true }
        }
        return false
    }

    static func addressIndex(_ column: String, of table: String, in db: Database) throws -> AddressIndex {
        var found: Set<AddressIndex> = []
        for index in try indexes(of: table, in: db) where !index.isPartial {
            guard let first = try indexColumns(index.name, in: db).first else { continue }
            if let name = first.name {
                guard sameName(name, column) else { continue }
                switch first.collation {
                case "NOCASE": found.insert(.withoutCase)
                case "BINARY": found.insert(.exact)
                default: break
                }
            } else if let sql = index.sql, first.collation == "BINARY" {
                // The expression is not told by itself; it is the first in the parentheses.
                let text = asciiLowered(sql).filter { !["\"", "`", "[", "]", " "].contains($0) }
                if text.contains("(lower(\(asciiLowered(column)))") { found.insert(.lowered) }
            }
        }
        return [.withoutCase, .lowered, .exact].first(where: found.contains) ?? .none
    }

    private struct Index {
        let name: String
        let isUnique: Bool
        let isPartial: Bool
        let sql: String?
    }

    private static func indexes(of table: String, in db: Database) throws -> [Index] {
        try db.appRows(
            """
            SELECT list.name, list."unique", list.partial, master.sql
            FROM pragma_index_list(?1) AS list LEFT JOIN sqlite_master AS master ON master.type = 'index' AND master.name = list.name
            """, [table.databaseValue]
        ).map { Index(name: $0[0], isUnique: $0[1], isPartial: $0[2], sql: $0[3]) }
    }

    private static func indexColumns(_ index: String, in db: Database) throws -> [(name: String?, collation: String)] {
        try db.appRows(
            "SELECT name, upper(coll) FROM pragma_index_xinfo(?1) WHERE key = 1 ORDER BY seqno", [index.databaseValue]
        ).map { ($0[0], $0[1] ?? "") }
    }

    /// A table of another program may have any name.
    private func shown(_ name: String) -> String {
        String(
            String.UnicodeScalarView(
                name.unicodeScalars.prefix(64).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }

    private func listed(_ names: [String]) -> String {
        names.isEmpty
            ? "none" : names.prefix(30).map(shown).joined(separator: ", ") + (names.count > 30 ? ", …" : "")
    }
}
