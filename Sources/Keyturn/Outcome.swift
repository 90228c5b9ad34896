/// What became of a leased letter.
package enum Outcome: Sendable, Equatable {
    case delivered(messageID: String?)
    case skipped(SkipReason)
    /// Pending again, not before `at`; counted as an attempt.
    case later(at: Timestamp, reason: String)
    /// The whole letter was handed over and no answer came (``LostAnswers``): it counts in the account's budget. Pending again, not
    /// before `again`; nil: kept as failed. Counted as an attempt, unless we cut it off.
    case answerLost(again: Timestamp?, reason: String, isCutOff: Bool)
    /// The provider refuses the key or the sender: pending again at once, not counted, and no letter ages before now.
    case refused(reason: String)
    /// Kept for the operator with the provider's words (at most 512 bytes, no address).
    case failed(reason: String)
    /// Pending again at once, not counted: we stopped, it is not the letter's fault. A reason, where there is one, is kept for the
    /// operator who asks why nothing was mailed.
    case released(reason: String?)
}

/// Why nothing was mailed: silence outside, a reason for the operator.
package enum SkipReason: String, Sendable, CaseIterable {
    case unknownAddress = "unknown_address"
    case unverified, disabled, throttled
}

/// One outcome among several that are written in one commit.
package struct Settlement: Sendable, Equatable {
    package let lease: Lease
    package let user: UserID?
    package let outcome: Outcome

    package init(_ lease: Lease, of user: UserID?, as outcome: Outcome) {
        self.lease = lease
        self.user = user
        self.outcome = outcome
    }
}
