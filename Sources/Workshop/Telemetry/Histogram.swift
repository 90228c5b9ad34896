import Synchronization

/// How large things were, counted in buckets. Cheap enough for every request: two additions, and no lock.
package final class Histogram: Sendable {
    /// Seconds, from half a millisecond to ten seconds.
    package static let durationBounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// What was observed so far: a count for each bucket (not cumulative) and the sum of all values. Taken while others observe,
    /// so the sum may be ahead of the counts by what they are just adding.
    package struct Snapshot: Sendable, Equatable {
        package let counts: [UInt64]
        package let sum: Double

        /// Of two with the same bounds.
        static func + (one: Snapshot, other: Snapshot) -> Snapshot {
            Snapshot(counts: zip(one.counts, other.counts).map { $0 &+ $1 }, sum: one.sum + other.sum)
        }
    }

    /// Upper bounds, each inclusive; what was larger falls into one more bucket behind the last.
    package let bounds: [Double]
    private let counts: [Counter]
    /// In billionths; begins anew after 18 thousand million, which Prometheus takes for a restart.
    private let billionths = Atomic<UInt64>(0)

    package init(bounds: [Double] = Histogram.durationBounds) {
        self.bounds = bounds
        counts = (0...bounds.count).map { _ in Counter() }
    }

    package func observe(_ duration: Duration) {
        // Not by `components`: to divide 128 bits costs as much as all the rest.
        observe(Double(duration.attoseconds) / 1e18)
    }

    /// What is no number, negative or beyond all sense counts as 0 in the sum.
    package func observe(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[bucket].add()
        if value > 0, let amount = UInt64(exactly: (value * 1e9).rounded()) {
            billionths.wrappingAdd(amount, ordering: .relaxed)
        }
    }

    package var snapshot: Snapshot {
        Snapshot(counts: counts.map(\.current), sum: Double(billionths.load(ordering: .relaxed)) / 1e9)
    }
}
