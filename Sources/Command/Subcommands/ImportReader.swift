import StrictJSON

/// One row of an import file, read but not yet believed.
struct ImportRow: Sendable {
    /// What the file says about an account; nil if it has no such column or member, empty if the cell is empty or null.
    struct Values: Sendable, Equatable {
        var email: String?
        var passwordHash: String?
        var verified: String?
        var disabled: String?
        var externalID: String?
    }

    /// Where it begins, counted from 1.
    let line: Int
    let content: Result<Values, RowRefused>
}

/// Why one row cannot be imported, in words that do not repeat it.
struct RowRefused: Error, Equatable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Cuts an import file into rows as it is read: JSON Lines where its first character is `{`, else CSV with a header line.
/// A row that cannot be read is a row all the same, so that none is lost.
struct ImportReader {
    /// The columns of CSV, the members of JSON Lines; another name is a slip that would pass for a default.
    static let names = ["email", "password_hash", "verified", "disabled", "external_id"]
    /// A longer row is refused unread.
    static let rowBytesMax = 64 * 1024

    private enum Format { case unknown, jsonLines, csv(header: [String]?) }

    private var format = Format.unknown
    private var beginning: [UInt8] = []
    private var lines = LineSplitter(limit: rowBytesMax)
    private var records = CSVSplitter(limit: rowBytesMax)

    /// - Returns: the rows that were completed by these bytes.
    /// - Throws: ``CommandFailed`` where the whole file makes no sense; no row was given then.
    mutating func read(_ bytes: [UInt8]) throws -> [ImportRow] {
        if case .unknown = format {
            beginning += bytes
            guard beginning.count >= 3 else { return [] }
            return try begin()
        }
        return try rows(in: bytes)
    }

    /// - Returns: what was left without a line end.
    mutating func finish() throws -> [ImportRow] {
        var rows: [ImportRow] = []
        if case .unknown = format { rows = try begin() }
        switch format {
        case .unknown: break
        case .jsonLines: rows += lines.finish().compactMap(Self.row)
        case .csv: rows += try take(records.finish())
        }
        return rows
    }

    private mutating func begin() throws -> [ImportRow] {
        // The byte order mark that spreadsheets write.
        let bytes = beginning.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(beginning.dropFirst(3)) : beginning
        guard let first = bytes.first(where: { $0 > 0x20 }) else { return [] }
        beginning = []
        format = first == UInt8(ascii: "{") ? .jsonLines : .csv(header: nil)
        return try rows(in: bytes)
    }

    private mutating func rows(in bytes: [UInt8]) throws -> [ImportRow] {
        if case .jsonLines = format { return lines.take(bytes).compactMap(Self.row) }
        return try take(records.take(bytes))
    }

    // MARK: JSON Lines

    /// nil for a line of blanks.
    private static func row(_ line: LineSplitter.Line) -> ImportRow? {
        guard let bytes = line.bytes else { return tooLong(line.number) }
        if bytes.allSatisfy({ $0 <= 0x20 }) { return nil }
        guard let members = (try? JSON(parsing: bytes))?.objectValue else {
            return ImportRow(line: line.number, content: .failure(RowRefused("not a JSON object")))
        }
        return ImportRow(line: line.number, content: Result { () throws(RowRefused) in try values(of: members) })
    }

    /// A value of another type is refused, never taken for a missing one: `"verified": 0` would add a verified user.
    private static func values(of members: [JSON.Member]) throws(RowRefused) -> ImportRow.Values {
        var values = ImportRow.Values()
        for member in members {
            guard let place = place(of: member.name) else {
                throw RowRefused("unknown member; known members are \(names.joined(separator: ", "))")
            }
            if let text = member.value.stringValue {
                values[keyPath: place] = text
            } else if place != \.email, place != \.passwordHash, place != \.externalID,
                let flag = member.value.boolValue
            {
                values[keyPath: place] = flag ? "true" : "false"
            } else if place != \.email, member.value == .null {
                values[keyPath: place] = ""
            } else {
                throw RowRefused("\(member.name) has the wrong type")
            }
        }
        return values
    }

    private static func place(of name: String) -> WritableKeyPath<ImportRow.Values, String?>? {
        switch name {
        case "email": \.email
        case "password_hash": \.passwordHash
        case "verified": \.verified
        case "disabled": \.disabled
        case "external_id": \.externalID
        default: nil
        }
    }

    // MARK: CSV

    private mutating func take(_ found: [CSVSplitter.Record]) throws -> [ImportRow] {
        var rows: [ImportRow] = []
        for record in found {
            if case .csv(let header?) = format {
                rows.append(ImportRow(line: record.line, content: Self.values(of: record, under: header)))
            } else {
                format = .csv(header: try Self.header(record))
            }
        }
        return rows
    }

    /// How databases write an empty cell: PostgreSQL's COPY and mysqldump, and other tools.
    private static let nulls: Set = ["\\N", "NULL"]

