/// Promises on disk. Every implementation passes one shared suite.
package protocol Outbox: Sendable {
    /// Returns when the request is on disk (synced): it survives `kill -9` the moment after.
    func record(_ request: ResetRequest, at now: Timestamp) async throws(OutboxRefused)
    /// Takes at most `limit` letters that are due, oldest first; none of an address that is leased now.
    func lease(atMost limit: Int, for span: Duration, at now: Timestamp) async throws(StorageFailed) -> [Lease]
    /// Whether the rows still carry the lease's token: a reset and "this wasn't me" drop them. Who asks after reading the user,
    /// and signs only then, signs no dropped request: what is dropped later is signed with credentials that are dead by then.
    func stillHolds(_ lease: Lease) async throws(StorageFailed) -> Bool
    /// Writes the outcome, with the same row writes whatever it is, and a line in the mail log for whichever user it concerned.
    /// - Parameter user: whose letter it was; nil where the address has no account.
    /// - Returns: false where the lease was no longer ours: nothing was written.
    func settle(_ lease: Lease, of user: UserID?, as outcome: Outcome, at now: Timestamp) async throws(StorageFailed)
        -> Bool
    /// Several outcomes in one commit; false for each lease that was no longer ours.
    func settle(_ outcomes: [Settlement], at now: Timestamp) async throws(StorageFailed) -> [Bool]
    /// The wall clock shows an earlier time than it did, so moments written down before lie further ahead than anybody meant: what waits
    /// is due at once, and a lease ends within `span`, as one taken now.
    func clockSetBack(to now: Timestamp, leasing span: Duration) async throws(StorageFailed)
    /// When the next row becomes due or a lease expires; nil where there is none.
    func nextDue() async throws(StorageFailed) -> Timestamp?
    /// One element soon after something was recorded; several arrivals may be one.
    var arrivals: AsyncStream<Void> { get }
    /// When reset links were mailed to each of these users, or may have been since no answer came, newest last, since then: what an
    /// account's budget is computed from.
    /// In one look; nil is nobody, and costs what a user does.
    func resetMails(to users: [UserID?], since: Timestamp) async throws(StorageFailed) -> [[Timestamp]]

    /// Keeps what the provider says later about letters. On disk (synced) when it returns.
    /// - Returns: those that were not known.
    func note(_ reports: [MailReport], at now: Timestamp) async throws(StorageFailed) -> [MailReport]

    // For operators
    /// Newest first.
    func reports(limit: Int) async throws(StorageFailed) -> [KeptReport]
    /// In the order they were recorded; a store may give fewer than `limit` at once.
    /// - Parameter id: those behind this row; 0 for the first.
    func entries(_ filter: OutboxFilter, after id: Int64, limit: Int) async throws(StorageFailed) -> [OutboxEntry]
    /// Failed rows pending again, age and attempts counted anew; some at a time, so that others are served between.
    /// - Parameter progress: is told now and then how many rows it were so far.
    /// - Returns: how many.
    func retry(
        _ selection: OutboxSelection, at now: Timestamp, progress: (Int) -> Void
    ) async throws(StorageFailed) -> Int
    /// Pending, leased or failed alike, some at a time; what is being delivered just now is delivered, and its outcome is not written.
    func purge(_ selection: OutboxSelection, progress: (Int) -> Void) async throws(StorageFailed) -> Int
    /// What became of this user's letters, and what was reported of them later; newest first.
    func mailLog(of user: UserID, limit: Int) async throws(StorageFailed) -> [MailLogEntry]
    func depth() async throws(StorageFailed) -> OutboxDepth
}

extension Outbox {
    package func entries(_ filter: OutboxFilter, limit: Int) async throws(StorageFailed) -> [OutboxEntry] {
        try await entries(filter, after: 0, limit: limit)
    }

    package func retry(_ selection: OutboxSelection, at now: Timestamp) async throws(StorageFailed) -> Int {
        try await retry(selection, at: now, progress: { _ in })
    }

    package func purge(_ selection: OutboxSelection) async throws(StorageFailed) -> Int {
        try await purge(selection, progress: { _ in })
    }
}

/// Why a request could not be promised. Neither says anything about the address.
package enum OutboxRefused: Error, Equatable { case full(capacity: Int), storage(StorageFailed) }
