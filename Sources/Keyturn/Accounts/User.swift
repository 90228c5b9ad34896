package import PasswordHashing

/// Somebody with an account.
package struct User: Sendable, Equatable {
    package let id: UserID
    package let email: EmailAddress
    package let passwordHash: PasswordHash
    package let emailVerifiedAt: Timestamp?
    package let createdAt: Timestamp
    package let passwordChangedAt: Timestamp?
    /// Grows by one when all open links are revoked.
    package let resetEpoch: Int64
    package let disabledAt: Timestamp?
    /// The app's own id of this account; nil if it gave none.
    package let externalID: ExternalID?
    /// Since when the password is refused until a new one is set; nil if it is not.
    package let expiredAt: Timestamp?
    /// Until when the newest invitation works; nil if none was sent since a password was set.
    package let invitedUntil: Timestamp?
    /// Grows by one when all sessions end although the password may stay.
    package let sessionEpoch: Int64
    /// What becomes of a request for an account that signs in another way; nil for all others.
    package let withoutPassword: WithoutPassword?

    /// Whether some password matches; false for an account that was made without one.
    package var hasPassword: Bool { !passwordHash.isUnusable }
    package var isExpired: Bool { expiredAt != nil }
    package var isVerified: Bool { emailVerifiedAt != nil }
    package var isDisabled: Bool { disabledAt != nil }
    package var credentials: Credentials { Credentials(id: id, hash: passwordHash, email: email, epoch: resetEpoch) }

    package init(
        id: UserID, email: EmailAddress, passwordHash: PasswordHash, emailVerifiedAt: Timestamp?, createdAt: Timestamp,
        passwordChangedAt: Timestamp?, resetEpoch: Int64, disabledAt: Timestamp?,
        externalID: ExternalID? = nil, expiredAt: Timestamp? = nil, invitedUntil: Timestamp? = nil,
        sessionEpoch: Int64 = 0, withoutPassword: WithoutPassword? = nil
    ) {
        self.id = id
        self.email = email
        self.passwordHash = passwordHash
        self.emailVerifiedAt = emailVerifiedAt
        self.createdAt = createdAt
        self.passwordChangedAt = passwordChangedAt
        self.resetEpoch = resetEpoch
        self.disabledAt = disabledAt
        self.externalID = externalID
        self.expiredAt = expiredAt
        self.invitedUntil = invitedUntil
        self.sessionEpoch = sessionEpoch
        self.withoutPassword = withoutPassword
    }
}

/// What becomes of a reset request for an account that has no password, because it signs in another way. An account that may get its
/// first password by a link is none of these.
package enum WithoutPassword: Sendable, Equatable {
    /// Nothing: the mail log says why.
    case skip
    /// A message without a link.
    case tell
}
