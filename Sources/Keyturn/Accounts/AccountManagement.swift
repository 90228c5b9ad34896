import Cryptography
import PasswordHashing

/// What an operator or the app does to the accounts of our own store: looks, decides, writes by compare-and-swap, and looks again if the
/// account changed meanwhile.
package struct AccountManagement: Sendable {
    /// How often a change is tried while the account keeps changing.
    private static let attemptsMax = 5
    /// How long an erasure waits for the delivery of what tells of a changed password.
    package static let noticeLimit: Duration = .seconds(10)
    private static let noticeGlance: Duration = .milliseconds(100)

    private let accounts: any Accounts
    private let records: any AccountRecords
    private let actor: AuditActor
    private let clock: WallClock
    private let sleep: @Sendable (Duration) async -> Void

    /// - Parameter actor: who is audited.
    /// - Parameter sleep: may return early if its task is cancelled.
    package init(
        _ store: any Store, by actor: AuditActor, clock: WallClock,
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        accounts = store.accounts
        records = store.records
        self.actor = actor
        self.clock = clock
        self.sleep = sleep
    }

    /// Whether a text may be a language tag (BCP 47): at most 35 bytes of letters, digits and hyphens.
    package static func isLanguage(_ text: String) -> Bool {
        (2...35).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "-")
            }
    }

    /// How an account is named.
    package enum Name: Sendable, Equatable {
        case email(EmailAddress)
        case externalID(ExternalID)
    }

    /// - Throws: `.unknown`, `.storage`.
    package func user(_ name: Name) async throws(ManagementRefused) -> User {
        guard let user = try await found(name) else { throw .unknown }
        return user
    }

    /// nil if no account has the name.
    package func found(_ name: Name) async throws(ManagementRefused) -> User? {
        do throws(StorageFailed) {
            return switch name {
            case .email(let email): try await accounts.user(email: email)
            case .externalID(let id): try await records.user(externalID: id)
            }
        } catch { throw .storage(error) }
    }

    /// Makes the account what is wished; nothing is written if it is that already.
    /// - Returns: whether anything changed.
    package func change(_ name: Name, to wish: AccountWish) async throws(ManagementRefused) -> Bool {
        try await write(name) { user, now in AccountEdit(of: user, to: wish, by: actor, at: now) }
    }

    /// Creates an account, or changes the one that has the external id. An account of the address that has no external id is adopted.
    /// - Parameter wish: names an address if there may be no account yet.
    /// - Returns: whether it was created.
    /// - Throws: `.unknown` if an account would be created without an address.
    package func put(_ id: ExternalID, _ wish: AccountWish) async throws(ManagementRefused) -> Bool {
        var wish = wish
        wish.externalID = id
        for _ in 0..<Self.attemptsMax {
            if try await found(.externalID(id)) != nil {
                do { _ = try await change(.externalID(id), to: wish) } catch ManagementRefused.unknown { continue }
                return false
            }
            guard let email = wish.email else { throw .unknown }
            if let other = try await found(.email(email)) {
                guard other.externalID == nil || other.externalID == id else { throw .emailTaken }
                do { _ = try await change(.email(email), to: wish) } catch ManagementRefused.unknown { continue }
                return false
            }
            let new = NewUser(
                email: email, passwordHash: wish.hash ?? .unusable(), isVerified: wish.isVerified ?? false,
                externalID: id)
            do throws(AddUserFailed) { _ = try await accounts.add(new, at: clock.now()) } catch {
                switch error {
                case .exists, .externalIDTaken: continue
                case .storage(let failure): throw .storage(failure)
                }
            }
            if wish.isDisabled == true { _ = try await change(.externalID(id), to: AccountWish(isDisabled: true)) }
            return true
        }
        throw .keepsChanging
    }

    /// Ends every open link of the account, and drops its pending requests.
    package func revokeLinks(_ name: Name) async throws(ManagementRefused) {
        for _ in 0..<Self.attemptsMax {
            let user = try await user(name)
            do throws(StorageFailed) {
                if try await accounts.revokeLinks(user.credentials, by: actor, at: clock.now()) { return }
            } catch { throw .storage(error) }
        }
        throw .keepsChanging
    }

    /// Refuses the password until a new one is set.
    /// - Parameter interval: from one message to the next if the account is to be mailed a link; nil: no message.
    package func expire(_ name: Name, mailingEvery interval: Duration?) async throws(ManagementRefused) {
        _ = try await write(name) { user, now in
            .expiry(of: user, mailingEvery: interval, by: actor, at: now)
        }
    }

    /// Expires the passwords of all accounts, some at a time.
    /// - Parameter progress: is told now and then how many accounts were looked at.
    /// - Returns: how many passwords expired, and how many accounts will be mailed.
    package func expireAll(
        mailingEvery interval: Duration?, progress: (Int) -> Void
    ) async throws(ManagementRefused) -> (expired: Int, mailed: Int) {
        var (seen, expired, mailed) = (0, 0, 0)
        var last: UserID?
        do throws(StorageFailed) {
            while true {
                var page = try await accounts.list(after: last, limit: accountEditLimit)
                guard let end = page.last?.id else { return (expired, mailed) }
                seen += page.count
                for _ in 0..<Self.attemptsMax where !page.isEmpty {
                    let now = clock.now()
                    let edits = page.compactMap {
                        AccountEdit.expiry(of: $0, mailingEvery: interval, by: actor, at: now)
                    }
                    let outcomes = try await records.edit(edits, at: now)
                    var again: [User] = []
                    for (edit, outcome) in zip(edits, outcomes) {
                        if outcome == .written {
                            expired += edit.columns.expires ? 1 : 0
                            mailed += edit.consequences.mailings.count
                        } else if let user = try await accounts.user(id: edit.old.id) {
                            again.append(user)
                        }
                    }
                    page = again
                }
                last = end
                progress(seen)
            }
        } catch { throw .storage(error) }
    }

    /// Records an invitation. An earlier one stays alive.
    /// - Parameter lifetime: of its link.
    /// - Parameter language: BCP 47; nil: the service's own.
    /// - Throws: `.hasPassword`, `.disabled`, `.unverified`: nothing was recorded.
    package func invite(_ name: Name, for lifetime: Duration, language: String?) async throws(ManagementRefused) {
        for _ in 0..<Self.attemptsMax {
            let user = try await user(name)
            guard !user.hasPassword else { throw .hasPassword }
            guard !user.isDisabled else { throw .disabled }
            guard user.isVerified else { throw .unverified }
            let now = clock.now()
            let edit = AccountEdit.invitation(of: user, until: now + lifetime, language: language, by: actor, at: now)
            if try await outcome(of: edit, at: now) == .written { return }
        }
        throw .keepsChanging
    }

    /// Removes the account and what names it. What tells of a changed password is delivered first: it is waited for.
    /// - Parameter limit: how long to wait.
    /// - Parameter dropsNotices: whether what waits after that is dropped.
    /// - Returns: where something of it is left.
    /// - Throws: `.noticesWait`: nothing was removed.
    package func erase(
        _ name: Name, waitingAtMost limit: Duration = noticeLimit, dropsNotices: Bool = false
    ) async throws(ManagementRefused) -> ErasureTraces {
        for _ in 0..<Self.attemptsMax {
            let user = try await user(name)
            let waiting = try await noticesLeft(of: user.id, after: limit)
            guard waiting == 0 || dropsNotices else { throw .noticesWait(waiting) }
            let (now, pseudonym) = (clock.now(), Self.pseudonym())
            let following = Consequences(
                of: .erased(pseudonym: pseudonym), to: user.credentials, by: actor, at: now)
            do throws(StorageFailed) {
                guard try await records.erase(user.credentials, auditedAs: pseudonym, with: following, at: now) else {
                    continue
                }
                return try await records.removeTraces()
            } catch { throw .storage(error) }
        }
        throw .keepsChanging
    }

    private func noticesLeft(of user: UserID, after limit: Duration) async throws(ManagementRefused) -> Int {
        let end = ContinuousClock.now + limit
        while true {
            let waiting: Int
            do { waiting = try await records.noticesWaiting(of: user) } catch { throw .storage(error) }
            guard waiting > 0, ContinuousClock.now < end, !Task.isCancelled else { return waiting }
            await sleep(Self.noticeGlance)
        }
    }

    /// Random, so that it says nothing of whom it replaces. No account has such an id.
    private static func pseudonym() -> UserID { UserID("erased-" + Hexadecimal.encode(SecureRandom.bytes(16))) }

    /// - Returns: whether anything was written.
    private func write(
        _ name: Name, _ edit: (User, Timestamp) -> AccountEdit?
    ) async throws(ManagementRefused) -> Bool {
        for _ in 0..<Self.attemptsMax {
            let user = try await user(name)
            let now = clock.now()
            guard let edit = edit(user, now) else { return false }
            switch try await outcome(of: edit, at: now) {
            case .written: return true
            case .changedMeanwhile: continue
            case .emailTaken: throw .emailTaken
            case .externalIDTaken: throw .externalIDTaken
            }
        }
        throw .keepsChanging
    }

    private func outcome(of edit: AccountEdit, at now: Timestamp) async throws(ManagementRefused) -> EditOutcome {
        do { return try await records.edit([edit], at: now).first ?? .changedMeanwhile } catch {
            throw .storage(error)
        }
    }
}

/// Why nothing was changed.
package enum ManagementRefused: Error, Equatable {
    case unknown
    case emailTaken, externalIDTaken
    /// Only an account without a usable password is invited.
    case hasPassword
    /// Only verified addresses get mail.
    case unverified
    case disabled
    /// So many messages and webhooks about a changed password still wait for their delivery.
    case noticesWait(Int)
    /// Others kept changing the account: try again.
    case keepsChanging
    case storage(StorageFailed)
}
