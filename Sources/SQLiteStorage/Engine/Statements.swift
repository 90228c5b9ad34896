/// Prepared statements, kept by the connection, with their values bound by position.
import GRDB
import Keyturn

extension Database {
    /// Runs a statement that returns no rows.
    /// - Returns: how many rows it inserted, changed or deleted.
    @discardableResult
    func run(_ sql: String, _ values: DatabaseValue...) throws -> Int {
        try cachedStatement(sql: sql).execute(arguments: StatementArguments(positional: values))
        return changesCount
    }

    /// All rows of a query; its own LIMIT bounds them.
    func rows(_ sql: String, _ values: DatabaseValue...) throws -> [Row] {
        try Row.fetchAll(cachedStatement(sql: sql), arguments: StatementArguments(positional: values))
    }

    /// What is made of all rows of a query; its own LIMIT bounds them.
    func all<Element: StatementColumnConvertible & DatabaseValueConvertible>(
        _: Element.Type, _ sql: String, _ values: DatabaseValue...
    ) throws -> [Element] {
        try Element.fetchAll(cachedStatement(sql: sql), arguments: StatementArguments(positional: values))
    }

    /// What is made of each row of a query, which is not kept; its own LIMIT bounds them.
    func each<Element>(
        _ sql: String, _ values: DatabaseValue..., make: (Row) throws -> Element
    ) throws -> [Element] {
        var elements: [Element] = []
        let rows = try Row.fetchCursor(
            cachedStatement(sql: sql), arguments: StatementArguments(positional: values))
        while let row = try rows.next() { elements.append(try make(row)) }
        return elements
    }

    /// The first row of a query.
    func row(_ sql: String, _ values: DatabaseValue...) throws -> Row? {
        try Row.fetchOne(cachedStatement(sql: sql), arguments: StatementArguments(positional: values))
    }
}

extension StatementArguments {
    /// From literals, which GRDB makes without looking at types at run time; from a sequence it does, and that was a fifth of all
    /// a request costs.
    fileprivate init(positional values: [DatabaseValue]) {
        switch values.count {
        case 0: self = []
        case 1: self = [values[0]]
        case 2: self = [values[0], values[1]]
        case 3: self = [values[0], values[1], values[2]]
        case 4: self = [values[0], values[1], values[2], values[3]]
        case 5: self = [values[0], values[1], values[2], values[3], values[4]]
        case 6: self = [values[0], values[1], values[2], values[3], values[4], values[5]]
        case 7: self = [values[0], values[1], values[2], values[3], values[4], values[5], values[6]]
        case 8: self = [values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7]]
        default: self.init(values)
        }
    }
}

extension DatabaseValue {
    static func integer(_ value: some BinaryInteger) -> DatabaseValue { Int64(clamping: value).databaseValue }

    static func time(_ moment: Timestamp) -> DatabaseValue { moment.milliseconds.databaseValue }

    /// Text is bound up to its first U+0000, so one that has any would be stored or compared as another text: refused.
    static func text(_ value: String?) throws(StorageFailed) -> DatabaseValue {
        guard let value else { return .null }
        guard !value.utf8.contains(0) else { throw StorageFailed(.refused, reason: "a text contains U+0000") }
        return value.databaseValue
    }
}

extension Timestamp {
    init(_ milliseconds: Int64) { self.init(milliseconds: milliseconds) }

    /// An empty column is no moment.
    init?(_ milliseconds: Int64?) {
        guard let milliseconds else { return nil }
        self.init(milliseconds: milliseconds)
    }
}
