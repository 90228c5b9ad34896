/// Yes and no, as databases, spreadsheets and programs write them.
enum ImportTruth {
    /// - Returns: nil if the text is neither. Empty is no. A time means yes: that is when the address was verified; the zero date of MySQL
    ///   is none.
    static func read(_ text: String) -> Bool? {
        switch ImportField.normal(text) {
        case "true", "t", "yes", "y", "on": return true
        case "", "false", "f", "no", "n", "off": return false
        default: break
        }
        let bytes = Array(text.utf8)
        guard bytes.count <= 64 else { return nil }
        return number(bytes) ?? date(bytes)
    }

    /// 0, 1, or seconds, milliseconds or microseconds since 1970, with or without a fraction.
    private static func number(_ bytes: [UInt8]) -> Bool? {
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.count <= 18,
            parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isDigit) }),
            let value = Int(String(decoding: whole, as: UTF8.self))
        else { return nil }
        let hasFraction = parts.count == 2 && parts[1].contains { $0 != UInt8(ascii: "0") }
        switch value {
        case 0, 1: return hasFraction ? nil : value == 1
        // From 1973 on.
        case 100_000_000...: return true
        default: return nil
        }
    }

    /// RFC 3339 and what SQL, JavaScript and spreadsheets write for it: `2024-03-01 10:00:00+00`, `2024-03-01`, `1.3.2024 10:00`, `3/1/2024`.
    private static func date(_ bytes: [UInt8]) -> Bool? {
        let words = bytes.split { [0x20, UInt8(ascii: "T"), UInt8(ascii: "t")].contains($0) }
        guard let day = words.first, words.count <= 4 else { return nil }
        for word in words.dropFirst() where !isTime(word) { return nil }
        let separators: [UInt8] = [UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: ".")]
        guard let separator = separators.first(where: day.contains) else { return nil }
        let numbers = day.split(separator: separator, omittingEmptySubsequences: false)
        guard numbers.count == 3, numbers.allSatisfy({ (1...4).contains($0.count) && $0.allSatisfy(isDigit) }) else {
            return nil
        }
        let values = numbers.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        guard values.count == 3, numbers[0].count == 4 || numbers[2].count == 4 else { return nil }
        let isYearFirst = numbers[0].count == 4
        let (year, others) = isYearFirst ? (values[0], values[1...]) : (values[2], values[..<2])
        if values.allSatisfy({ $0 == 0 }) { return false }
        guard (1970...9999).contains(year), others.allSatisfy({ (1...31).contains($0) }),
            others.contains(where: { $0 <= 12 })
        else { return nil }
        return true
    }

    /// A time of day with its fraction, a zone, or a word beside it (`AM`, `UTC`).
    private static func isTime(_ word: ArraySlice<UInt8>) -> Bool {
        if word.count <= 3, word.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) }) { return true }
        return word.contains(where: isDigit)
            && word.allSatisfy {
                isDigit($0) || [UInt8(ascii: ":"), 0x2E, 0x2B, 0x2D, UInt8(ascii: "Z"), UInt8(ascii: "z")].contains($0)
            }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
