/// A moment on the wall clock, in whole milliseconds since 1970-01-01T00:00:00Z. Clocks are handed in; nothing here
/// reads one.
package struct Timestamp: Sendable, Hashable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Saturates: seconds that do not fit become the furthest moment that does.
    package init(seconds: Int64) {
        let (value, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        milliseconds = overflow ? (seconds < 0 ? .min : .max) : value
    }

    /// Whole seconds, rounded down: what a JWT's NumericDate carries.
    package var seconds: Int64 { milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0) }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// Saturates at the ends of the range.
    package static func + (moment: Timestamp, span: Duration) -> Timestamp {
        let (value, overflow) = moment.milliseconds.addingReportingOverflow(span.wholeMilliseconds)
        return Timestamp(milliseconds: overflow ? (span < .zero ? .min : .max) : value)
    }

    /// Saturates at the ends of the range.
    package static func - (moment: Timestamp, span: Duration) -> Timestamp {
        let (value, overflow) = moment.milliseconds.subtractingReportingOverflow(span.wholeMilliseconds)
        return Timestamp(milliseconds: overflow ? (span < .zero ? .max : .min) : value)
    }

    package static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        let (value, overflow) = later.milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return .milliseconds(overflow ? (later < earlier ? Int64.min : .max) : value)
    }
}

extension Duration {
    /// Rounded toward zero, saturated.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        let (value, overflow2) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return overflow || overflow2 ? (self < .zero ? .min : .max) : value
    }
}
