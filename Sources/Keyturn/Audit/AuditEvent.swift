/// What happened to an account, in the words of the table, the log line and `user show`. What became of its letters stands in
/// the mail log, and both are read as one: ``AuditLog/trail(of:limit:)``.
package enum AuditEvent: String, Sendable, CaseIterable {
    /// A good link was looked at.
    case linkOpened = "link_opened"
    /// A good link, over time.
    case linkExpired = "link_expired"
    /// Forged, used, or of a disabled account.
    case linkRefused = "link_refused"
    /// A good link, and a password that the policy does not take.
    case passwordRefused = "password_refused"
    /// A wrong password, or an account that is disabled.
    case loginRefused = "login_refused"
    case passwordReset = "password_reset"
    /// At a login: the same password, stored in the configured scheme.
    case passwordRehashed = "password_rehashed"
    /// All open links died: "this wasn't me", or an operator.
    case linksRevoked = "links_revoked"
    /// An operator had a link printed, to hand it over.
    case linkHandedOver = "link_handed_over"
    /// The app had a link made over the user API, to hand it over.
    case linkHandedOut = "link_handed_out"
    case disabled, enabled
    case verified, unverified
    /// An operator or the app stored another hash.
    case hashSet = "hash_set"
    case emailChanged = "email_changed"
    case passwordExpired = "password_expired"
    case invited
    /// Nothing else is known of the account any more.
    case erased

    /// Whether it is noted in passing. All others change an account or make a link, and are written together with what they tell.
    package var isNoted: Bool {
        switch self {
        case .linkOpened, .linkExpired, .linkRefused, .passwordRefused, .loginRefused: true
        case .passwordReset, .passwordRehashed, .linksRevoked, .linkHandedOver, .linkHandedOut, .disabled, .enabled,
            .verified,
            .unverified,
            .hashSet, .emailChanged, .passwordExpired, .invited, .erased:
            false
        }
    }
}

/// Who brought it about.
package enum AuditActor: String, Sendable {
    /// A client on the network.
    case visitor
    /// An operator at the command line.
    case `operator`
    /// The app, over the user API.
    case app
}

/// One line of the audit log. Holds no address, token, password or hash.
package struct AuditLine: Sendable, Equatable {
    package let event: AuditEvent
    /// Nil if there is no such account: that is written too, or the time of the next request would tell.
    package let user: UserID?
    package let actor: AuditActor
    package let at: Timestamp

    package init(_ event: AuditEvent, of user: UserID?, by actor: AuditActor, at now: Timestamp) {
        self.event = event
        self.user = user
        self.actor = actor
        at = now
    }
}

/// A line of an account's trail as an operator reads it: an ``AuditEvent``, or what became of a request and its letter.
package struct AuditEntry: Sendable, Equatable {
    package let at: Timestamp
    /// An ``AuditEvent``, or `requested`, `mailed`, `skipped`, `delayed`, `failed`.
    package let event: String
    /// An ``AuditActor``, or `keyturn` for what it did by itself.
    package let actor: String
    /// Why it was skipped, or the provider's words; nil where there are none.
    package let detail: String?

    package init(at: Timestamp, event: String, actor: String, detail: String?) {
        self.at = at
        self.event = event
        self.actor = actor
        self.detail = detail
    }
}
