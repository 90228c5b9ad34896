import Glibc

/// A moment of the continuous clock, which goes on while the machine sleeps: above all the one at which a wait ends unsuccessfully.
/// `ContinuousClock.Instant` is the same, but its layout is not known outside the standard library: with every request it
/// would be copied, compared and kept through calls.
package struct Deadline: Comparable, Hashable, Sendable {
    private let sinceBoot: Duration

    private init(sinceBoot: Duration) { self.sinceBoot = sinceBoot }

    package static var now: Deadline {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Deadline(sinceBoot: .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec)))
    }

    package func duration(to other: Deadline) -> Duration { other.sinceBoot - sinceBoot }

    package static func + (start: Deadline, duration: Duration) -> Deadline {
        Deadline(sinceBoot: start.sinceBoot + duration)
    }

    package static func - (end: Deadline, start: Deadline) -> Duration { start.duration(to: end) }

    package static func < (one: Deadline, other: Deadline) -> Bool { one.sinceBoot < other.sinceBoot }

    /// Orders moments as `<` does, in units of about a nanosecond (2^30 attoseconds) that begin anew after 300 years: cheaper than a number
    /// of seconds.
    package var rank: Int64 { Int64(truncatingIfNeeded: sinceBoot.attoseconds &>> 30) }

    /// Clamped to about a hundred years either way: no deadline traps.
    package func nanoseconds(since start: Deadline) -> Int64 {
        let (seconds, attoseconds) = start.duration(to: self).components
        let century: Int64 = 100 * 365 * 86_400
        return min(max(seconds, -century), century) * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
