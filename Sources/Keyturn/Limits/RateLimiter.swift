/// How many requests one client may make: the generic cell rate algorithm (GCRA), one number a client.
import Synchronization

/// Remembers for each client when it will have paid off what it did: a client that owes more than the burst waits.
///
/// Memory is bounded, however many clients come: 24 bytes each of ``init(rate:burst:capacity:)``'s capacity. Where a seat is
/// needed, the client that owes least is forgotten first, and most often it owes nothing any more. So ten million clients with a
/// request each push out each other, not the one that is being held back; under such a flood a client pushed out starts anew with a
/// full burst, which is all that is lost.
package final class RateLimiter: Sendable {
    private let interval: Int64
    private let burst: Int64
    /// When each client's debt is paid off, in microseconds since 1970.
    private let paidOff: Mutex<BoundedTable<Client, Int64>>

    /// - Parameters: `burst` requests at once (at least one), then `rate`; `capacity` clients remembered.
    package init(rate: Rate, burst: Int, capacity: Int = 100_000) {
        interval = rate.intervalMicroseconds
        self.burst = Int64(max(1, burst))
        paidOff = Mutex(BoundedTable(capacity: capacity))
    }

    /// - Returns: nil when admitted, else how long to wait: never longer than one request's interval, whatever the clock did. Asking too
    ///   early costs nothing.
    package func admit(_ client: Client, at now: Timestamp) -> Duration? {
        let now = now.milliseconds.saturating(times: 1000)
        let most = now.saturating(plus: interval.saturating(times: burst))
        return paidOff.withLock { table in
            // More than a burst is from before the clock was set back, and says nothing any more.
            let known = table[client].flatMap { $0 > most ? nil : $0 }
            let owedThen = max(known ?? now, now).saturating(plus: interval)
            guard owedThen <= most else { return .microseconds(owedThen - most) }
            table.store(owedThen, for: client) { $0 > most ? .min : $0 }
            return nil
        }
    }
}

extension Int64 {
    /// - Parameter other: not negative.
    fileprivate func saturating(plus other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    fileprivate func saturating(times other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}
