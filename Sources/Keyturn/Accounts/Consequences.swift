/// What is written together with a change of an account, or with the outcome of a lease, in one transaction. All rules of the
/// subject stand here; a store writes these values and knows none.
package struct Consequences: Sendable, Equatable {
    /// Every reset request for this address ends without a message, whether it waits, is leased or has failed: a link that was
    /// signed for one of them later would be signed with the new credentials, and live.
    package var dropRequests: EmailAddress?
    /// Messages that will be sent.
    package var messages: [PromisedMessage] = []
    /// Messages that will be sent at a rate. An account has one of a kind that waits.
    package var mailings: [Mailing] = []
    package var audit: [AuditLine] = []
    /// What the app is told, if there is an app to tell.
    package var webhooks: [WebhookDraft] = []
    /// One line for each account that an attempt was about; the line of an address without an account names none, and is
    /// written all the same, or the time of the next request would tell.
    package var mailLog: [MailLogLine] = []
    /// The provider refused the key or the sender: no message is older than this moment.
    package var refusedAt: Timestamp?

    package static let none = Consequences()

    package init(
        dropRequests: EmailAddress? = nil, messages: [PromisedMessage] = [], mailings: [Mailing] = [],
        audit: [AuditLine] = [],
        webhooks: [WebhookDraft] = [], mailLog: [MailLogLine] = [], refusedAt: Timestamp? = nil
    ) {
        self.dropRequests = dropRequests
        self.messages = messages
        self.mailings = mailings
        self.audit = audit
        self.webhooks = webhooks
        self.mailLog = mailLog
        self.refusedAt = refusedAt
    }
}

extension Consequences {
    /// What follows from a change of an account.
    /// - Parameter account: as it was before the change.
    package init(of change: AccountChange, to account: Credentials, by actor: AuditActor, at now: Timestamp) {
        self.init(of: [change], to: account, by: actor, at: now)
    }

    /// What follows from several changes of an account that are written together.
    /// - Parameter account: as it was before the changes.
    package init(of changes: [AccountChange], to account: Credentials, by actor: AuditActor, at now: Timestamp) {
        self.init()
        for change in changes { add(change, to: account, by: actor, at: now) }
    }

    private mutating func add(
        _ change: AccountChange, to account: Credentials, by actor: AuditActor, at now: Timestamp
    ) {
        var audited = account.id
        switch change {
        case .passwordReset(let language):
            dropRequests = account.email
            messages.append(.passwordChanged(account.id, language: language))
            webhooks.append(WebhookDraft(.passwordChanged, of: account.id, cause: nil, at: now))
        case .linksRevoked:
            dropRequests = account.email
            webhooks.append(WebhookDraft(.linksRevoked, of: account.id, cause: actor.rawValue, at: now))
        case .hashSet:
            dropRequests = account.email
            // The app knows what it did itself, and would end the sessions of the person who has just chosen the password there.
            if actor != .app {
                webhooks.append(WebhookDraft(.passwordChanged, of: account.id, cause: actor.rawValue, at: now))
            }
        case .emailChanged(let tellsFormer):
            dropRequests = account.email
            if tellsFormer { messages.append(.emailChanged(account.id, former: account.email)) }
            webhooks.append(WebhookDraft(.emailChanged, of: account.id, cause: actor.rawValue, at: now))
        case .passwordExpired:
            webhooks.append(WebhookDraft(.passwordExpired, of: account.id, cause: actor.rawValue, at: now))
        case .invited(let language):
            messages.append(.invitation(account.id, language: language))
            webhooks.append(WebhookDraft(.userInvited, of: account.id, cause: actor.rawValue, at: now))
        case .erased(let pseudonym):
            audited = pseudonym
            dropRequests = account.email
            webhooks.append(WebhookDraft(.userErased, of: account.id, cause: actor.rawValue, at: now))
        // Requests that wait stay: their links are signed later, with the new form.
        case .rehashed, .disabled, .enabled, .verified, .unverified:
            break
        }
        audit.append(AuditLine(change.auditEvent, of: audited, by: actor, at: now))
    }

    /// What follows from the outcome of a lease, for each account it was about.
    package init(of settlement: Settlement, at now: Timestamp) {
        self.init()
        let lease = settlement.lease
        for part in settlement.parts {
            add(
                part.outcome, of: lease.letter.kind, to: part.user, requestedAt: lease.recordedAt, outboxID: lease.id,
                at: now)
        }
    }

    /// What follows if a request ends in intake: no message goes out, and the operator is told why.
    package mutating func add(skipped reason: SkipReason, _ joined: JoinedRequests, of user: UserID?, at now: Timestamp)
    {
        add(.skipped(reason), of: .resetLink, to: user, requestedAt: joined.recordedAt, outboxID: nil, at: now)
    }

    /// A request for a link that came to its end is told to the app once, as mailed or as failed; one that will be tried again is not.
    private mutating func add(
        _ outcome: Outcome, of kind: LetterKind, to user: UserID?, requestedAt: Timestamp, outboxID: OutboxID?,
        at now: Timestamp
    ) {
        var logged: [(outcome: String, detail: String?)] = []
        var told: (event: WebhookEvent, cause: String?)?
        switch outcome {
        case .delivered(let messageID):
            logged = [("delivered", messageID)]
            told = (.resetRequested, nil)
        case .skipped(let reason):
            logged = [(reason.rawValue, nil)]
            told = (.resetFailed, reason.rawValue)
        case .later(_, let reason):
            logged = [("later", reason)]
        case .answerLost(again: _?, let reason, _):
            logged = [(LostAnswers.name, reason)]
        case .answerLost(again: nil, let reason, _):
            logged = [(LostAnswers.name, reason), ("failed", reason)]
            told = (.resetFailed, LostAnswers.name)
        case .failed(let reason):
            logged = [("failed", reason)]
            told = (.resetFailed, "undeliverable")
        case .refused: refusedAt = now
        case .released: break
        }
        mailLog += logged.map { outcome, detail in
            MailLogLine(
                at: now, kind: kind, user: user, outcome: outcome, detail: detail, requestedAt: requestedAt,
                outboxID: outboxID)
        }
        if let told, kind == .resetLink {
            webhooks.append(WebhookDraft(told.event, of: user, cause: told.cause, at: now))
        }
    }
}

extension AccountChange {
    /// What an operator reads about it in the audit log.
    package var auditEvent: AuditEvent {
        switch self {
        case .passwordReset: .passwordReset
        case .rehashed: .passwordRehashed
        case .linksRevoked: .linksRevoked
        case .disabled: .disabled
        case .enabled: .enabled
        case .verified: .verified
        case .unverified: .unverified
        case .hashSet: .hashSet
        case .emailChanged: .emailChanged
        case .passwordExpired: .passwordExpired
        case .invited: .invited
        case .erased: .erased
        }
    }
}
