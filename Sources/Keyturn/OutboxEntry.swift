/// A row of the outbox as an operator sees it.
package struct OutboxEntry: Sendable, Equatable {
    package let id: Int64
    package let kind: LetterKind
    /// Whom a reset link was asked for, as typed; nil for "password changed", which names its user.
    package let email: EmailAddress?
    package let user: UserID?
    package let state: OutboxState
    package let attempts: Int
    package let recordedAt: Timestamp
    package let dueAt: Timestamp
    /// Why the last attempt failed, in the provider's words; at most 512 bytes.
    package let lastReason: String?

    package init(
        id: Int64, kind: LetterKind, email: EmailAddress?, user: UserID?, state: OutboxState, attempts: Int,
        recordedAt: Timestamp, dueAt: Timestamp, lastReason: String?
    ) {
        self.id = id
        self.kind = kind
        self.email = email
        self.user = user
        self.state = state
        self.attempts = attempts
        self.recordedAt = recordedAt
        self.dueAt = dueAt
        self.lastReason = lastReason
    }
}

/// Where a row stands.
package enum OutboxState: String, Sendable { case pending, leased, failed }

/// Which rows an operator wants to see.
package enum OutboxFilter: Sendable, Equatable { case all, failed, pending, address(EmailAddress), user(UserID) }

/// Which rows an operator wants to change.
package enum OutboxSelection: Sendable, Equatable { case id(Int64), allFailed, address(EmailAddress) }

/// How many rows there are in each state, and when the oldest was recorded.
package struct OutboxDepth: Sendable, Equatable {
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