    private static func header(_ record: CSVSplitter.Record) throws -> [String] {
        guard case .success(let header) = record.fields else {
            throw CommandFailed("line 1: the header cannot be read")
        }
        guard header.contains("email") else { throw CommandFailed("line 1: the header has no column email") }
        for name in header where !names.contains(name) {
            throw CommandFailed("line 1: unknown column; known columns are \(names.joined(separator: ", "))")
        }
        guard Set(header).count == header.count else { throw CommandFailed("line 1: the header names a column twice") }
        return header
    }

    private static func values(
        of record: CSVSplitter.Record, under header: [String]
    ) -> Result<ImportRow.Values, RowRefused> {
        record.fields.flatMap { fields in
            guard fields.count == header.count else {
                return .failure(
                    RowRefused(
                        "\(fields.count) \(fields.count == 1 ? "field" : "fields"), but the header has \(header.count)")
                )
            }
            var values = ImportRow.Values()
            for (name, field) in zip(header, fields) {
                if let place = place(of: name) { values[keyPath: place] = nulls.contains(field) ? "" : field }
            }
            return .success(values)
        }
    }

    private static func tooLong(_ line: Int) -> ImportRow {
        ImportRow(line: line, content: .failure(RowRefused("longer than \(rowBytesMax) bytes")))
    }
}

/// Bytes into lines, LF at the end of each; a CR before it stays.
struct LineSplitter {
    struct Line {
        let number: Int
        /// nil where it was longer than the limit.
        let bytes: [UInt8]?
    }

    private let limit: Int
    private var number = 1
    private var line: [UInt8] = []
    private var isTooLong = false

    init(limit: Int) { self.limit = limit }

    mutating func take(_ bytes: [UInt8]) -> [Line] {
        var found: [Line] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0A) {
            append(rest[..<end])
            found.append(cut())
            rest = rest[(end + 1)...]
        }
        append(rest)
        return found
    }

    mutating func finish() -> [Line] { line.isEmpty && !isTooLong ? [] : [cut()] }

    private mutating func append(_ bytes: ArraySlice<UInt8>) {
        if line.count + bytes.count > limit { isTooLong = true } else { line += bytes }
    }

    private mutating func cut() -> Line {
        defer { (line, isTooLong, number) = ([], false, number + 1) }
        return Line(number: number, bytes: isTooLong ? nil : line)
    }
}

/// Bytes into records of comma-separated values (RFC 4180): quotes around fields, doubled inside them; CRLF or LF ends a record.
struct CSVSplitter {
    struct Record {
        /// Where it begins, counted from 1.
        let line: Int
        let fields: Result<[String], RowRefused>
    }

    /// Where in a record the next byte stands.
    private enum Place { case fieldStart, plain, quoted, behindQuote, skippingLine }

    private let limit: Int
    private var place = Place.fieldStart
    private var fields: [String] = []
    private var field: [UInt8] = []
    private var bytesOfRecord = 0
    private var refused: RowRefused?
    private var line = 1
    private var start = 1

    init(limit: Int) { self.limit = limit }

    mutating func take(_ bytes: [UInt8]) -> [Record] {
        var found: [Record] = []
        for byte in bytes {
            bytesOfRecord += 1
            // A quote that is never closed would otherwise swallow the rest of the file.
            if bytesOfRecord > limit, refused == nil {
                refuse("longer than \(limit) bytes, or a quote is never closed")
            }
            take(byte, into: &found)
            if byte == 0x0A { line += 1 }
        }
        return found
    }

    mutating func finish() -> [Record] {
        if place == .quoted { refuse("a quote is never closed") }
        var found: [Record] = []
        if bytesOfRecord > 0 { endRecord(into: &found) }
        return found
    }

    private mutating func take(_ byte: UInt8, into found: inout [Record]) {
        switch (place, byte) {
        case (.quoted, 0x22): place = .behindQuote
        case (.quoted, _): field.append(byte)
        case (_, 0x0A): endRecord(into: &found)
        case (.skippingLine, _): break
        case (.behindQuote, 0x22):
            field.append(byte)
            place = .quoted
        case (_, 0x2C): endField()
        case (.behindQuote, 0x0D): break
        case (.behindQuote, _): refuse("text after a closing quote")
        case (.fieldStart, 0x22): place = .quoted
        case (.fieldStart, _), (.plain, _):
            field.append(byte)
            place = .plain
        }
    }

    private mutating func refuse(_ why: String) {
        refused = refused ?? RowRefused(why)
        place = .skippingLine
        field = []
    }

    private mutating func endField() {
        if let text = String(validating: field, as: UTF8.self) {
            fields.append(text)
        } else {
            refused = refused ?? RowRefused("not UTF-8")
        }
        (field, place) = ([], .fieldStart)
    }

    private mutating func endRecord(into found: inout [Record]) {
        // The CR of a CRLF.
        if place == .plain, field.last == 0x0D { field.removeLast() }
        endField()
        if let refused {
            let lost = line > start ? RowRefused("\(refused): lines \(start) to \(line) were not read") : refused
            found.append(Record(line: start, fields: .failure(lost)))
        } else if fields != [""] {
            found.append(Record(line: start, fields: .success(fields)))
        }
        (fields, refused, bytesOfRecord) = ([], nil, 0)
        start = line + 1
    }
}
