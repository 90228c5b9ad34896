/// A moment as `2026-03-01T12:00:00Z` (RFC 3339 §5.6), in UTC and whole seconds.
package enum RFC3339 {
    package static func format(_ moment: Timestamp) -> String {
        let (date, time) = parts(of: moment)
        return "\(date)T\(time)Z"
    }

    /// `2026-03-01 12:00:00 UTC`
    package static func formatForPeople(_ moment: Timestamp) -> String {
        let (date, time) = parts(of: moment)
        return "\(date) \(time) UTC"
    }

    private static func parts(of moment: Timestamp) -> (date: String, time: String) {
        let (days, seconds) = floorDivide(moment.seconds, by: 86_400)
        let date = civil(days)
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, to: 2) }
        let day = [padded(date.year, to: 4), padded(date.month, to: 2), padded(date.day, to: 2)]
        return (day.joined(separator: "-"), time.joined(separator: ":"))
    }

    /// The Gregorian date so many days after 1970-01-01, by eras of 400 years that begin on the first of March.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let remainder = ((value % divisor) + divisor) % divisor
        return ((value - remainder) / divisor, remainder)
    }

    private static func padded(_ value: Int64, to width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
