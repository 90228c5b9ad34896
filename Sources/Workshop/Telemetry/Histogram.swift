import Synchronization

/// How long things took, counted in buckets from half a millisecond to ten seconds.
package final class Histogram: Sendable {
    /// Upper bounds in seconds, each inclusive; what took longer falls into one more bucket behind the last.
    package static let bounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// What was observed so far: a count for each bucket (not cumulative) and the sum of all durations.
    package struct Snapshot: Sendable, Equatable {
        package let counts: [UInt64]
        package let seconds: Double
    }

    private struct State {
        var counts = [UInt64](repeating: 0, count: Histogram.bounds.count + 1)
        var seconds = 0.0
    }

    private let state = Mutex(State())

    package init() {}

    package func observe(_ duration: Duration) {
        let parts = duration.components
        let seconds = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        let bucket = Histogram.bounds.firstIndex { seconds <= $0 } ?? Histogram.bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.seconds += seconds
        }
    }

    package var snapshot: Snapshot { state.withLock { Snapshot(counts: $0.counts, seconds: $0.seconds) } }
}
