package import PasswordHashing

/// Somebody who is to get an account; id and dates come from the store.
package struct NewUser: Sendable {
    package let email: EmailAddress
    package let passwordHash: PasswordHash
    package let isVerified: Bool

    package init(email: EmailAddress, passwordHash: PasswordHash, isVerified: Bool) {
        self.email = email
        self.passwordHash = passwordHash
        self.isVerified = isVerified
    }
}
