import Cryptography
package import PasswordHashing

/// The most rows to hand to ``AccountImports/addAll(_:at:)`` at once: large enough to be quick, small enough to let the service write between.
package let importBatchLimit = 20_000

/// An account of another system, as its export describes it.
package struct ImportedUser: Sendable {
    /// What the export says about an account besides its address and its external id. What it does not say has a default in a new account,
    /// and stays as it is in one that exists.
    package struct Said: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let hash = Said(rawValue: 1)
        package static let verified = Said(rawValue: 2)
        package static let disabled = Said(rawValue: 4)
        package static let all: Said = [.hash, .verified, .disabled]
    }

    package let user: NewUser
    package let isDisabled: Bool
    package let said: Said

    package init(_ user: NewUser, isDisabled: Bool, said: Said = .all) {
        self.user = user
        self.isDisabled = isDisabled
        self.said = said
    }

    /// Tells whether the app has changed the password since the last import: the first 16 bytes of the SHA-256 of its hash, in 32
    /// hexadecimal digits; nil if the export brings no hash.
    package var hashDigest: String? {
        guard said.contains(.hash) else { return nil }
        return Hexadecimal.encode(Array(Digest.sha256(Array(user.passwordHash.text.utf8)).prefix(16)))
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
    /// An account that existed became what the row says.
    case updated
    /// The password of the account was reset here since, so it stays; nothing else differs.
    case passwordKept
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
    /// Makes accounts that exist what their rows say (``ImportedUser/change(of:)``), in one transaction, synced when it returns.
    /// - Parameter users: at most ``importBatchLimit``.
    /// - Parameter dryRun: writes nothing.
    /// - Returns: the outcome of each, in their order; `.differs` if there is no such account any more.
    func updateAll(_ users: [ImportedUser], dryRun: Bool, at now: Timestamp) async throws(StorageFailed) -> [Imported]
    /// Accounts that have one address in different spellings of its domain.
    /// - Parameter limit: the most pairs.
    func twins(limit: Int) async throws(StorageFailed) -> [AddressTwins]
}

/// Two accounts at one address, written in two ways.
package struct AddressTwins: Sendable, Equatable {
    package let older: EmailAddress
    package let newer: EmailAddress

    package init(_ older: EmailAddress, _ newer: EmailAddress) {
        self.older = older
        self.newer = newer
    }
}

/// An account as an import finds it.
package struct FoundAccount: Sendable {
    package let hash: PasswordHash
    package let isVerified: Bool
    package let isDisabled: Bool
    package let externalID: ExternalID?
    /// Whether a link ever set its password.
    package let wasReset: Bool
    /// ``ImportedUser/hashDigest`` of the last import; nil if none brought a hash.
    package let importDigest: String?

    package init(
        hash: PasswordHash, isVerified: Bool, isDisabled: Bool, externalID: ExternalID?, wasReset: Bool,
        importDigest: String?
    ) {
        self.hash = hash
        self.isVerified = isVerified
        self.isDisabled = isDisabled
        self.externalID = externalID
        self.wasReset = wasReset
        self.importDigest = importDigest
    }
}

/// What an import changes about an account; nil stays.
package struct ImportChange: Sendable, Equatable {
    package var hash: PasswordHash?
    package var isVerified: Bool?
    package var isDisabled: Bool?
    package var externalID: ExternalID?
    /// Whether the row has another password, and the account keeps its own.
    package var keepsPassword = false

    package var isEmpty: Bool { hash == nil && isVerified == nil && isDisabled == nil && externalID == nil }
}

extension ImportedUser {
    /// Compares this row with the account that has its address. All unusable hashes are equal: each is random text that no password matches.
    /// A row without an external id says nothing about it.
    package func compare(with found: FoundAccount) -> Imported {
        let unusable = UInt8(ascii: "!")
        let isSameHash =
            found.hash == user.passwordHash
            || (found.hash.text.utf8.first == unusable && user.passwordHash.text.utf8.first == unusable)
        let isSame =
            isSameHash && found.isVerified == user.isVerified && found.isDisabled == isDisabled
            && (user.externalID == nil || user.externalID == found.externalID)
        return isSame ? .unchanged : .differs
    }

    /// What changes if the account is to be as the row says. A password that was reset here stays; so does one whose hash the app has not
    /// changed since the last import, whatever the hash here is by now. A row without a hash takes no password away.
    package func change(of found: FoundAccount) -> ImportChange {
        var change = ImportChange()
        if said.contains(.hash), user.passwordHash.text.utf8.first != UInt8(ascii: "!"),
            user.passwordHash != found.hash, hashDigest != found.importDigest
        {
            if found.wasReset { change.keepsPassword = true } else { change.hash = user.passwordHash }
        }
        if said.contains(.verified), user.isVerified != found.isVerified { change.isVerified = user.isVerified }
        if said.contains(.disabled), isDisabled != found.isDisabled { change.isDisabled = isDisabled }
        if let id = user.externalID, id != found.externalID { change.externalID = id }
        return change
    }
}

extension Imported {
    /// The outcome of a change that was written, or would have been.
    package init(_ change: ImportChange) {
        self = change.isEmpty ? (change.keepsPassword ? .passwordKept : .unchanged) : .updated
    }
}
