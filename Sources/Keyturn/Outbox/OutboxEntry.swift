/// A row of the outbox, or of intake, as an operator sees it.
package struct OutboxEntry: Sendable, Equatable {
    package let position: OutboxPosition
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
        at position: OutboxPosition, kind: LetterKind, email: EmailAddress?, user: UserID?, state: OutboxState,
        attempts: Int,
        recordedAt: Timestamp, dueAt: Timestamp, lastReason: String?
    ) {
        self.position = position
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

extension OutboxEntry {
    /// nil for a request that still lies in intake.
    package var id: OutboxID? { if case .row(let id) = position { id } else { nil } }
}

/// Where an entry lies: rows of the outbox come first, then the requests in intake.
package enum OutboxPosition: Sendable, Equatable {
    case row(OutboxID)
    /// ``IntakeEntry/id``.
    case intake(Int64)
}

/// Where a row stands.
package enum OutboxState: String, Sendable { case pending, leased, failed }

/// Which rows an operator wants to see.
package enum OutboxFilter: Sendable, Equatable { case all, failed, pending, address(EmailAddress), user(UserID) }

/// Which rows an operator wants to change.
package enum OutboxSelection: Sendable, Equatable { case id(OutboxID), allFailed, address(EmailAddress) }
