import PasswordHashing
import StrictJSON

/// What the operator says about an import file.
struct ImportOptions: Sendable {
    /// How the file names what we call otherwise; empty: the file says it in our names, or is recognised.
    var map: [ImportField: String] = [:]
    var source: ExportSource?
    var firebase: FirebaseParameters?
}

/// Cuts an import file into rows as it is read: JSON (an array, a list of users, or an object a line) if its first character is a bracket,
/// else CSV with a header line. A row that cannot be read is a row all the same, so that none is lost.
struct ImportReader {
    /// A longer row is refused unread.
    static let rowBytesMax = 64 * 1024
    /// Names of members that were left out, which are told of once.
    private static let namesMax = 50

    private enum Format { case unknown, jsonLines, json, csv }

    private var options: ImportOptions
    private var text = ImportText()
    private var format = Format.unknown
    private var beginning: [UInt8] = []
    private var lines = LineSplitter(limit: rowBytesMax)
    private var elements = JSONElements(limit: rowBytesMax)
    private var records = CSVSplitter(limit: rowBytesMax)
    private var columns: Columns?
    private var isRecognised = false
    private var leftOut: [String] = []
    /// Accounts of an export that have no address.
    private(set) var withoutAddress = 0

    init(_ options: ImportOptions = ImportOptions()) { self.options = options }

    /// What the operator should know about how the file was read, a sentence each.
    var notes: [String] {
        var notes: [String] = []
        if isRecognised, let source = options.source { notes.append("read as an export of \(source.words)") }
        if !leftOut.isEmpty {
            notes.append("left out: \(leftOut.joined(separator: ", "))\(leftOut.count == Self.namesMax ? " …" : "")")
        }
        if withoutAddress > 0 {
            notes.append(
                withoutAddress == 1
                    ? "1 account has no address and was left out"
                    : "\(withoutAddress) accounts have no address and were left out")
        }
        return notes
    }

    /// - Returns: the rows that were completed by these bytes.
    /// - Throws: ``CommandFailed`` if the whole file makes no sense.
    mutating func read(_ bytes: [UInt8]) throws -> [ImportRow] { try take(text.take(bytes)) }

    /// - Returns: what was left without a line end.
    mutating func finish() throws -> [ImportRow] {
        var rows = try take(text.finish())
        if case .unknown = format { rows += try begin() }
        switch format {
        case .unknown: break
        case .jsonLines: for line in lines.finish() { rows += row(line).map { [$0] } ?? [] }
        case .json: rows += try elements.finish().compactMap { row($0) }
        case .csv: rows += try take(records.finish())
        }
        return rows
    }

    private mutating func take(_ bytes: [UInt8]) throws -> [ImportRow] {
        guard case .unknown = format else { return try rows(in: bytes) }
        beginning += bytes
        let first = beginning.firstIndex { $0 > 0x20 } ?? beginning.endIndex
        guard beginning.count - first > Self.rowBytesMax || beginning[first...].contains(0x0A) else { return [] }
        return try begin()
    }

    /// Decides by the first line that is not blank.
    private mutating func begin() throws -> [ImportRow] {
        let bytes = beginning
        guard let start = bytes.firstIndex(where: { $0 > 0x20 }) else { return [] }
        beginning = []
        let line = bytes[start...].prefix { $0 != 0x0A }
        switch bytes[start] {
        case UInt8(ascii: "["): format = .json
        case UInt8(ascii: "{"): format = Self.isDocument(line) ? .json : .jsonLines
        default:
            format = .csv
            records.separator = Self.separator(of: line)
        }
        return try rows(in: bytes)
    }

    /// Whether a line that begins an object does not hold the whole of one account.
    private static func isDocument(_ line: ArraySlice<UInt8>) -> Bool {
        let dense = line.filter { $0 > 0x20 }
        return dense.elementsEqual("{".utf8) || line.count > rowBytesMax
            || String(decoding: dense, as: UTF8.self).contains("\"users\":[")
    }

