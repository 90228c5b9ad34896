/// Turns a token and a new password into a changed password, once.
package import PasswordHashing

/// Nothing is hashed before the token and the policy have said yes: a flood of forged tokens costs no hashing.
package struct PasswordReset: Sendable {
    package let policy: PasswordPolicy
    private let accounts: any Accounts
    private let links: ResetLinks
    private let hasher: PasswordHasher
    private let audit: AuditNotes
    private let clock: WallClock

    package init(
        accounts: any Accounts, links: ResetLinks, policy: PasswordPolicy, hasher: PasswordHasher, audit: AuditNotes,
        clock: WallClock
    ) {
        self.accounts = accounts
        self.links = links
        self.policy = policy
        self.hasher = hasher
        self.audit = audit
        self.clock = clock
    }

    /// Whether the link would work now, and for whom; changes and writes nothing.
    package func check(_ token: String) async throws(ResetRefused) -> CheckedLink {
        let (holder, expiresAt) = try await holder(of: token, isRead: true)
        audit.note(.linkOpened, of: holder.id, called: Array(holder.id.text.utf8), at: clock.now(), isRead: true)
        return CheckedLink(email: holder.email, expiresAt: expiresAt, isFirstPassword: holder.hash.isUnusable)
    }

    /// Order: token, then passwords equal, then policy, then hash, then the compare-and-swap. Until the last of them the link
    /// stays usable; a client that loses the swap gets the response of a used link.
    /// - Parameter confirmation: the same again; nil if the client sent it once.
    /// - Parameter language: what the letter about it is written in: BCP 47; nil unknown.
    /// - Returns: whether it is the account's first password.
    @discardableResult
    package func reset(
        _ token: String, to password: String, confirmation: String?, tellingIn language: String? = nil
    ) async throws(ResetRefused) -> Bool {
        let (holder, _) = try await holder(of: token)
        guard confirmation?.utf8.elementsEqual(password.utf8) ?? true else { throw .passwordsDiffer }
        let accepted: Password
        do { accepted = try await judge(password, for: holder.email).get() } catch {
            note(.passwordRefused, of: holder)
            throw .password(error.problems)
        }
        if let elsewhere = accounts as? any PasswordsHashedElsewhere, elsewhere.hashesPasswords {
            try await hand(accepted, to: elsewhere, for: holder, tellingIn: language)
            return holder.hash.isUnusable
        }
        let hash = try await hash(accepted)
        let isReplaced: Bool
        do { isReplaced = try await accounts.replace(holder, with: hash, tellingIn: language, at: clock.now()) } catch {
            throw .storage(error)
        }
        guard isReplaced else { throw lost(holder) }
        return holder.hash.isUnusable
    }

    /// The app hashes, and may have rules of its own.
    private func hand(
        _ password: Password, to elsewhere: any PasswordsHashedElsewhere, for holder: Credentials,
        tellingIn language: String?
    ) async throws(ResetRefused) {
        let isSet: Bool
        do {
            isSet = try await elsewhere.set(password, for: holder, tellingIn: language, at: clock.now())
        } catch {
            switch error {
            case .storage(let failure): throw .storage(failure)
            case .rejected(let reasons):
                note(.passwordRefused, of: holder)
                throw .password(reasons.map(PasswordProblem.app))
            }
        }
        guard isSet else { throw lost(holder) }
    }

    /// On a thread of its own choosing: the list of breached passwords may lie on a disk, and no event loop may wait for it.
    private func judge(
        _ password: String, for email: EmailAddress
    ) async -> Result<Password, PasswordRefused> {
        await Task.detached { [policy] in
            Result { () throws(PasswordRefused) in try policy.accept(password, for: email) }
        }.value
    }

    /// Whether the policy takes this password for that account.
    package func accepts(_ password: String, for email: EmailAddress) async -> Bool {
        (try? await judge(password, for: email).get()) != nil
    }

    /// "This wasn't me": revokes every open link of the account, this one too.
    package func revoke(_ token: String) async throws(ResetRefused) {
        let (holder, _) = try await holder(of: token)
        let isRevoked: Bool
        do { isRevoked = try await accounts.revokeLinks(holder, by: .visitor, at: clock.now()) } catch {
            throw .storage(error)
        }
        guard isRevoked else { throw lost(holder) }
    }

    private func hash(_ password: Password) async throws(ResetRefused) -> PasswordHash {
        do { return try await hasher.hash(password) } catch {
            switch error {
            case .passwordTooLong(let limitBytes): throw .password([.tooManyBytes(maximum: limitBytes)])
            // A cost beyond the limits does not pass the start, and U+0000 not the policy; should one, nothing can be hashed until
            // it is mended.
            case .busy, .costBeyondLimits, .passwordHasNUL: throw .busy
            }
        }
    }

    /// Whose link it is, proved. A disabled account has no links: it costs and answers what an unknown one does.
    private func holder(
        of token: String, isRead: Bool = false
    ) async throws(ResetRefused) -> (Credentials, expiresAt: Timestamp) {
        let now = clock.now()
        let claimed: ClaimedLink
        do { claimed = try links.read(token, at: now) } catch { throw .token(error) }
        let user: User?
        do { user = try await accounts.user(id: claimed.user) } catch { throw .storage(error) }
        let credentials = user.flatMap { $0.isDisabled || $0.withoutPassword != nil ? nil : $0.credentials }
        do { return try links.verify(claimed, for: credentials, at: now) } catch {
            audit.note(
                error == .expired ? .linkExpired : .linkRefused, of: user?.id, called: Array(claimed.user.text.utf8),
                at: now, isRead: isRead)
            throw .token(error)
        }
    }

    /// Another request used a link of this account first.
    private func lost(_ holder: Credentials) -> ResetRefused {
        note(.linkRefused, of: holder)
        return .token(.invalid)
    }

    private func note(_ event: AuditEvent, of holder: Credentials) {
        audit.note(event, of: holder.id, called: Array(holder.id.text.utf8), at: clock.now())
    }
}

/// What a link that works is for.
package struct CheckedLink: Sendable {
    package let email: EmailAddress
    /// The first moment at which it is refused.
    package let expiresAt: Timestamp
    /// Whether the account has no usable password yet.
    package let isFirstPassword: Bool
}

/// Why nothing was reset.
package enum ResetRefused: Error, Equatable {
    case token(TokenRejected)
    /// At least one.
    case password([PasswordProblem])
    case passwordsDiffer
    /// The hashing queue is full: the link is still good, come back.
    case busy
    case storage(StorageFailed)
}
