/// What the app is told about an account, so that it can end its own sessions, or warn the user.
package enum WebhookEvent: String, Sendable, CaseIterable {
    /// A session that began before may belong to an attacker who does not know the new password.
    case passwordChanged = "password.changed"
    /// A link was requested and mailed.
    case resetRequested = "reset.requested"
    /// A link was requested and none was mailed: the cause is a ``SkipReason``, or `undeliverable`.
    case resetFailed = "reset.failed"
    /// All open links died; the cause is who did it, an ``AuditActor``.
    case linksRevoked = "links.revoked"
    /// The password is refused until a new one is set; every session has ended. The cause is an ``AuditActor``.
    case passwordExpired = "password.expired"
    /// An invitation was recorded; the cause is an ``AuditActor``.
    case userInvited = "user.invited"
    /// The account is gone, so the webhook names its id alone; the cause is an ``AuditActor``.
    case userErased = "user.erased"
    /// The account has another address; the cause is an ``AuditActor``.
    case emailChanged = "email.changed"

    /// Whether it tells of a request, which any client that knows an address can make. Such webhooks leave room for the others.
    package var isAboutRequest: Bool { self == .resetRequested || self == .resetFailed }
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
    package let row: WebhookRowID
    package let token: LeaseToken
    package let webhook: Webhook
    /// What `webhooks.maximumAge` counts from: when it happened, or when an operator let it be tried again.
    package let recordedAt: Timestamp
    /// How many attempts failed before this one.
    package let attempts: Int

    package init(row: WebhookRowID, token: LeaseToken, webhook: Webhook, recordedAt: Timestamp, attempts: Int) {
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

/// The outcome of one lease of a webhook.
package struct WebhookSettlement: Sendable, Equatable {
    package let lease: WebhookLease
    package let outcome: WebhookOutcome

    package init(_ lease: WebhookLease, as outcome: WebhookOutcome) {
        self.lease = lease
        self.outcome = outcome
    }
}

extension WebhookOutcome {
    /// What this means for the row.
    package var fate: RowFate {
        switch self {
        case .delivered: .done
        case .later(let at, let reason): .later(at: at, reason: reason)
        case .failed(let reason): .failed(reason: reason)
        case .released: .released(reason: nil)
        }
    }
}

/// A webhook as it is recorded. The store gives it its id.
package struct WebhookDraft: Sendable, Equatable {
    package let event: WebhookEvent
    /// nil if a request named no account: recorded all the same, and sent to no app, or the time of the next request would tell.
    package let user: UserID?
    package let cause: String?
    package let at: Timestamp

    package init(_ event: WebhookEvent, of user: UserID?, cause: String?, at: Timestamp) {
        self.event = event
        self.user = user
        self.cause = cause
        self.at = at
    }
}

/// Webhooks on disk. They are recorded as ``Consequences``, in the transaction of what they tell of.
package protocol Webhooks: LeasedQueue where Leased == WebhookLease, Settled == WebhookSettlement {
    /// Drops webhooks that are pending or leased and were recorded before that moment, some at a time. For a service that sends none.
    /// - Returns: how many.
    func dropUnsent(recordedBefore start: Timestamp) async throws(StorageFailed) -> Int
    /// For operators: failed webhooks pending again, age and attempts counted anew. - Returns: how many.
    func retryFailed(at now: Timestamp) async throws(StorageFailed) -> Int
}
