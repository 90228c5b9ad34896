package import PasswordHashing

/// The most rows to hand to ``AccountImports/addAll(_:at:)`` at once: large enough to be quick, small enough to let the service write between.
package let importBatchLimit = 20_000

/// An account of another system, as its export describes it.
package struct ImportedUser: Sendable {
    package let user: NewUser
    package let isDisabled: Bool

    package init(_ user: NewUser, isDisabled: Bool) {
        self.user = user
        self.isDisabled = isDisabled
    }
}

/// The outcome of one row of an import.
package enum Imported: Sendable, Equatable {
    case added
    /// The address has an account with this hash and state: what a repeated import finds.
    case unchanged
    /// The address has an account with another hash or state; nothing was written.
    case differs
    /// Another account has the external id; nothing was written.
    case externalIDTaken
}

/// Adds accounts of another system by the thousand.
package protocol AccountImports: Sendable {
    /// Prepares for many calls of ``addAll(_:at:)``: addresses come in no order, so an import touches the whole index again and again.
    func expectManyUsers() async throws(StorageFailed)
    /// Adds those whose address has no account, in one transaction, synced when it returns.
    /// - Parameter users: at most ``importBatchLimit``.
    /// - Returns: the outcome of each, in their order.
    func addAll(_ users: [ImportedUser], at now: Timestamp) async throws(StorageFailed) -> [Imported]
    /// What ``addAll(_:at:)`` would find, without writing. Does not tell which address is twice among them.
    func compareAll(_ users: [ImportedUser]) async throws(StorageFailed) -> [Imported]
}

extension ImportedUser {
    /// Compares this row with the account that has its address. All unusable hashes are equal: each is random text that no password matches.
    /// A row without an external id says nothing about it.
    package func compare(
        withHash stored: PasswordHash, isVerified: Bool, isDisabled: Bool, externalID: ExternalID?
    ) -> Imported {
        let hashes = (stored.text.utf8, user.passwordHash.text.utf8)
        let unusable = UInt8(ascii: "!")
        let isSameHash = hashes.0.elementsEqual(hashes.1) || (hashes.0.first == unusable && hashes.1.first == unusable)
        let isSame =
            isSameHash && isVerified == user.isVerified && isDisabled == self.isDisabled
            && (user.externalID == nil || user.externalID == externalID)
        return isSame ? .unchanged : .differs
    }
}
