/// What the app is told about an account, so that it can end sessions of its own, or warn somebody.
package enum WebhookEvent: String, Sendable, CaseIterable {
    /// Every session that began before is somebody's who may not know the new password.
    case passwordChanged = "password.changed"
    /// Somebody asked for a link, and it was mailed.
    case resetRequested = "reset.requested"
    /// Somebody asked for a link, and none was mailed: the cause is a ``SkipReason``, or `undeliverable`.
    case resetFailed = "reset.failed"
    /// All open links died; the cause is who did it, an ``AuditActor``.
    case linksRevoked = "links.revoked"
}

/// One message to the app.
package struct Webhook: Sendable, Equatable {
    /// The same at every attempt: by it the app knows what it has heard before. At most 40 bytes.
    package let id: String
    package let event: WebhookEvent
    package let user: UserID
    /// A word of ours; nil where the event says all.
    package let cause: String?
    /// When it happened.
    package let at: Timestamp

    package init(id: String, event: WebhookEvent, user: UserID, cause: String?, at: Timestamp) {
        self.id = id
        self.event = event
        self.user = user
        self.cause = cause
        self.at = at
    }
}

/// A message taken for delivery: ours until the lease ends, then pending again.
package struct WebhookLease: Sendable, Equatable {
    package let row: Int64
    /// Random; an outcome is written only where the row still carries it.
    package let token: String
    package let webhook: Webhook
    /// What `webhooks.maximumAge` counts from: when it happened, or when an operator let it be tried again.
    package let recordedAt: Timestamp
    /// How many attempts failed before this one.
    package let attempts: Int

    package init(row: Int64, token: String, webhook: Webhook, recordedAt: Timestamp, attempts: Int) {
        self.row = row
        self.token = token
        self.webhook = webhook
        self.recordedAt = recordedAt
        self.attempts = attempts
    }
}

/// What became of a message. Reasons hold no word of the app's.
package enum WebhookOutcome: Sendable, Equatable {
    case delivered
    /// Pending again, not before `at`; counted as an attempt.
    case later(at: Timestamp, reason: String)
    /// Given up, and kept for the operator.
    case failed(reason: String)
    /// Pending again at once, not counted: the process ends.
    case released
}

/// Messages on disk. They are recorded by whoever changes what they tell of, in the same transaction.
package protocol Webhooks: Sendable {
    /// Takes at most `limit` messages that are due, oldest first.
    func lease(atMost limit: Int, for span: Duration, at now: Timestamp) async throws(StorageFailed) -> [WebhookLease]
    /// All in one commit; nothing is written for a lease that is no longer ours.
    func settle(_ outcomes: [(lease: WebhookLease, outcome: WebhookOutcome)], at now: Timestamp)
        async throws(StorageFailed)
    /// When the next message becomes due; nil where there is none.
    func nextDue() async throws(StorageFailed) -> Timestamp?
    /// One element soon after something was recorded by this process; several may be one.
    var arrivals: AsyncStream<Void> { get }

    // For operators
    func depth() async throws(StorageFailed) -> OutboxDepth
    /// Drops messages that are pending or leased and were recorded before that moment, some at a time. For a service that sends none.
    /// - Returns: how many.
    func dropUnsent(recordedBefore start: Timestamp) async throws(StorageFailed) -> Int
    /// Failed messages pending again, age and attempts counted anew. - Returns: how many.
    func retryFailed(at now: Timestamp) async throws(StorageFailed) -> Int
}
