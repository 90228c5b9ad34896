/// The accounts of our own store as operators and the app write them. Foreign accounts are written by their app.
package protocol AccountRecords: Sendable {
    func user(externalID: ExternalID) async throws(StorageFailed) -> User?
    /// Writes each edit if hash, address and epoch are byte for byte those given, and its consequences with it; all in one transaction,
    /// on disk (synced) when it returns.
    /// - Returns: the outcome of each, in their order.
    func edit(_ edits: [AccountEdit], at now: Timestamp) async throws(StorageFailed) -> [EditOutcome]
    /// Removes the account and every row that names it: messages, requests, webhooks, mail log, reports. Lines of its audit log stay
    /// under another name. Writes the consequences in the same transaction.
    /// - Parameter pseudonym: replaces the account's id in the audit log.
    /// - Returns: false if hash, address or epoch are others than those given: nothing was written.
    func erase(_ old: Credentials, auditedAs pseudonym: UserID, with consequences: Consequences, at now: Timestamp)
        async throws(StorageFailed) -> Bool
    /// How many messages and webhooks that tell of a changed password of this account wait for their delivery.
    func noticesWaiting(of user: UserID) async throws(StorageFailed) -> Int
    /// Removes what erased rows left in files of the store.
    func removeTraces() async throws(StorageFailed) -> ErasureTraces
}

/// Where something of an erased account is left.
package enum ErasureTraces: Sendable, Equatable {
    case none
    /// In a file of the store that is in use: it was tried for ten seconds.
    case blocked(file: String)
    /// Where this store cannot reach; a sentence for the operator.
    case elsewhere(String)
}

/// The most edits to hand to ``AccountRecords/edit(_:at:)`` at once: the service writes between.
package let accountEditLimit = 500
