/// How durations and rates are written: `250ms`, `45s`, `10m`, `12h`, `7d`; `30/m`, `5/s`, `1000/h`.
enum Units {
    /// - Returns: nil for anything but ASCII digits and one unit, or more than about 292 years.
    static func duration(_ text: String) -> Duration? {
        let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
        guard let count = integer(String(Substring(digits))) else { return nil }
        let milliseconds: Int64? =
            switch String(Substring(text.utf8.dropFirst(digits.count))) {
            case "ms": 1
            case "s": 1000
            case "m": 60_000
            case "h": 3_600_000
            case "d": 86_400_000
            default: nil
            }
        guard let milliseconds else { return nil }
        let (total, overflow) = count.multipliedReportingOverflow(by: milliseconds)
        return overflow || total > 9_000_000_000_000 ? nil : .milliseconds(total)
    }

    /// - Returns: nil for anything but a positive count, `/` and `s`, `m` or `h`.
    static func rate(_ text: String) -> (count: Int, per: Duration)? {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, let count = integer(String(Substring(parts[0]))), count > 0, count <= 1_000_000 else {
            return nil
        }
        switch String(Substring(parts[1])) {
        case "s": return (Int(count), .seconds(1))
        case "m": return (Int(count), .seconds(60))
        case "h": return (Int(count), .seconds(3600))
        default: return nil
        }
    }

    /// ASCII digits only: no sign, no blank, nothing else that looks like a digit.
    static func integer(_ text: String) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }

    /// The shortest of our spellings: `30m`, `90s`.
    static func text(_ duration: Duration) -> String {
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] as [(String, Int64)]
        where milliseconds >= length && milliseconds % length == 0 {
            return "\(milliseconds / length)\(unit)"
        }
        return "\(milliseconds)ms"
    }
}
