/// How much later: exponential backoff with full jitter, so that those who failed together do not come back together.
struct RetrySchedule: Sendable, Equatable {
    /// The longest first wait.
    var first: Duration = .seconds(1)
    /// No wait is longer.
    var limit: Duration = .seconds(60)
    /// No wait is shorter: chance alone must not make two attempts of one.
    var least: Duration = .milliseconds(100)

    /// - Parameter failures: how many there were, this one counted: 1 waits up to ``first``, each further one up to twice as long.
    /// - Parameter fraction: chance, 0 to 1.
    func delay(afterFailures failures: Int, fraction: Double) -> Duration {
        let ceiling = min(first * (1 << min(max(failures, 1) - 1, 20)), limit)
        return max(least, ceiling * min(max(fraction, 0), 1))
    }
}