    /// The one that the line has most of, outside quotes.
    private static func separator(of line: ArraySlice<UInt8>) -> UInt8 {
        if line.starts(with: "sep=".utf8), line.count >= 5 { return line[line.startIndex + 4] }
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for byte in line {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() } else if !isQuoted { counts[byte, default: 0] += 1 }
        }
        let separators = [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09, UInt8(ascii: "|")]
        return separators.reversed().max { counts[$0, default: 0] < counts[$1, default: 0] } ?? separators[0]
    }

    private mutating func rows(in bytes: [UInt8]) throws -> [ImportRow] {
        switch format {
        case .unknown: return []
        case .jsonLines:
            var rows: [ImportRow] = []
            for line in lines.take(bytes) { if let row = row(line) { rows.append(row) } }
            return rows
        case .json:
            var rows: [ImportRow] = []
            for element in try elements.take(bytes) { if let row = row(element) { rows.append(row) } }
            return rows
        case .csv: return try take(records.take(bytes))
        }
    }

    // MARK: JSON

    /// nil for a line of blanks, and for an account of an export that has no address.
    private mutating func row(_ line: LineSplitter.Line) -> ImportRow? {
        guard let bytes = line.bytes else { return Self.tooLong(line.number) }
        if bytes.allSatisfy({ $0 <= 0x20 }) { return nil }
        return row(line.number, bytes)
    }

    private mutating func row(_ element: JSONElements.Element) -> ImportRow? {
        guard let bytes = element.bytes else { return Self.tooLong(element.line) }
        return row(element.line, bytes)
    }

    private mutating func row(_ line: Int, _ bytes: [UInt8]) -> ImportRow? {
        guard let members = (try? JSON(parsing: bytes))?.objectValue else {
            return ImportRow(line: line, content: .failure(RowRefused("not a JSON object")))
        }
        return row(line, of: members)
    }

    private mutating func row(_ line: Int, of members: [JSON.Member]) -> ImportRow? {
        recognise(members.map(\.name))
        do throws(RowRefused) {
            if !options.map.isEmpty { return ImportRow(line: line, content: .success(try mapped(members))) }
            if let source = options.source {
                guard let values = try source.values(of: ExportedAccount(members), options.firebase) else {
                    withoutAddress += 1
                    return nil
                }
                return ImportRow(line: line, content: .success(values))
            }
            return ImportRow(line: line, content: .success(try Self.values(of: members)))
        } catch {
            return ImportRow(line: line, content: .failure(error))
        }
    }

    /// By the first account alone: what a file is does not change in its middle.
    private var isDecided = false
    private mutating func recognise(_ names: [String]) {
        guard !isDecided, options.map.isEmpty, options.source == nil else { return }
        isDecided = true
        guard names.contains(where: { ImportField(named: $0) == nil }) else { return }
        options.source = ExportSource.recognised(by: Set(names.map(ImportField.normal)))
        isRecognised = options.source != nil
    }

    /// A value of another type is refused, never taken for a missing one.
    private static func values(of members: [JSON.Member]) throws(RowRefused) -> ImportRow.Values {
        var values = ImportRow.Values()
        for member in members {
            guard let field = ImportField(named: member.name) else {
                throw RowRefused("unknown member \(quoted(member.name)); known members are \(ImportField.list)")
            }
            guard values[field] == nil else { throw RowRefused("\(field.rawValue) stands there twice") }
            values[field] = try Self.text(of: member.value, for: field, called: member.name)
        }
        return values
    }

    private static func text(of value: JSON, for field: ImportField, called name: String) throws(RowRefused) -> String {
        let isRight =
            switch (field, value) {
            case (.email, .string), (.passwordHash, .string), (.passwordHash, .null), (.verified, _), (.disabled, _):
                true
            case (.externalID, .bool): false
            case (.externalID, .number): value.integerValue != nil
            case (.externalID, _): true
            default: false
            }
        guard isRight, let text = value.importText else { throw RowRefused("\(field.rawValue) has the wrong type") }
        return text
    }

    private mutating func mapped(_ members: [JSON.Member]) throws(RowRefused) -> ImportRow.Values {
        var values = ImportRow.Values()
        var used: Set<String> = []
        for field in ImportField.allCases {
            let name = options.map[field] ?? field.rawValue
            guard let (value, member) = Self.find(name, in: members) else { continue }
            used.insert(member)
            values[field] = try Self.text(of: value, for: field, called: name)
        }
        for member in members where !used.contains(member.name) { leaveOut(member.name) }
        return values
    }

    /// A member of this name; else one whose name differs in case or blanks; else, with dots, a way into members and lists.
    private static func find(_ name: String, in members: [JSON.Member]) -> (value: JSON, member: String)? {
        if let member = members.first(where: { sameBytes($0.name, name) }) { return (member.value, member.name) }
        let normal = ImportField.normal(name)
        if let member = members.first(where: { ImportField.normal($0.name) == normal }) {
            return (member.value, member.name)
        }
        let steps = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard steps.count > 1, let first = members.first(where: { sameBytes($0.name, steps[0]) }) else { return nil }
        var value = first.value
        for step in steps.dropFirst() {
            if let list = value.arrayValue, let index = Int(step), list.indices.contains(index) {
                value = list[index]
            } else if let inner = value[step] {
                value = inner
            } else {
                return nil
            }
        }
        return (value, first.name)
    }

    private mutating func leaveOut(_ name: String) {
        guard leftOut.count < Self.namesMax, !leftOut.contains(Self.quoted(name)) else { return }
        leftOut.append(Self.quoted(name))
    }

    private static func quoted(_ name: String) -> String {
        "\"\(String(name.unicodeScalars.prefix(64).map(Character.init)))\""
    }

    // MARK: CSV

    /// What stands under each column of a header.
    private enum Columns {
        case fields([ImportField?])
        case source([String])

        var count: Int {
            switch self {
            case .fields(let fields): fields.count
            case .source(let names): names.count
            }
        }
    }

    private mutating func take(_ found: [CSVSplitter.Record]) throws -> [ImportRow] {
        var rows: [ImportRow] = []
        for record in found {
            if let columns {
                if let row = row(record, under: columns) { rows.append(row) }
            } else if case .success(let names) = record.fields, names[0].hasPrefix("sep="), names.count <= 2 {
                // What a spreadsheet is told before the header.
                continue
            } else {
                columns = try header(record)
            }
        }
        return rows
    }

    /// How databases and programs write an empty cell: PostgreSQL's COPY and mysqldump, other tools, pandas.
    private static let nulls: Set = ["\\N", "NULL", "null", "None", "NaN", "nan"]

    private mutating func header(_ record: CSVSplitter.Record) throws -> Columns {
        let at = "line \(record.line)"
        guard case .success(let names) = record.fields else { throw CommandFailed("\(at): the header cannot be read") }
        if names.contains(where: { $0.contains("@") }) {
            throw CommandFailed("\(at): this is no header: the first line must name the columns (\(ImportField.list))")
        }
        let fields = names.map(ImportField.init(named:))
        if options.map.isEmpty, fields.contains(nil) { recognise(names) }
        if options.source != nil { return .source(names) }
        let chosen = options.map.isEmpty ? try known(fields, names, at) : try mapped(names, at)
        guard chosen.contains(.email) else { throw CommandFailed("\(at): the header has no column email") }
        let said = chosen.compactMap(\.self)
        guard Set(said).count == said.count else { throw CommandFailed("\(at): the header names a column twice") }
        return .fields(chosen)
    }

    private func known(_ fields: [ImportField?], _ names: [String], _ at: String) throws -> [ImportField?] {
        for (field, name) in zip(fields, names) where field == nil {
            throw CommandFailed(
                """
                \(at): unknown column \(Printable.text(Self.quoted(name))); known columns are \(ImportField.list). \
                Name others with --map OURS=THEIRS, or the system that the file comes from with --from
                """)
        }
        return fields
    }

    private mutating func mapped(_ names: [String], _ at: String) throws -> [ImportField?] {
        var chosen = [ImportField?](repeating: nil, count: names.count)
        for (field, theirs) in options.map.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let exact = names.firstIndex { withoutOuterBlanks($0).utf8.elementsEqual(theirs.utf8) }
            guard let place = exact ?? names.firstIndex(where: { ImportField.normal($0) == ImportField.normal(theirs) })
            else {
                throw CommandFailed("--map: the header has no column \(Printable.text(Self.quoted(theirs)))")
            }
            guard chosen[place] == nil else {
                throw CommandFailed("--map: column \(Printable.text(Self.quoted(theirs))) is named twice")
            }
            chosen[place] = field
        }
        for (place, name) in names.enumerated() where chosen[place] == nil {
            if let field = ImportField(named: name), options.map[field] == nil {
                chosen[place] = field
            } else {
                leaveOut(name)
            }
        }
        return chosen
    }

    private mutating func row(_ record: CSVSplitter.Record, under columns: Columns) -> ImportRow? {
        let cells: [String]
        switch record.fields {
        case .failure(let refused): return ImportRow(line: record.line, content: .failure(refused))
        case .success(let fields): cells = fields
        }
        guard cells.count == columns.count else {
            let count = "\(cells.count) \(cells.count == 1 ? "field" : "fields")"
            return ImportRow(
                line: record.line, content: .failure(RowRefused("\(count), but the header has \(columns.count)")))
        }
        switch columns {
        case .fields(let fields):
            var values = ImportRow.Values()
            for (field, cell) in zip(fields, cells) { if let field { values[field] = Self.value(cell) } }
            return ImportRow(line: record.line, content: .success(values))
        case .source(let names):
            return row(record.line, of: zip(names, cells).map { JSON.Member($0, .string(Self.value($1))) })
        }
    }

    private static func value(_ cell: String) -> String {
        let text = withoutOuterBlanks(cell)
        return nulls.contains(text) ? "" : text
    }

    private static func tooLong(_ line: Int) -> ImportRow {
        ImportRow(line: line, content: .failure(RowRefused("longer than \(rowBytesMax) bytes")))
    }
}
