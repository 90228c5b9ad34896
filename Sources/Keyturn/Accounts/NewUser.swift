package import PasswordHashing

/// An account that will be added; id and dates come from the store.
package struct NewUser: Sendable {
    package let email: EmailAddress
    package let passwordHash: PasswordHash
    package let isVerified: Bool
    package let externalID: ExternalID?

    package init(email: EmailAddress, passwordHash: PasswordHash, isVerified: Bool, externalID: ExternalID? = nil) {
        self.email = email
        self.passwordHash = passwordHash
        self.isVerified = isVerified
        self.externalID = externalID
    }
}
