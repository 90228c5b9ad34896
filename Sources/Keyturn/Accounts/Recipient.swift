/// Someone a letter may go to. Made only from a stored, verified, enabled user, so a typed address is never mailed.
package struct Recipient: Sendable, Equatable {
    package let id: UserID
    package let email: EmailAddress
    package init?(_ user: User) {
        guard user.isVerified, !user.isDisabled else { return nil }
        id = user.id
        email = user.email
    }

    /// The address that an account had before: stored, and verified when it was replaced.
    package init(former email: EmailAddress, of user: User) {
        id = user.id
        self.email = email
    }
}
