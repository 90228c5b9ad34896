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
    /// A password was set since the message was recorded: an invitation or a link for an expired password has no purpose any more.
    case passwordSet = "password_set"
    /// The account signs in another way.
    case noPassword = "no_password"
}

/// The outcome of one lease. An address may have several accounts: each has its own outcome, and the row has one of all of them.
package struct Settlement: Sendable, Equatable {
    /// What became of the message to one account; nil if the address has none.
    package struct Part: Sendable, Equatable {
        package let user: UserID?
        package let outcome: Outcome

        package init(_ user: UserID?, _ outcome: Outcome) {
            self.user = user
            self.outcome = outcome
        }
    }

    package let lease: Lease
    /// What becomes of the row.
    package let outcome: Outcome
    /// At least one.
    package let parts: [Part]

    package init(_ lease: Lease, of user: UserID?, as outcome: Outcome) {
        self.lease = lease
        self.outcome = outcome
        parts = [Part(user, outcome)]
    }

    /// - Parameter parts: empty if the address has no account.
    package init(_ lease: Lease, parts: [Part]) {
        let parts = parts.isEmpty ? [Part(nil, .skipped(.unknownAddress))] : parts
        self.lease = lease
        self.parts = parts
        outcome = Outcome(joining: parts.map(\.outcome))
    }
}

extension Outcome {
    /// What becomes of a row whose accounts had these outcomes. A mail that was delivered ends the row, or its account would be mailed
    /// again; else one that may be delivered later keeps it; else a failure is kept for the operator.
    /// - Parameter outcomes: at least one.
    init(joining outcomes: [Outcome]) {
        self =
            outcomes.min { $0.rank < $1.rank } ?? .skipped(.unknownAddress)
    }

    private var rank: Int {
        switch self {
        case .delivered: 0
        case .answerLost(again: _?, _, _): 1
        case .later: 2
        case .released, .refused: 3
        case .answerLost(again: nil, _, _): 4
        case .failed: 5
        case .skipped: 6
        }
    }

    /// What this means for the row.
    package var fate: RowFate {
        switch self {
        case .delivered, .skipped: .done
        case .later(let at, let reason): .later(at: at, reason: reason)
        case .failed(let reason): .failed(reason: reason)
        case .answerLost(let again?, let reason, let isCutOff):
            .unanswered(again: again, reason: reason, isAttempt: !isCutOff)
        case .answerLost(again: nil, let reason, _): .failed(reason: reason)
        case .refused(let reason): .released(reason: reason)
        case .released(let reason): .released(reason: reason)
        }
    }
}
