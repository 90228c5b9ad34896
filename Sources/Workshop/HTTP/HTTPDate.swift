/// Dates in fields (RFC 9110 §5.6.7): IMF-fixdate is written; all three forms are read.

package enum HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let longWeekdays = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let secondsADay: Int64 = 86_400
    /// The first and the last second that four digits of year can say: 0000-01-01 and 9999-12-31.
    private static let seconds: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    /// `Sun, 06 Nov 1994 08:49:37 GMT`. Outside the years 0 to 9999, the nearest date inside.
    package static func format(secondsSince1970: Int64) -> String {
        let moment = min(max(secondsSince1970, seconds.lowerBound), seconds.upperBound)
        let day = floorDivide(moment, secondsADay)
        let second = Int(moment - day * secondsADay)
        let (year, month, dayOfMonth) = civil(day)
        let weekday = weekdays[Int(day - floorDivide(day, 7) * 7)]
        return "\(weekday), \(digits(dayOfMonth, 2)) \(months[month - 1]) \(digits(year, 4)) "
            + "\(digits(second / 3600, 2)):\(digits(second / 60 % 60, 2)):\(digits(second % 60, 2)) GMT"
    }

    /// The same, 29 bytes: made once a second, copied into every answer.
    package static func bytes(secondsSince1970: Int64) -> [UInt8] {
        Array(format(secondsSince1970: secondsSince1970).utf8)
    }

    /// Seconds since 1970; nil where malformed, no such date, or the wrong weekday.
    /// - Parameter now: decides the century of a two-digit year: never more than 50 years ahead (RFC 9110 §5.6.7).
    package static func parse(_ text: String, now: Int64 = 1_767_225_600) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count <= 40 else { return nil }
        return fixdate(bytes) ?? longForm(bytes, now: now) ?? asctime(bytes)
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    private static func fixdate(_ bytes: [UInt8]) -> Int64? {
        guard bytes.count == 29, text(bytes, 3, ", "), bytes[7] == 0x20, bytes[11] == 0x20, bytes[16] == 0x20,
            text(bytes, 25, " GMT"), let weekday = index(of: bytes, 0, in: weekdays),
            let day = number(bytes, 5..<7), let month = index(of: bytes, 8, in: months),
            let year = number(bytes, 12..<16), let time = timeOfDay(bytes, 17)
        else { return nil }
        return moment(year, month + 1, day, time, weekday)
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`
    private static func longForm(_ bytes: [UInt8], now: Int64) -> Int64? {
        guard let weekday = longWeekdays.firstIndex(where: { text(bytes, 0, $0 + ", ") }) else { return nil }
        let rest = Array(bytes.dropFirst(longWeekdays[weekday].utf8.count + 2))
        guard rest.count == 22, rest[2] == UInt8(ascii: "-"), rest[6] == UInt8(ascii: "-"), rest[9] == 0x20,
            text(rest, 18, " GMT"), let day = number(rest, 0..<2), let month = index(of: rest, 3, in: months),
            let shortYear = number(rest, 7..<9), let time = timeOfDay(rest, 10)
        else { return nil }
        let thisYear = civil(floorDivide(min(max(now, seconds.lowerBound), seconds.upperBound), secondsADay)).year
        var year = thisYear - thisYear % 100 + shortYear
        if year > thisYear + 50 { year -= 100 }
        return moment(year, month + 1, day, time, weekday)
    }

    /// `Sun Nov  6 08:49:37 1994`
    private static func asctime(_ bytes: [UInt8]) -> Int64? {
        guard bytes.count == 24, bytes[3] == 0x20, bytes[7] == 0x20, bytes[10] == 0x20, bytes[19] == 0x20,
            let weekday = index(of: bytes, 0, in: weekdays), let month = index(of: bytes, 4, in: months),
            let day = number(bytes, bytes[8] == 0x20 ? 9..<10 : 8..<10), let time = timeOfDay(bytes, 11),
            let year = number(bytes, 20..<24)
        else { return nil }
        return moment(year, month + 1, day, time, weekday)
    }

    private static func moment(_ year: Int, _ month: Int, _ day: Int, _ time: Int64, _ weekday: Int) -> Int64? {
        let days = daysSince1970(year, month, day)
        // A day the month does not have comes back as another one.
        guard civil(days) == (year, month, day), Int(days - floorDivide(days, 7) * 7) == weekday else { return nil }
        return days * secondsADay + time
    }

    /// `08:49:37`; a leap second (60) is the second after.
    private static func timeOfDay(_ bytes: [UInt8], _ start: Int) -> Int64? {
        guard bytes[start + 2] == UInt8(ascii: ":"), bytes[start + 5] == UInt8(ascii: ":"),
            let hour = number(bytes, start..<start + 2), let minute = number(bytes, start + 3..<start + 5),
            let second = number(bytes, start + 6..<start + 8), hour < 24, minute < 60, second <= 60
        else { return nil }
        return Int64(hour * 3600 + minute * 60 + second)
    }

    private static func number(_ bytes: [UInt8], _ range: Range<Int>) -> Int? {
        guard case .value(let value) = DecimalNumber(parsing: range, of: bytes.span) else { return nil }
        return value
    }

    private static func text(_ bytes: [UInt8], _ start: Int, _ expected: String) -> Bool {
        bytes.dropFirst(start).starts(with: expected.utf8)
    }

    private static func index(of bytes: [UInt8], _ start: Int, in names: [String]) -> Int? {
        names.firstIndex { text(bytes, start, $0) }
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }

    private static func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        (number >= 0 ? number : number - divisor + 1) / divisor
    }

    /// Days since 1970 of a date of the proleptic Gregorian calendar, counted in eras of 400 years that begin in March.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The inverse.
    private static func civil(_ days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        let year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
        return (year, month, Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1))
    }
}
