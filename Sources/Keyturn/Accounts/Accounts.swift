package import PasswordHashing

/// The most accounts that one call of ``Accounts/list(after:limit:)`` returns.
package let accountListLimit = 1000

/// The people, wherever they are stored. Every implementation passes one shared suite.
package protocol Accounts: Sendable {
    /// By address: A–Z without case, all else byte for byte.
    func user(email: EmailAddress) async throws(StorageFailed) -> User?
    func user(id: UserID) async throws(StorageFailed) -> User?
    /// The accounts that each message is about, by address or by id: none, one, or several at one address. All in one look.
    func users(for letters: [PromisedMessage]) async throws(StorageFailed) -> [[User]]
    /// In the order of their ids, after the given one.
    /// - Parameter limit: at most ``accountListLimit``.
    func list(after id: UserID?, limit: Int) async throws(StorageFailed) -> [User]
    func add(_ new: NewUser, at now: Timestamp) async throws(AddUserFailed) -> User
    /// Makes a change if hash, address and epoch are byte for byte those given, and for a new password or another form of it also the account is enabled, and writes its consequences in the same transaction.
    /// On disk (synced) when it returns.
    /// - Returns: whether they still were: of any number of simultaneous callers with the same credentials exactly one hears true.
    func apply(
        _ change: CredentialChange, to old: Credentials, with consequences: Consequences, at now: Timestamp
    ) async throws(StorageFailed) -> Bool
    /// Disables or enables an account, whatever its credentials are. Enabling a disabled account raises its epoch: links from before stay
    /// dead.
    /// - Returns: false if there is no such account.
    func setDisabled(_ id: UserID, _ disabled: Bool, with consequences: Consequences, at now: Timestamp)
        async throws(StorageFailed) -> Bool
}

extension Accounts {
    /// Sets a new password, once for one set of credentials.
    /// - Parameter language: what the "password changed" message is written in.
    package func replace(
        _ old: Credentials, with new: PasswordHash, tellingIn language: String? = nil, at now: Timestamp
    ) async throws(StorageFailed) -> Bool {
        let consequences = Consequences(of: .passwordReset(language: language), to: old, by: .visitor, at: now)
        return try await apply(.password(new), to: old, with: consequences, at: now)
    }

    /// Stores the same password in another form. Gives way to whatever changed the account meanwhile.
    package func rehash(_ old: Credentials, as new: PasswordHash, at now: Timestamp) async throws(StorageFailed) -> Bool
    {
        let consequences = Consequences(of: .rehashed, to: old, by: .visitor, at: now)
        return try await apply(.rehash(new), to: old, with: consequences, at: now)
    }

    /// Ends every open link of the account, once for one set of credentials.
    package func revokeLinks(_ old: Credentials, by actor: AuditActor, at now: Timestamp) async throws(StorageFailed)
        -> Bool
    {
        try await apply(.epoch, to: old, with: Consequences(of: .linksRevoked, to: old, by: actor, at: now), at: now)
    }

    /// Only operators do.
    /// - Returns: false if there is no such account.
    package func setDisabled(_ id: UserID, _ disabled: Bool, at now: Timestamp) async throws(StorageFailed) -> Bool {
        guard let user = try await user(id: id) else { return false }
        let consequences = Consequences(
            of: disabled ? .disabled : .enabled, to: user.credentials, by: .operator, at: now)
        return try await setDisabled(id, disabled, with: consequences, at: now)
    }
}

/// Why no account was added.
package enum AddUserFailed: Error, Equatable {
    /// The address has an account, in whatever case it was written.
    case exists
    /// Another account has the external id.
    case externalIDTaken
    case storage(StorageFailed)
}
