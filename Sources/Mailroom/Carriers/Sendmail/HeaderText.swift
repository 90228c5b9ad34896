import Cryptography

/// Words as they may stand in a header field: printable ASCII in lines of at most 76 bytes, whatever the words are. So no words begin
/// another field, and none end the header.
enum HeaderText {
    private static let columns = 76
    /// Bytes of text in one encoded word: its 54 bytes fit beside every name of ours.
    private static let wordBytesMax = 30

    /// The value of a field that is free text, such as `Subject` (RFC 2047 §2).
    /// - Parameter column: how long the line is before it, with the field's name.
    static func unstructured(_ text: String, column: Int) -> String {
        let text = withoutControls(text)
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.utf8.contains("=?".utf8)
        let hasOuterBlanks = text.utf8.first == 0x20 || text.utf8.last == 0x20
        return isPlain && !hasOuterBlanks && column + text.utf8.count <= columns ? text : encodedWords(text)
    }

    /// The name before an address (RFC 5322 §3.2.5): a quoted string, or encoded words.
    static func phrase(_ text: String, column: Int) -> String {
        let text = withoutControls(text)
        let quoted = "\"" + text.unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.utf8.contains("=?".utf8)
        return isPlain && column + quoted.utf8.count <= columns ? quoted : encodedWords(text)
    }

    /// An address as it may stand between angle brackets: nothing in it ends them, separates, or is a control. Beyond ASCII it stands as
    /// UTF-8 (RFC 6532), which encoded words must not replace.
    /// - Returns: nil if it is none.
    static func address(_ text: String) -> String? {
        let isInQuotes = text.utf8.first == UInt8(ascii: "\"")
        let isHarmless = text.utf8.allSatisfy { byte in
            switch byte {
            case 0...0x20, 0x7F: false
            case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"),
                UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\\"):
                false
            case UInt8(ascii: "\""): isInQuotes
            default: true
            }
        }
        return isHarmless && (3...320).contains(text.utf8.count) && text.utf8.contains(UInt8(ascii: "@")) ? text : nil
    }

    /// Base64 of UTF-8, a line each; no character is cut.
    private static func encodedWords(_ text: String) -> String {
        var words: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if words[words.count - 1].count + bytes.count > wordBytesMax { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?UTF-8?B?\(Base64.encode($0))?=" }.joined(separator: "\n ")
    }

    private static func withoutControls(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}

extension Sequence<UInt8> {
    fileprivate func contains(_ part: some Collection<UInt8>) -> Bool { Array(self).firstRange(of: part) != nil }
}
