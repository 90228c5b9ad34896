/// Checks a password and gives a session for it.
package import PasswordHashing

/// An unknown or disabled account costs and answers what a wrong password does. Wrong answers at one address are delayed, and no account
/// is locked out. A client that does not wait for its answer waits before its next attempt instead, so hanging up gains nothing; a right
/// password waits for the errors of its own client only, at most ``LoginDelays/longest`` for each attempt before it.
package struct Login: Sendable {
    private let accounts: any Accounts
    private let sessions: SessionTokens
    private let policy: PasswordPolicy
    private let hasher: PasswordHasher
    private let delays: LoginDelays
    private let audit: AuditNotes
    private let clock: WallClock
    private let sleep: @Sendable (Duration) async -> Void

    /// - Parameter sleep: waits, at most ``LoginDelays/longest``, or until the task is cancelled.
    package init(
        accounts: any Accounts, sessions: SessionTokens, policy: PasswordPolicy, hasher: PasswordHasher,
        delays: LoginDelays,
        audit: AuditNotes, clock: WallClock, sleep: @escaping @Sendable (Duration) async -> Void
    ) {
        self.accounts = accounts
        self.sessions = sessions
        self.policy = policy
        self.hasher = hasher
        self.delays = delays
        self.audit = audit
        self.clock = clock
        self.sleep = sleep
    }

    /// - Throws: ``LoginRefused``; `.tooMany` without a hash, where one attempt of the client at this address runs and
    ///   ``LoginDelays/waitingMax`` wait.
    package func login(
        _ email: EmailAddress, password typed: String, from client: Client
    ) async throws(LoginRefused) -> (token: String, expiresIn: Duration) {
        // A password that is too long or contains U+0000 cannot match any account, so it is refused without hashing.
        guard let password = policy.normalise(typed) else { throw .credentials }
        let subject = LoginSubject(client, at: email)
        switch await delays.enter(subject) {
        case .granted: break
        case .refused: throw .tooMany(retryAfter: LoginDelays.longest)
        case .cancelled: throw .busy
        }
        // Held until the answer is given: the delay of a wrong one is part of the attempt.
        defer { delays.leave(subject) }
        try await wait(delays.rest(of: subject, at: clock.now()), for: subject)
        let user: User?
        do { user = try await accounts.user(email: email) } catch {
            throw error.kind == .busy ? .busy : .storage(error)
        }
        let matches: Bool
        do { matches = try await hasher.verify(password, against: user?.passwordHash) } catch { throw .busy }
        guard matches, let user, !user.isDisabled else {
            let now = clock.now()
            audit.note(.loginRefused, of: user?.id, called: email.comparisonBytes, at: now)
            try await wait(delays.afterWrong(subject, at: now), for: subject)
            throw .credentials
        }
        // Neither right nor wrong for the delays: a program that tries every second would else lock its own network out.
        guard !user.isExpired else { throw .expired }
        delays.succeeded(subject)
        return (sessions.sign(for: user, at: clock.now()), sessions.lifetime)
    }

    /// - Throws: where the task is cancelled meanwhile: the delay is not served then.
    private func wait(_ delay: Duration, for subject: LoginSubject) async throws(LoginRefused) {
        guard delay > .zero else { return }
        await sleep(delay)
        guard !Task.isCancelled else { throw .busy }
        delays.waited(subject)
    }

    /// Who the bearer is. Every flaw of a token is the same refusal.
    package func user(bearing token: String) async throws(LoginRefused) -> User {
        let now = clock.now()
        let id: UserID
        do { id = try sessions.userID(in: token, at: now) } catch { throw .credentials }
        let user: User?
        do { user = try await accounts.user(id: id) } catch { throw .storage(error) }
        do { return try sessions.verify(token, for: user, at: now) } catch { throw .credentials }
    }
}

/// Why there is no session.
package enum LoginRefused: Error, Equatable {
    /// Wrong, unknown or disabled: the answer does not tell which.
    case credentials
    /// Too many attempts of this client at this address wait already.
    case tooMany(retryAfter: Duration)
    /// The right password of an account whose password has expired: a new one must be set.
    case expired
    /// The hashing queue is full: come back.
    case busy
    case storage(StorageFailed)
}
