/// Text from outside, made safe to show: a terminal obeys control characters, and a reader believes invisible and bidirectional ones.
package enum Printable {
    /// Escapes as `\u{202e}` what ``isPrintable(_:)`` refuses, line ends too: the result is one line.
    package static func text(_ text: String) -> String {
        escaped(text) { "\\u{" + String($0.value, radix: 16) + "}" }
    }

    /// As ``text(_:)``, but line feeds stay: for messages of several lines, which are ours.
    package static func lines(_ text: String) -> String {
        text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { Self.text(String(Substring($0))) }
            .joined(separator: "\n")
    }

    /// Escapes the same characters of a JSON text as `\u202e` (RFC 8259 §7). They can only stand inside its strings, so the value
    /// stays the same.
    package static func json(_ json: String) -> String {
        escaped(json) { scalar in
            String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }.joined()
        }
    }

    /// False for controls (C0, DEL, C1), line and paragraph separators, everything invisible or bidirectional, and what Unicode
    /// leaves without a meaning.
    package static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: return false
        default: return !scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    private static func escaped(_ text: String, _ escape: (Unicode.Scalar) -> String) -> String {
        // Nearly all text is plain ASCII.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if isPrintable(scalar) { shown.unicodeScalars.append(scalar) } else { shown += escape(scalar) }
        }
        return shown
    }
}
