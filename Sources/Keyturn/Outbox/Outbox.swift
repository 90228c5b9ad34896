/// What the delivery worker needs of the store. Every implementation passes one shared suite.
package protocol Outbox: LeasedQueue where Leased == Lease, Settled == Settlement {
    /// The oldest requests in intake, in the order in which they were recorded.
    func intake(atMost limit: Int) async throws(StorageFailed) -> [IntakeEntry]
    /// Takes `entries` out of intake, gives the addresses of `queued` one open row each, or merges them into the one that is there, and
    /// writes the consequences of the others, all in one transaction.
    /// - Parameter entries: as ``intake(atMost:)`` gave them, none left out between.
    /// - Returns: false, with nothing written, if one of the entries is no longer in intake: another process took it, or a reset
    ///   dropped it.
    func emptyIntake(
        of entries: [IntakeEntry], queueing queued: [JoinedRequests], with consequences: Consequences, at now: Timestamp
    ) async throws(StorageFailed) -> Bool
    /// Moves messages whose turn has come from the mailings to the outbox, at most ``mailingsOpenMax`` open there at once.
    /// - Returns: when to ask again; nil if none waits.
    func moveMailings(at now: Timestamp) async throws(StorageFailed) -> Timestamp?
    /// Whether the row still carries the lease's token: a reset and "this wasn't me" drop it. A worker that asks after it read the
    /// account, and signs only then, signs no dropped request: what is dropped later is signed with credentials that are dead by then.
    func stillHolds(_ lease: Lease) async throws(StorageFailed) -> Bool
    /// When reset links were mailed to each of these accounts, or may have been since no answer came, newest last, since then: what an account's budget is computed from.
    /// - Parameter users: nil is no account, and costs what an account does.
    func resetMails(to users: [UserID?], since: Timestamp) async throws(StorageFailed) -> [[Timestamp]]
    /// Keeps what the provider says later about messages. On disk (synced) when it returns.
    /// - Returns: those that were not known.
    func note(_ reports: [MailReport], at now: Timestamp) async throws(StorageFailed) -> [MailReport]
}

/// Messages of mailings that are pending or leased in the outbox at once: while the provider is away, no more are moved there.
package let mailingsOpenMax = 64
/// How long ago a mailing may have been due and still be sent beside the next: after a pause no more than this much is caught up.
package let mailingsCaughtUp: Duration = .seconds(1)

/// The most entries that one call of ``OutboxOperations/entries(_:after:limit:)`` returns.
package let outboxListLimit = 10_000

/// What an operator asks the outbox, and does to it.
package protocol OutboxOperations: Sendable {
    /// Newest first.
    func reports(limit: Int) async throws(StorageFailed) -> [KeptReport]
    /// In the order in which they were recorded, requests in intake last; at most ``outboxListLimit``.
    /// - Parameter position: only those behind this one; nil for the first.
    func entries(_ filter: OutboxFilter, after position: OutboxPosition?, limit: Int) async throws(StorageFailed)
        -> [OutboxEntry]
    /// Failed rows pending again, age and attempts counted anew; some at a time, so that others are served between. A failed request
    /// whose address has an open row is merged into that row.
    /// - Parameter progress: is told now and then how many rows it were so far.
    /// - Returns: how many.
    func retry(
        _ selection: OutboxSelection, at now: Timestamp, progress: (Int) -> Void
    ) async throws(StorageFailed) -> Int
    /// Pending, leased or failed alike, some at a time; what is being delivered just now is delivered, and its outcome is not written.
    func purge(_ selection: OutboxSelection, progress: (Int) -> Void) async throws(StorageFailed) -> Int
    /// What became of this account's messages, and what was reported of them later; newest first.
    func mailLog(of user: UserID, limit: Int) async throws(StorageFailed) -> [MailLogEntry]
    func depth() async throws(StorageFailed) -> QueueDepth
}

extension OutboxOperations {
    package func entries(_ filter: OutboxFilter, limit: Int) async throws(StorageFailed) -> [OutboxEntry] {
        try await entries(filter, after: nil, limit: limit)
    }

    package func retry(_ selection: OutboxSelection, at now: Timestamp) async throws(StorageFailed) -> Int {
        try await retry(selection, at: now, progress: { _ in })
    }

    package func purge(_ selection: OutboxSelection) async throws(StorageFailed) -> Int {
        try await purge(selection, progress: { _ in })
    }
}
