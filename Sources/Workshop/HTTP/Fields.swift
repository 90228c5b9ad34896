/// Lines and fields: the grammar that request heads, response heads and trailers share (RFC 9112 §2.2, §5).

/// Where something stands in a head, counted from the first byte of the message. Half the size of two `Int`s: offsets are
/// below the limit of a head, far below 2³².
struct Extent: Sendable {
    private let start: UInt32, end: UInt32

    @inline(__always) init(_ range: Range<Int>) {
        start = UInt32(truncatingIfNeeded: range.lowerBound)
        end = UInt32(truncatingIfNeeded: range.upperBound)
    }

    @inline(__always) var range: Range<Int> { Int(start)..<Int(end) }
}

/// Where a field's name and value stand.
struct FieldLine: Sendable {
    private let nameExtent: Extent, valueExtent: Extent

    @inline(__always) init(name: Range<Int>, value: Range<Int>) {
        nameExtent = Extent(name)
        valueExtent = Extent(value)
    }

    @inline(__always) var name: Range<Int> { nameExtent.range }
    @inline(__always) var value: Range<Int> { valueExtent.range }

    /// `name ":" OWS value OWS`. The line's bytes are known to hold no control byte.
    @inline(__always) init(parsing line: Range<Int>, of bytes: Span<UInt8>) throws(HeadRefused) {
        var colon = line.lowerBound
        while colon < line.upperBound, bytes[colon].isTokenByte { colon += 1 }
        guard colon < line.upperBound else { throw .colonMissing }
        if bytes[colon].isBlank { throw colon == line.lowerBound ? .fieldFolded : .spaceBeforeColon }
        guard bytes[colon] == UInt8(ascii: ":"), colon > line.lowerBound else { throw .fieldNameNotToken }
        self.init(name: line.lowerBound..<colon, value: bytes.trimmed(colon + 1..<line.upperBound))
    }
}

/// Cuts a head into its lines, and remembers what it has looked at: a byte that came before is never scanned again.
struct LineScanner: Sendable {
    /// Where the line being read begins.
    private(set) var lineStart = 0
    private var scanned = 0

    init(at start: Int = 0) {
        lineStart = start
        scanned = start
    }

    /// How much of the line has come without its end.
    var pendingBytes: Int { scanned - lineStart }

    /// The next line without its CRLF; nil until it is whole. Only CRLF ends a line.
    @inline(__always) mutating func next(in bytes: Span<UInt8>) throws(HeadRefused) -> Range<Int>? {
        let index = bytes.firstControl(from: scanned)
        let count = bytes.count
        scanned = index
        guard index < count else { return nil }
        switch bytes[index] {
        case .carriageReturn:
            guard index + 1 < count else { return nil }
            guard bytes[index + 1] == .lineFeed else { throw .bareCarriageReturn }
        case .lineFeed: throw .bareLineFeed
        default: throw .controlByte
        }
        let line = lineStart..<index
        lineStart = index + 2
        scanned = lineStart
        return line
    }
}

/// Reads field lines up to and with the empty line.
struct FieldScanner: Sendable {
    private(set) var lines: LineScanner
    private var count = 0

    init(after lines: LineScanner) {
        self.lines = lines
    }

    enum Step { case needsMore, field(FieldLine), end }

    /// The next field, or the end of them. Limits hold for what is still incomplete, too.
    @inline(__always) mutating func next(in bytes: Span<UInt8>, limits: HeadLimits) throws(HeadRefused) -> Step {
        guard let line = try lines.next(in: bytes) else {
            guard lines.pendingBytes <= limits.fieldBytes else { throw .fieldTooLarge }
            guard lines.lineStart + lines.pendingBytes <= limits.headBytes else { throw .headTooLarge }
            return .needsMore
        }
        guard line.count <= limits.fieldBytes else { throw .fieldTooLarge }
        guard lines.lineStart <= limits.headBytes else { throw .headTooLarge }
        if line.isEmpty { return .end }
        count += 1
        guard count <= limits.fields else { throw .tooManyFields }
        return .field(try FieldLine(parsing: line, of: bytes))
    }
}

/// Calls `body` with each element of a comma-separated list, trimmed, empty ones left out (RFC 9110 §5.6.1.2).
@inline(__always) func forEachListElement(of range: Range<Int>, in bytes: Span<UInt8>, _ body: (Range<Int>) -> Void) {
    var start = range.lowerBound
    while start <= range.upperBound {
        let end = bytes.firstIndex(of: UInt8(ascii: ","), in: start..<range.upperBound) ?? range.upperBound
        let element = bytes.trimmed(start..<end)
        if !element.isEmpty { body(element) }
        start = end + 1
    }
}
