package import PasswordHashing

/// A change of one account that has consequences beside the account's own columns: see ``Consequences``.
package enum AccountChange: Sendable, Equatable {
    /// A link set a new password. The language is what the "password changed" message is written in: BCP 47, at most
    /// 35 bytes; nil if unknown.
    case passwordReset(language: String?)
    /// Every open link ends: "this wasn't me", or an operator.
    case linksRevoked
    case disabled
    /// Links that were signed before the account was disabled stay dead.
    case enabled
}

/// What a store writes into an account's own columns, by compare-and-swap.
package enum CredentialChange: Sendable, Equatable {
    case password(PasswordHash)
    /// The epoch becomes the next one.
    case epoch
}
