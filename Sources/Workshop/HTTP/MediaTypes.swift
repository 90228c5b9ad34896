/// Media types and the two lists of preferences that decide what an answer looks like (RFC 9110 §8.3.1, §12.5).

/// `type/subtype` in lower case with parameters left out.
package struct MediaType: Sendable, Equatable {
    package let essence: String

    /// nil where malformed, the parameters too.
    package init?(parsing text: String) {
        guard let parts = Parameters.split(text), let essence = Self.essence(parts.first) else { return nil }
        self.essence = essence
    }

    /// Two tokens and a slash between them.
    static func essence(_ text: String) -> String? {
        let halves = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isTokenByte) }) else { return nil }
        return String(decoding: text.utf8.map(\.lowercased), as: UTF8.self)
    }
}

/// The `Accept` field (RFC 9110 §12.5.1).
package struct Accept: Sendable {
    private struct Choice: Sendable {
        let essence: String
        let hasParameters: Bool
        let quality: Int
    }

    /// Ranges beyond these are not looked at.
    private static let rangesMax = 32
    private let choices: [Choice]

    /// Absent accepts everything. Malformed ranges are skipped.
    package init(parsing text: String?) {
        guard let text else {
            choices = [Choice(essence: "*/*", hasParameters: false, quality: 1000)]
            return
        }
        choices = Parameters.list(text, limit: Self.rangesMax).compactMap { element in
            guard let essence = MediaType.essence(element.first), let quality = element.quality else { return nil }
            return Choice(
                essence: essence, hasParameters: element.names.first.map { $0 != "q" } ?? false, quality: quality)
        }
    }

    /// 0…1000; specific ranges win over wildcards. A range with parameters names a variant we do not have.
    package func quality(of essence: String) -> Int {
        let type = essence.utf8.prefix { $0 != UInt8(ascii: "/") }
        for range in [essence, String(decoding: type, as: UTF8.self) + "/*", "*/*"] {
            let fitting = choices.filter { $0.essence.utf8.elementsEqual(range.utf8) && !$0.hasParameters }
            if let best = fitting.map(\.quality).max() { return best }
        }
        return 0
    }
}

/// The `Accept-Language` field (RFC 9110 §12.5.4).
package struct AcceptLanguage: Sendable {
    /// Ranges beyond these are not looked at.
    private static let rangesMax = 32
    /// Language tags of RFC 5646 as they were sent, in lower case, the most wanted first; equal ones in order. Tags with
    /// quality 0 and `*` are left out.
    package let tags: [String]

    package init(parsing text: String?) {
        let wanted = Parameters.list(text ?? "", limit: Self.rangesMax).compactMap { element -> (String, Int)? in
            guard Self.isTag(element.first), let quality = element.quality, quality > 0 else { return nil }
            return (String(decoding: element.first.utf8.map(\.lowercased), as: UTF8.self), quality)
        }
        tags = wanted.enumerated().sorted {
            ($1.element.1, $0.offset) < ($0.element.1, $1.offset)
        }.map(\.element.0)
    }

    /// `1*8ALPHA *("-" 1*8alphanum)` (RFC 4647 §2.1).
    private static func isTag(_ text: String) -> Bool {
        let subtags = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return subtags.allSatisfy { (1...8).contains($0.count) && $0.allSatisfy { $0.isLetter || $0.isDigit } }
            && subtags[0].allSatisfy(\.isLetter)
    }
}

/// A list element with its parameters: `first; name=value; name="value"`.
private struct Parameters {
    let first: String
    /// In lower case.
    let names: [String]
    /// Of the parameter `q`: 0…1000, 1000 without one; nil where malformed.
    let quality: Int?

    /// nil where malformed.
    static func split(_ text: String) -> Parameters? {
        let parts = pieces(text, at: UInt8(ascii: ";"))
        guard let first = parts.first else { return nil }
        var names: [String] = []
        var quality: Int? = 1000
        for part in parts.dropFirst() where !part.isEmpty {
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let value = part[equals...].dropFirst()
            guard equals > part.startIndex, part[..<equals].allSatisfy(\.isTokenByte), isValue(value) else {
                return nil
            }
            let name = String(decoding: part[..<equals].map(\.lowercased), as: UTF8.self)
            names.append(name)
            if name == "q" { quality = thousandths(Array(value)) }
        }
        return Parameters(first: String(decoding: first, as: UTF8.self), names: names, quality: quality)
    }

    static func list(_ text: String, limit: Int) -> [Parameters] {
        pieces(text, at: UInt8(ascii: ",")).prefix(limit).compactMap { split(String(decoding: $0, as: UTF8.self)) }
    }

    /// Cuts outside of quoted strings, and trims blanks.
    private static func pieces(_ text: String, at separator: UInt8) -> [ArraySlice<UInt8>] {
        let bytes = Array(text.utf8)
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        var isQuoted = false
        var isEscaped = false
        for index in 0...bytes.count {
            if index == bytes.count || bytes[index] == separator && !isQuoted {
                pieces.append(bytes[bytes.span.trimmed(start..<index)])
                start = index + 1
            } else if isEscaped {
                isEscaped = false
            } else if bytes[index] == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else {
                isEscaped = isQuoted && bytes[index] == UInt8(ascii: "\\")
            }
        }
        return pieces
    }

    /// A token or a quoted string (RFC 9110 §5.6.4).
    private static func isValue(_ bytes: ArraySlice<UInt8>) -> Bool {
        let quote = UInt8(ascii: "\"")
        guard bytes.first == quote else { return !bytes.isEmpty && bytes.allSatisfy(\.isTokenByte) }
        guard bytes.count >= 2, bytes.last == quote else { return false }
        var isEscaped = false
        for byte in bytes.dropFirst().dropLast() {
            guard !byte.isControl, byte != quote || isEscaped else { return false }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return !isEscaped
    }

    /// `0`, `1`, `0.5`, `0.123`, `1.000` (RFC 9110 §12.4.2).
    private static func thousandths(_ bytes: [UInt8]) -> Int? {
        guard let whole = bytes.first, whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1"), bytes.count <= 5 else {
            return nil
        }
        guard bytes.count == 1 || bytes[1] == UInt8(ascii: ".") else { return nil }
        var value = Int(whole &- 0x30) * 1000
        var weight = 100
        for digit in bytes.dropFirst(2) {
            guard digit.isDigit else { return nil }
            value += Int(digit &- 0x30) * weight
            weight /= 10
        }
        return value <= 1000 ? value : nil
    }
}
