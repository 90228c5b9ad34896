/// Text as RFC 2045 §6.7 carries it: lines of at most 76 bytes of ASCII.
enum QuotedPrintable {
    private static let columns = 76
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// - Parameter text: its lines end with LF, CR LF or CR.
    /// - Returns: lines that end with LF. None begins with `.`, which ends a message for some programs, or with `From `, which begins one
    ///   for others; none can be the boundary of a multipart, because every `=` is encoded.
    static func encode(_ text: String) -> [UInt8] {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count * 5 / 4)
        for line in lines(of: Array(text.utf8)) { append(line, to: &encoded) }
        return encoded
    }

    private static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        for index in bytes.indices where bytes[index] == 0x0A || bytes[index] == 0x0D {
            // The second half of CR LF.
            if bytes[index] == 0x0A, index > bytes.startIndex, bytes[index - 1] == 0x0D {
                start = index + 1
                continue
            }
            lines.append(bytes[start..<index])
            start = index + 1
        }
        if start < bytes.endIndex { lines.append(bytes[start...]) }
        return lines
    }

    private static func append(_ line: ArraySlice<UInt8>, to encoded: inout [UInt8]) {
        var column = 0
        for (index, byte) in zip(line.indices, line) {
            let isLast = index == line.endIndex - 1
            var piece = piece(byte, isLast: isLast)
            // Room for the `=` of a line that goes on.
            if column + piece.count > columns - (isLast ? 0 : 1) {
                encoded += [UInt8(ascii: "="), 0x0A]
                column = 0
            }
            let isDot = byte == UInt8(ascii: ".")
            if column == 0, isDot || line[index...].starts(with: "From ".utf8) { piece = escaped(byte) }
            encoded += piece
            column += piece.count
        }
        encoded.append(0x0A)
    }

    private static func piece(_ byte: UInt8, isLast: Bool) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "="): escaped(byte)
        // A blank at the end of a line is lost on the way.
        case 0x20, 0x09: isLast ? escaped(byte) : [byte]
        case 0x21...0x7E: [byte]
        default: escaped(byte)
        }
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
