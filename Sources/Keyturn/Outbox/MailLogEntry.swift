/// What became of one letter to one user.
package struct MailLogEntry: Sendable, Equatable {
    package let at: Timestamp
    package let kind: LetterKind
    /// `delivered`, a ``SkipReason``, `failed`, `later` or `answer_lost`.
    package let outcome: String
    /// The provider's message id or words; nil where there are none.
    package let detail: String?

    package init(at: Timestamp, kind: LetterKind, outcome: String, detail: String?) {
        self.at = at
        self.kind = kind
        self.outcome = outcome
        self.detail = detail
    }
}

/// A line of the mail log as it is written.
package struct MailLogLine: Sendable, Equatable {
    package let at: Timestamp
    package let kind: LetterKind
    /// nil if the address has no account.
    package let user: UserID?
    /// `delivered`, a ``SkipReason``, `failed` or `later`.
    package let outcome: String
    /// The provider's message id or words; nil if there are none.
    package let detail: String?
    /// When the request was recorded, or the password changed.
    package let requestedAt: Timestamp
    /// nil for a request that never left intake.
    package let outboxID: OutboxID?

    package init(
        at: Timestamp, kind: LetterKind, user: UserID?, outcome: String, detail: String?, requestedAt: Timestamp,
        outboxID: OutboxID?
    ) {
        self.at = at
        self.kind = kind
        self.user = user
        self.outcome = outcome
        self.detail = detail
        self.requestedAt = requestedAt
        self.outboxID = outboxID
    }
}
