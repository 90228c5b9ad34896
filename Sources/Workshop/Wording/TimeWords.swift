/// Moments and spans of time in the words of a language. UTC: what is written here does not know where it is read.
package struct TimeWords: Sendable {
    private let words: Words
    private let months: [String]

    /// - Parameter words: `moment`, `firstDay`, `months` with a blank between, `two`, and a plural for each unit.
    /// - Returns: nil without twelve months.
    init?(_ words: Words) {
        months = words["months"].utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
        guard months.count == 12 else { return nil }
        self.words = words
    }

    /// "22 November 2026, 20:35 UTC".
    /// - Parameter seconds: earlier than that year, and later than the year 9999, are not shown.
    package func moment(secondsSince1970 seconds: Int64) -> String {
        let seconds = min(max(seconds, 0), Self.lastSecond)
        let (year, month, day) = Self.date(dayNumber: seconds / 86_400)
        return words.fill(
            "moment",
            [
                "day": day == 1 ? words["firstDay"] : "\(day)", "month": months[Int(month) - 1], "year": "\(year)",
                "hour": Self.twoDigits(seconds % 86_400 / 3600), "minute": Self.twoDigits(seconds % 3600 / 60),
            ])
    }

    /// "45 seconds", "30 minutes", "1 hour 30 minutes", "2 days": the two largest units that are not zero. A part of a second
    /// counts as a whole one, so that what was made within a second has the span it was given.
    package func span(_ span: Duration) -> String {
        let (whole, attoseconds) = max(span, .zero).components
        let seconds = whole + (attoseconds > 0 ? 1 : 0)
        let parts = [
            ("days", seconds / 86_400), ("hours", seconds % 86_400 / 3600), ("minutes", seconds % 3600 / 60),
            ("seconds", seconds % 60),
        ].filter { $0.1 > 0 }.prefix(2).map { words.count($0.0, $0.1) }
        switch parts.count {
        case 0: return words.count("seconds", 0)
        case 1: return parts[0]
        default: return words.fill("two", ["first": parts[0], "second": parts[1]])
        }
    }

    /// 9999-12-31T23:59:59Z.
    private static let lastSecond: Int64 = 253_402_300_799

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The Gregorian date of a day counted from 1970-01-01. Years are counted from March, so that the leap day is the last.
    private static func date(dayNumber: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = dayNumber + 719_468
        let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
