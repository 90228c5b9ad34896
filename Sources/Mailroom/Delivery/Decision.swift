import Keyturn

/// What to do with a message to one account. Decided twice: when its request leaves intake, and again from fresh knowledge just before
/// it is written.
enum Decision: Sendable, Equatable {
    case mail(User, Recipient)
    /// Silence outside; the reason is for the operator.
    case skip(SkipReason, of: UserID?)
    /// Too old to be of use.
    case giveUp(reason: String, of: UserID)

    /// A message whose decision is asked for, whether or not it has left intake.
    struct Question: Sendable {
        let letter: PromisedMessage
        let agesFrom: Timestamp
        let lostAnswers: Int

        init(_ lease: Lease) {
            (letter, agesFrom, lostAnswers) = (lease.letter, lease.agesFrom, lease.lostAnswers)
        }

        init(_ joined: JoinedRequests) {
            (letter, agesFrom, lostAnswers) = (.resetLink(joined.request), joined.recordedAt, 0)
        }
    }

    /// - Parameter user: one account that the stored address, or the id, belongs to now; nil if there is none.
    /// - Parameter mails: when this account got its latest reset messages.
    /// - Parameter unsentAgeMax: a message older than this is not sent any more.
    static func about(
        _ question: Question, for user: User?, after mails: [Timestamp], budget: MailBudget, unsentAgeMax: Duration,
        at now: Timestamp
    ) -> Decision {
        guard let user else { return .skip(.unknownAddress, of: nil) }
        if case .emailChanged(_, let former) = question.letter {
            return .mail(user, Recipient(former: former, of: user))
        }
        guard user.isVerified else { return .skip(.unverified, of: user.id) }
        guard let recipient = Recipient(user) else { return .skip(.disabled, of: user.id) }
        guard !isPointless(question.letter, for: user) else { return .skip(.passwordSet, of: user.id) }
        if case .resetLink = question.letter, user.withoutPassword == .skip { return .skip(.noPassword, of: user.id) }
        if now - question.agesFrom >= unsentAgeMax {
            let why = question.lostAnswers > 0 ? LostAnswers.name : "never sent"
            return .giveUp(reason: "gave up after \(OperatorWords.span(unsentAgeMax)): \(why)", of: user.id)
        }
        // A letter that got no answer has its place in the budget already.
        if case .resetLink = question.letter, question.lostAnswers == 0, !budget.admits(after: mails, at: now) {
            return .skip(.throttled, of: user.id)
        }
        return .mail(user, recipient)
    }

    /// Whether a password was set since the message was recorded, so that its link is of no use.
    private static func isPointless(_ letter: PromisedMessage, for user: User) -> Bool {
        switch letter {
        case .invitation: user.hasPassword
        case .passwordExpired: !user.isExpired
        case .resetLink, .passwordChanged, .emailChanged: false
        }
    }
}

extension Outcome {
    /// What a verdict means for the letter's rows.
    /// - Parameter wait: how long to wait where the provider did not say.
    /// - Parameter isCutOff: whether the end of the process ended the attempt.
    init(
        _ verdict: Verdict, for lease: Lease, maximumAge: Duration, wait: Duration, isCutOff: Bool, at now: Timestamp
    ) {
        switch verdict {
        case .delivered(let messageID): self = .delivered(messageID: messageID)
        case .never(let reason): self = .failed(reason: reason)
        case .stop(let reason): self = .refused(reason: reason)
        // Neither the letter's fault nor the provider's.
        case .unreachable where isCutOff: self = .released(reason: nil)
        case .later(let after, let reason, _):
            self = .retried(lease, at: now + (after ?? wait), reason: reason, maximumAge: maximumAge, now: now)
        case .unreachable(let reason):
            self = .retried(lease, at: now + wait, reason: reason, maximumAge: maximumAge, now: now)
        case .answerLost(let reason):
            let isLast = lease.lostAnswers + 1 >= LostAnswers.attemptsMax || now - lease.agesFrom >= maximumAge
            self = .answerLost(
                again: isLast ? nil : now + LostAnswers.interval,
                reason: ProviderWords(secrets: []).reason("\(LostAnswers.name): \(reason)"), isCutOff: isCutOff)
        }
    }

    /// `maximumAge` limits how long a letter is retried. It is looked at only after an attempt: what waited through a refused
    /// key or a stopped process still gets its one.
    private static func retried(
        _ lease: Lease, at moment: Timestamp, reason: String, maximumAge: Duration, now: Timestamp
    ) -> Outcome {
        guard now - lease.agesFrom < maximumAge else {
            let whole = "gave up after \(OperatorWords.span(maximumAge)): \(reason)"
            return .failed(reason: ProviderWords(secrets: []).reason(whole))
        }
        return .later(at: moment, reason: reason)
    }
}
