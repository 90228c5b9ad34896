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
    private let rehashes: Bool
    private let remote: RemoteChecks?

    /// - Parameter rehashes: whether the right password is stored anew if its hash is of another format than new ones, or cheaper. That
    ///   ends open links and earlier sessions of the account.
    /// - Parameter verifier: asked about every password that matches no stored hash; its word counts only for an account whose hash cannot
    ///   be read.
    /// - Parameter sleep: waits, at most ``LoginDelays/longest``, or until the task is cancelled.
    package init(
        accounts: any Accounts, sessions: SessionTokens, policy: PasswordPolicy, hasher: PasswordHasher,
        delays: LoginDelays,
        audit: AuditNotes, clock: WallClock, rehashes: Bool = false, verifier: (any PasswordVerifier)? = nil,
        sleep: @escaping @Sendable (Duration) async -> Void
    ) {
        self.accounts = accounts
        self.sessions = sessions
        self.policy = policy
        self.hasher = hasher
        self.delays = delays
        self.audit = audit
        self.clock = clock
        self.sleep = sleep
        self.rehashes = rehashes
        remote = verifier.map(RemoteChecks.init)
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
        let arrival = clock.now()
        switch try await attempt(email, password, typed) {
        case .right(let user):
            delays.succeeded(subject)
            return (sessions.sign(for: user, at: clock.now()), sessions.lifetime)
        case .wrong(let id):
            let now = clock.now()
            audit.note(.loginRefused, of: id, called: email.comparisonBytes, at: now)
            let delay = delays.afterWrong(subject, at: now)
            await waitForMoment(since: arrival)
            try await wait(delay, for: subject)
            throw .credentials
        case .unanswered:
            await waitForMoment(since: arrival)
            throw .unavailable
        }
    }

    private enum Attempt {
        case right(User)
        /// Wrong, unknown or disabled.
        case wrong(UserID?)
        /// The app was to be asked, and did not answer.
        case unanswered
    }

    private func attempt(
        _ email: EmailAddress, _ password: Password, _ typed: String
    ) async throws(LoginRefused) -> Attempt {
        guard remote?.enter() ?? true else { throw .busy }
        defer { remote?.leave() }
        let user: User?
        do { user = try await accounts.user(email: email) } catch {
            throw error.kind == .busy ? .busy : .storage(error)
        }
        let isOpen = user.map { !$0.isDisabled } ?? false
        if try await matches(password, user?.passwordHash, counts: isOpen), let user {
            // Neither right nor wrong for the delays: a program that tries every second would else lock its own network out.
            guard !user.isExpired else { throw .expired }
            guard rehashes, hasher.isOutdated(user.passwordHash) else { return .right(user) }
            return try await stored(password, of: user)
        }
        guard let remote else { return .wrong(user?.id) }
        switch await remote.verdict(on: typed, of: email) {
        case .unavailable: return .unanswered
        case .invalid: return .wrong(user?.id)
        case .valid:
            guard let user, isOpen, !PasswordHasher.canVerify(user.passwordHash) else { return .wrong(user?.id) }
            guard !user.isExpired else { throw .expired }
            return try await stored(password, of: user)
        }
    }

    private func matches(
        _ password: Password, _ hash: PasswordHash?, counts: Bool = true
    ) async throws(LoginRefused) -> Bool {
        do { return try await hasher.verify(password, against: hash, counts: counts) } catch { throw .busy }
    }

    /// Stores the right password in the configured scheme, unless the account was changed meanwhile. A hash that cannot be made or stored now
    /// is no reason to refuse: the next login tries again.
    private func stored(_ password: Password, of user: User) async throws(LoginRefused) -> Attempt {
        guard let hash = try? await hasher.hash(password, for: .verification) else { return .right(user) }
        _ = try? await accounts.rehash(user.credentials, as: hash, at: clock.now())
        let current: User?
        do { current = try await accounts.user(id: user.id) } catch { throw .storage(error) }
        guard let current, !current.isDisabled else { return .wrong(user.id) }
        if current.passwordHash == hash || current.passwordHash == user.passwordHash { return .right(current) }
        // A reset was faster, or another login of the same password.
        return try await matches(password, current.passwordHash) ? .right(current) : .wrong(user.id)
    }

    /// If the app is asked, every failed login is answered at one moment after its arrival.
    private func waitForMoment(since arrival: Timestamp) async {
        guard remote != nil else { return }
        let left = arrival + RemoteChecks.limit - clock.now()
        // A clock that was set back makes nobody wait longer.
        if left > .zero { await sleep(min(left, RemoteChecks.limit)) }
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
    /// The hashing queue is full, or too many logins ask the app: come back.
    case busy
    /// The app, which knows the password, does not answer.
    case unavailable
    case storage(StorageFailed)
}
