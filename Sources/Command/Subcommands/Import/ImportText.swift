/// Bytes of a file into UTF-8 without a byte order mark. UTF-16 is recognised by its mark, or by its zeros.
struct ImportText {
    private enum Encoding { case unknown, utf8, utf16(isLittleEndian: Bool) }

    private var encoding = Encoding.unknown
    private var beginning: [UInt8] = []
    /// Half of a UTF-16 unit.
    private var half: UInt8?
    private var highSurrogate: UInt16?

    /// - Throws: ``CommandFailed`` if the file is no text, or of an encoding that breaks off.
    mutating func take(_ bytes: [UInt8]) throws -> [UInt8] {
        switch encoding {
        case .unknown:
            beginning += bytes
            return beginning.count < 4 ? [] : try begin()
        case .utf8: return bytes
        case .utf16(let isLittleEndian): return try utf8(bytes, isLittleEndian)
        }
    }

    mutating func finish() throws -> [UInt8] {
        var rest: [UInt8] = []
        if case .unknown = encoding { rest = try begin() }
        guard half == nil, highSurrogate == nil else {
            throw CommandFailed("the file is UTF-16, and breaks off in the middle of a character")
        }
        return rest
    }

    private mutating func begin() throws -> [UInt8] {
        let start = beginning
        beginning = []
        try Self.refuseOthers(start)
        if start.starts(with: [0xEF, 0xBB, 0xBF]) {
            encoding = .utf8
            return Array(start.dropFirst(3))
        }
        if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
            encoding = .utf16(isLittleEndian: start[0] == 0xFF)
            return try take(Array(start.dropFirst(2)))
        }
        // Every text here begins with a letter, a quote or a bracket of ASCII.
        let zeros = start.prefix(4).map { $0 == 0 }
        if zeros == [false, true, false, true] || zeros == [true, false, true, false] {
            encoding = .utf16(isLittleEndian: zeros[1])
            return try take(start)
        }
        encoding = .utf8
        return start
    }

    private static let others: [(start: [UInt8], words: String)] = [
        (Array("PK".utf8) + [3, 4], "an Excel workbook or another ZIP archive: save the sheet as CSV (UTF-8)"),
        ([0xD0, 0xCF, 0x11, 0xE0], "an old Excel workbook: save the sheet as CSV (UTF-8)"),
        ([0x1F, 0x8B], "compressed with gzip: unpack it first (`zcat FILE | keyturn user import -`)"),
        (Array("BZh".utf8), "compressed with bzip2: unpack it first"),
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd: unpack it first"),
        (Array("SQLi".utf8), "an SQLite database: export its table of users as CSV or JSON Lines"),
        (Array("PGDM".utf8), "a dump of PostgreSQL: export its table of users with `\\copy … csv header`"),
        (Array("%PDF".utf8), "a PDF"),
    ]

    private static func refuseOthers(_ start: [UInt8]) throws {
        for other in others where start.starts(with: other.start) {
            throw CommandFailed("this is no file of accounts: it is \(other.words)")
        }
    }

    private mutating func utf8(_ bytes: [UInt8], _ isLittleEndian: Bool) throws -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        for byte in bytes {
            guard let first = half else {
                half = byte
                continue
            }
            half = nil
            let unit = isLittleEndian ? UInt16(byte) << 8 | UInt16(first) : UInt16(first) << 8 | UInt16(byte)
            try append(unit, to: &output)
        }
        return output
    }

    private mutating func append(_ unit: UInt16, to output: inout [UInt8]) throws {
        if let high = highSurrogate {
            guard (0xDC00...0xDFFF).contains(unit) else { throw CommandFailed("the file is not valid UTF-16") }
            highSurrogate = nil
            let code = 0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(unit) - 0xDC00)
            if let scalar = Unicode.Scalar(code) { output += Array(String(scalar).utf8) }
        } else if unit < 0x80 {
            output.append(UInt8(truncatingIfNeeded: unit))
        } else if (0xD800...0xDBFF).contains(unit) {
            highSurrogate = unit
        } else if let scalar = Unicode.Scalar(unit) {
            output += Array(String(scalar).utf8)
        } else {
            throw CommandFailed("the file is not valid UTF-16")
        }
    }
}
