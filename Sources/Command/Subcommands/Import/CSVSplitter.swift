/// Bytes into records of comma-separated values (RFC 4180), or of values with another separator: quotes around fields, doubled inside them; CRLF or LF ends a record.
struct CSVSplitter {
    struct Record {
        /// Where it begins, counted from 1.
        let line: Int
        let fields: Result<[String], RowRefused>
    }

    /// Where in a record the next byte stands.
    private enum Place { case fieldStart, plain, quoted, behindQuote, skippingLine }

    private let limit: Int
    /// A comma, a semicolon, a tab or a bar.
    var separator = UInt8(ascii: ",")
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
        case (_, separator): endField()
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
