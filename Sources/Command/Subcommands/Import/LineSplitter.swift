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
