package import Keyturn
package import PasswordHashing

/// An account's row as the app has it.
package struct ForeignRow: Sendable, Equatable {
    package let id: UserID
    /// As stored, byte for byte.
    package let email: EmailAddress
    /// nil if the account has no password.
    package let hash: PasswordHash?
    package let mayReset: Bool
    package let isVerified: Bool

    package init(id: UserID, email: EmailAddress, hash: PasswordHash?, mayReset: Bool, isVerified: Bool) {
        self.id = id
        self.email = email
        self.hash = hash
        self.mayReset = mayReset
        self.isVerified = isVerified
    }
}

/// A conditional change of one account's password in the app.
package struct Swap: Sendable {
    package enum New: Sendable {
        case hash(PasswordHash)
        case password(Password)
    }

    package let user: UserID
    /// What the account must hold, byte for byte; no hash: it must have no password.
    package let email: EmailAddress
    package let hash: PasswordHash?
    package let new: New
    /// The same for every attempt of one reset.
    package let resetID: String
    /// After this moment the change must not be made any more.
    package let latest: ContinuousClock.Instant

    package init(
        user: UserID, email: EmailAddress, hash: PasswordHash?, new: New, resetID: String,
        latest: ContinuousClock.Instant
    ) {
        self.user = user
        self.email = email
        self.hash = hash
        self.new = new
        self.resetID = resetID
        self.latest = latest
    }
}

/// Who asks: each has places of its own, so that none keeps the others out.
package enum Asking: Sendable {
    case login, link, worker
}

/// Where the app's accounts live. Knows nothing of epochs, links or intents.
package protocol ForeignSource: Sendable {
    /// Whether a password is handed over, not a hash.
    var takesPasswords: Bool { get }
    /// The accounts of each address: A–Z without case, all else byte for byte.
    /// - Throws: `.busy` if too many of this kind ask already.
    func rows(of emails: [EmailAddress], for asking: Asking) async throws(StorageFailed) -> [[ForeignRow]]
    func rows(of ids: [UserID], for asking: Asking) async throws(StorageFailed) -> [ForeignRow?]
    /// In the order of their ids.
    func list(after id: UserID?, limit: Int) async throws(StorageFailed) -> [ForeignRow]
    /// Changes the password if the account holds what it must and may reset. On disk when it returns.
    func swap(_ swap: Swap) async -> (outcome: SwapOutcome, rejected: [RejectedByApp])
    func close()
}
