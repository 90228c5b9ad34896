package import PasswordHashing

/// The people, wherever they are stored. Every implementation passes one shared suite.
package protocol Users: Sendable {
    /// By address: A–Z without case, all else byte for byte.
    func user(email: EmailAddress) async throws(StorageFailed) -> User?
    func user(id: UserID) async throws(StorageFailed) -> User?
    /// Whom each letter is about, by address or by id; nil where nobody. In one look.
    func users(for letters: [PromisedLetter]) async throws(StorageFailed) -> [User?]
    /// In the order of their ids, after the given one.
    func list(after id: UserID?, limit: Int) async throws(StorageFailed) -> [User]
    func add(_ new: NewUser, at now: Timestamp) async throws(AddUserFailed) -> User
    /// Turns the key, only if hash, address and epoch are still those given and the account is enabled. In the same transaction: the "password changed"
    /// letter is recorded, all reset requests of the address are dropped, leased and failed ones too, and a line of the audit log
    /// is written. On disk (synced) when it returns.
    /// - Parameter language: what that letter is written in.
    /// - Returns: whether they still were: of any number of simultaneous callers with the same credentials exactly one hears true.
    func replace(
        _ old: Credentials, with new: PasswordHash, tellingIn language: String?, at now: Timestamp
    ) async throws(StorageFailed) -> Bool
    /// Raises the epoch by one, only where hash, address and epoch are still those given, and drops all reset requests of the
    /// address in the same transaction (signed later, with the new epoch, their links would live). Audited and synced as a reset.
    func revokeLinks(_ old: Credentials, by actor: AuditActor, at now: Timestamp) async throws(StorageFailed) -> Bool
    /// Only operators do; audited as a reset. Enabling a disabled account raises its epoch: links from before stay dead.
    /// - Returns: false where there is no such user.
    func setDisabled(_ id: UserID, _ disabled: Bool, at now: Timestamp) async throws(StorageFailed) -> Bool
}

/// Why nobody was added.
package enum AddUserFailed: Error, Equatable {
    /// The address has an account, in whatever case it was written.
    case exists
    case storage(StorageFailed)
}
