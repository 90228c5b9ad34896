/// So many in such a time: `30/m` is `Rate(30, per: .seconds(60))`.
package struct Rate: Sendable, Equatable {
    package let count: Int
    package let per: Duration

    package init(_ count: Int, per: Duration) {
        self.count = count
        self.per = per
    }

    /// The time one of them takes, in microseconds, at least one.
    var intervalMicroseconds: Int64 {
        let (seconds, attoseconds) = per.components
        let (micros, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (span, overflow2) = micros.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return max(1, (overflow || overflow2 ? Int64.max : span) / Int64(max(1, count)))
    }
}
