package import PasswordHashing

/// A change of one account that has consequences beside the account's own columns: see ``Consequences``.
package enum AccountChange: Sendable, Equatable {
    /// A link set a new password. The language is what the "password changed" message is written in: BCP 47, at most
    /// 35 bytes; nil if unknown.
    case passwordReset(language: String?)
    /// The right password, stored in another form: no password change. Open links and earlier sessions end with the old form.
    case rehashed
    /// Every open link ends: "this wasn't me", or an operator.
    case linksRevoked
    case disabled
    /// Links that were signed before the account was disabled stay dead.
    case enabled
    case verified, unverified
    /// Another stored hash, set by an operator or the app.
    case hashSet
    /// Another stored address. The one before is told if it was verified and is another mailbox.
    case emailChanged(tellsFormer: Bool)
    /// The password is refused until a new one is set.
    case passwordExpired
    /// - Parameter language: of the invitation: BCP 47, at most 35 bytes; nil if unknown.
    case invited(language: String?)
    /// No row names the person any more. Audited under the name that replaces the account's id in the audit log.
    case erased(pseudonym: UserID)
}

/// What a store writes into an account's own columns, by compare-and-swap.
package enum CredentialChange: Sendable, Equatable {
    /// Ends an expiry and an invitation too.
    case password(PasswordHash)
    /// The same password in another form: when the password was changed stays.
    case rehash(PasswordHash)
    /// The epoch becomes the next one.
    case epoch
}
