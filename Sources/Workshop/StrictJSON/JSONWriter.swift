/// Writes JSON: compact UTF-8 that may also stand inside a `<script>` element.

extension JSON {
    /// Escapes what RFC 8259 §7 demands, and `<`, U+2028 and U+2029, so that neither HTML nor old JavaScript ends early.
    package func write() -> [UInt8] {
        var output: [UInt8] = []
        // What most answers and claims are shorter than.
        output.reserveCapacity(256)
        write(to: &output)
        return output
    }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .number(let text): output += text.utf8
        case .string(let text): JSON.write(text, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSON.write(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        if mayNeedEscape(text.utf8.span) {
            for scalar in text.unicodeScalars { write(scalar, to: &output) }
        } else {
            output += text.utf8
        }
        output.append(UInt8(ascii: "\""))
    }

    /// U+2028 and U+2029 begin with 0xE2; so does much that is written as it is.
    private static func mayNeedEscape(_ text: Span<UInt8>) -> Bool {
        for index in text.indices where mayNeedEscape(text[index]) { return true }
        return false
    }

    private static func mayNeedEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "<")
            || byte == 0xe2
    }

    private static func write(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
        switch scalar {
        case "\"": output += #"\""#.utf8
        case "\\": output += #"\\"#.utf8
        case "\n": output += #"\n"#.utf8
        case "\r": output += #"\r"#.utf8
        case "\t": output += #"\t"#.utf8
        case "\u{0}"..."\u{1f}", "<", "\u{2028}", "\u{2029}":
            let digits = String(scalar.value, radix: 16)
            output += (#"\u"# + String(repeating: "0", count: 4 - digits.utf8.count) + digits).utf8
        default: output += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
        }
    }
}
