/// The most accounts that one call of ``ForeignRecords/records(of:)`` is asked about.
package let foreignRecordLimit = 2048

/// What our own store keeps about an account that lives elsewhere.
package struct ForeignRecord: Sendable, Equatable {
    /// The larger of the account's own and the store's base.
    package var resetEpoch: Int64
    /// By an operator; the app's own word is another.
    package var disabledAt: Timestamp?
    /// What links of an account without a password are signed with: 32 random bytes; nil if there are none.
    package var keyMaterial: [UInt8]?
    /// ``HashDigests`` of what the last reset here left; nil if there was none.
    package var lastSettled: [UInt8]?

    package init(
        resetEpoch: Int64 = 0, disabledAt: Timestamp? = nil, keyMaterial: [UInt8]? = nil, lastSettled: [UInt8]? = nil
    ) {
        self.resetEpoch = resetEpoch
        self.disabledAt = disabledAt
        self.keyMaterial = keyMaterial
        self.lastSettled = lastSettled
    }
}

/// What our own store keeps about accounts that live elsewhere, and the intents that lock them.
package protocol ForeignRecords: Sendable {
    /// One for each, in their order; an account that nothing is kept about has the store's base as its epoch.
    /// - Parameter users: at most ``foreignRecordLimit``.
    func records(of users: [UserID]) async throws(StorageFailed) -> [ForeignRecord]
    /// Begins an intent if the account has none, its epoch is the given one and no operator disabled it. On disk (synced) when it
    /// returns.
    func begin(_ intent: Intent, epoch: Int64, at now: Timestamp) async throws(StorageFailed) -> IntentBegun
    /// Ends an intent and writes what follows, in one transaction. On disk (synced) when it returns.
    /// - Returns: whether it ended in this way, now or before: see ``IntentEnding``.
    func end(_ intent: Intent, as ending: IntentEnding, with consequences: Consequences, at now: Timestamp)
        async throws(StorageFailed) -> Bool
    /// Intents past their deadline, the oldest first.
    func overdueIntents(atMost limit: Int, at now: Timestamp) async throws(StorageFailed) -> [Intent]
    /// Gives accounts key material, unless they have some.
    func keepKeyMaterial(_ material: [(UserID, [UInt8])]) async throws(StorageFailed)
    /// Disables or enables an account for keyturn; the app's own row stays as it is. Enabling a disabled account raises its epoch.
    func setDisabled(_ id: UserID, _ disabled: Bool, with consequences: Consequences, at now: Timestamp)
        async throws(StorageFailed)
}
