/// Rows that wait to be delivered. A worker takes some of them for a while (a lease) and writes what became of each. A lease that ends
/// without an outcome makes its row due again; nothing has to be written for that.
package protocol LeasedQueue: Sendable {
    associatedtype Leased: Sendable
    associatedtype Settled: Sendable
    /// Takes at most `limit` rows that are due, those due longest first.
    /// - Parameter span: how long the rows are ours.
    func lease(atMost limit: Int, for span: Duration, at now: Timestamp) async throws(StorageFailed) -> [Leased]
    /// Writes several outcomes and their ``Consequences`` in one commit.
    /// - Returns: false for each lease that was no longer ours: nothing was written for it.
    func settle(_ outcomes: [Settled], at now: Timestamp) async throws(StorageFailed) -> [Bool]
    /// When the next row becomes due or a lease ends; nil if no row waits.
    func nextDue() async throws(StorageFailed) -> Timestamp?
    /// The wall clock shows an earlier time than it did, so moments that were written before lie too far ahead: what waits is due at
    /// once, and a lease ends within `span`, as one taken now.
    func clockSetBack(to now: Timestamp, leasing span: Duration) async throws(StorageFailed)
    /// One element soon after this process recorded a row; several rows may be one element.
    var arrivals: AsyncStream<Void> { get }
    func depth() async throws(StorageFailed) -> QueueDepth
}

/// What becomes of a leased row.
package enum RowFate: Sendable, Equatable {
    /// It is deleted.
    case done
    /// It waits until `at`, and the attempt is counted.
    case later(at: Timestamp, reason: String)
    /// As `later`, after an attempt that handed the whole message over and got no answer: until `again` nothing makes it due, neither
    /// another request nor a clock that is set back.
    case unanswered(again: Timestamp, reason: String, isAttempt: Bool)
    /// It is kept for the operator and not tried again by itself.
    case failed(reason: String)
    /// It waits again at its old place; the attempt is not counted. A reason replaces the last one, nil keeps it.
    case released(reason: String?)
}

/// How many rows there are in each state, and when the oldest that waits was recorded.
package struct QueueDepth: Sendable, Equatable {
    package let pending: Int
    package let leased: Int
    package let failed: Int
    package let oldest: Timestamp?

    package init(pending: Int, leased: Int, failed: Int, oldest: Timestamp?) {
        self.pending = pending
        self.leased = leased
        self.failed = failed
        self.oldest = oldest
    }
}

extension RowFate {
    /// Whether the row waits no longer.
    package var endsRow: Bool {
        switch self {
        case .done, .failed: true
        case .later, .unanswered, .released: false
        }
    }
}
