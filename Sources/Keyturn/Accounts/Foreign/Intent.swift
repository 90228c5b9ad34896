/// A change of a foreign account that is under way. It stands in our store before the app's database is touched, and locks the account
/// until it has ended: the two databases commit apart from each other, and this is how each learns what became of the other.
package struct Intent: Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// The app's database gets a new hash.
        case reset
        /// Only our store changes: the account's epoch. It is an intent so that no reset can be under way meanwhile.
        case revoke
    }

    /// Random, so that a later intent of the same account is another one.
    package let id: String
    package let user: UserID
    package let kind: Kind
    /// The account's address as it was: pending requests for it are dropped.
    package let email: EmailAddress
    /// What the "password changed" message is written in: BCP 47, at most 35 bytes; nil if unknown.
    package let language: String?
    /// ``HashDigests`` of what the account's links were signed with.
    package let before: [UInt8]
    /// Of the new hash; nil for a revocation, and if the app makes the hash itself.
    package let after: [UInt8]?
    /// Until then no other process ends it. Every wait on the app's database ends well before.
    package let deadline: Timestamp

    package init(
        id: String, user: UserID, kind: Kind, email: EmailAddress, language: String?, before: [UInt8], after: [UInt8]?,
        deadline: Timestamp
    ) {
        self.id = id
        self.user = user
        self.kind = kind
        self.email = email
        self.language = language
        self.before = before
        self.after = after
        self.deadline = deadline
    }
}

/// How an intent begins.
package enum IntentBegun: Sendable, Equatable {
    /// It stands in our store, synced: the account is ours until the deadline.
    case begun
    /// Another intent locks the account.
    case locked(by: Intent)
    /// The account has another epoch, or was disabled: the link is dead.
    case stale
}

/// How an intent ends, written in one transaction with what follows.
package enum IntentEnding: Sendable, Equatable {
    /// The app's database holds the new password. What follows is written even if the intent was taken for dead meanwhile, unless
    /// the one that took it found the new password and has written it.
    /// - Parameter now: the digest of what the account holds now; nil if unknown.
    case changed(now: [UInt8]?)
    /// As ``changed(now:)``, found by another process than its owner: nothing is written if the intent has ended.
    case foundChanged(now: [UInt8]?)
    /// The epoch becomes the next one. Nothing is written if the intent has ended.
    case revoked
    /// Nothing was changed, so nothing follows.
    case dropped
}
