import Keyturn

/// Moments and spans of time in words, for letters. English, UTC: a mail does not know where it is read.
enum TimeWords {
    /// "22 November 2026, 20:35 UTC".
    static func moment(_ moment: Timestamp) -> String {
        let seconds = min(max(moment.seconds, 0), lastSecond)
        let (year, month, day) = date(dayNumber: seconds / 86_400)
        let (hour, minute) = (seconds % 86_400 / 3600, seconds % 3600 / 60)
        return "\(day) \(months[Int(month) - 1]) \(year), \(twoDigits(hour)):\(twoDigits(minute)) UTC"
    }

    /// "45 seconds", "30 minutes", "1 hour 30 minutes", "2 days": the two largest units that are not zero. A part
    /// of a second counts as a whole one, so that a link signed within a second says the lifetime it was given.
    static func span(_ span: Duration) -> String {
        let milliseconds = max(0, span.wholeMilliseconds)
        let seconds = milliseconds / 1000 + (milliseconds % 1000 > 0 ? 1 : 0)
        let parts = [
            (seconds / 86_400, "day"), (seconds % 86_400 / 3600, "hour"), (seconds % 3600 / 60, "minute"),
            (seconds % 60, "second"),
        ]
        let words = parts.filter { $0.0 > 0 }.prefix(2).map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        return words.isEmpty ? "0 seconds" : words.joined(separator: " ")
    }

    /// 9999-12-31T23:59:59Z.
    private static let lastSecond: Int64 = 253_402_300_799

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

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
