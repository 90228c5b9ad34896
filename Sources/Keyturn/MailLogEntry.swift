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
