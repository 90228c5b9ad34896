package import PasswordHashing

/// What an operator or the app wants an account to be. What is nil stays as it is.
package struct AccountWish: Sendable, Equatable {
    package var email: EmailAddress?
    package var hash: PasswordHash?
    package var isVerified: Bool?
    package var isDisabled: Bool?
    package var externalID: ExternalID?

    package init(
        email: EmailAddress? = nil, hash: PasswordHash? = nil, isVerified: Bool? = nil, isDisabled: Bool? = nil,
        externalID: ExternalID? = nil
    ) {
        self.email = email
        self.hash = hash
        self.isVerified = isVerified
        self.isDisabled = isDisabled
        self.externalID = externalID
    }
}

/// A change of one account by an operator or the app, and what follows from it. Made by pure code; a store writes it and knows no rule.
package struct AccountEdit: Sendable, Equatable {
    /// Columns to be written. What is nil or false stays as it is.
    package struct Columns: Sendable, Equatable {
        package var email: EmailAddress?
        /// Written with the moment of the change; ends an expiry and an invitation.
        package var hash: PasswordHash?
        package var isVerified: Bool?
        package var isDisabled: Bool?
        package var externalID: ExternalID?
        /// The password expires now, unless it has expired before.
        package var expires = false
        package var invitedUntil: Timestamp?
        /// The reset epoch becomes the next one.
        package var endsLinks = false
        /// The session epoch becomes the next one.
        package var endsSessions = false
    }

    /// The account as it must still be, byte for byte.
    package let old: Credentials
    package let columns: Columns
    package let consequences: Consequences

    /// - Returns: nil if the account is what is wished.
    package init?(of user: User, to wish: AccountWish, by actor: AuditActor, at now: Timestamp) {
        var columns = Columns()
        var changes: [AccountChange] = []
        if let email = wish.email, !email.text.utf8.elementsEqual(user.email.text.utf8) {
            columns.email = email
            changes.append(.emailChanged(tellsFormer: user.isVerified && email != user.email))
        }
        if let hash = wish.hash, hash != user.passwordHash {
            columns.hash = hash
            changes.append(.hashSet)
        }
        columns.endsSessions = !changes.isEmpty
        columns.endsLinks = !changes.isEmpty || (user.isDisabled && wish.isDisabled == false)
        if let isVerified = wish.isVerified, isVerified != user.isVerified {
            columns.isVerified = isVerified
            changes.append(isVerified ? .verified : .unverified)
        }
        if let isDisabled = wish.isDisabled, isDisabled != user.isDisabled {
            columns.isDisabled = isDisabled
            changes.append(isDisabled ? .disabled : .enabled)
        }
        if let externalID = wish.externalID, externalID != user.externalID { columns.externalID = externalID }
        guard columns != Columns() else { return nil }
        self.init(user.credentials, columns, Consequences(of: changes, to: user.credentials, by: actor, at: now))
    }

    /// Refuses the password until a new one is set, and ends open links.
    /// - Parameter interval: from one message to the next if the account is to be mailed a link; nil: no message.
    /// - Returns: nil if the password has expired already and no message is wanted, or none may be sent.
    package static func expiry(
        of user: User, mailingEvery interval: Duration?, by actor: AuditActor, at now: Timestamp
    ) -> AccountEdit? {
        var columns = Columns()
        columns.expires = !user.isExpired
        columns.endsLinks = !user.isExpired
        var following = Consequences.none
        if !user.isExpired { following = Consequences(of: .passwordExpired, to: user.credentials, by: actor, at: now) }
        if let interval, Recipient(user) != nil {
            following.mailings = [Mailing(.passwordExpired, to: user.id, every: interval)]
        }
        guard columns.expires || !following.mailings.isEmpty else { return nil }
        return AccountEdit(user.credentials, columns, following)
    }

    /// Mails a link with which the first password is chosen.
    /// - Parameter user: has no usable password, is verified and enabled.
    package static func invitation(
        of user: User, until end: Timestamp, language: String?, by actor: AuditActor, at now: Timestamp
    ) -> AccountEdit {
        var columns = Columns()
        columns.invitedUntil = end
        return AccountEdit(
            user.credentials, columns,
            Consequences(of: .invited(language: language), to: user.credentials, by: actor, at: now))
    }

    private init(_ old: Credentials, _ columns: Columns, _ consequences: Consequences) {
        (self.old, self.columns, self.consequences) = (old, columns, consequences)
    }
}

/// What became of an ``AccountEdit``.
package enum EditOutcome: Sendable, Equatable {
    case written
    /// The account is gone, or hash, address or epoch are others: nothing was written.
    case changedMeanwhile
    /// Another account has the address: nothing was written.
    case emailTaken
    /// Another account has the external id: nothing was written.
    case externalIDTaken
}

/// A message to one of many accounts: it waits outside the outbox until it is its turn.
package struct Mailing: Sendable, Equatable {
    package let kind: LetterKind
    package let user: UserID
    /// From one message to the next, at least a millisecond.
    package let interval: Duration

    package init(_ kind: LetterKind, to user: UserID, every interval: Duration) {
        self.kind = kind
        self.user = user
        self.interval = max(interval, .milliseconds(1))
    }
}
