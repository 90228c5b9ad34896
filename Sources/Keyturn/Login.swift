/// Checks a password and gives a session for it.
package import PasswordHashing

/// An unknown or disabled account costs and answers what a wrong password does. Wrong answers of one account are slowed, never
/// locked out: the right password is taken at once, however many wrong ones came before.
package struct Login: Sendable {
    private let users: any Users
    private let sessions: SessionTokens
    private let policy: PasswordPolicy
    private let hasher: PasswordHasher
    private let delays: LoginDelays
    private let audit: AuditNotes
    private let clock: WallClock
    private let sleep: @Sendable (Duration) async -> Void

    /// - Parameter sleep: waits before a wrong answer is told, at most ``LoginDelays/longest``.
    package init(
        users: any Users, sessions: SessionTokens, policy: PasswordPolicy, hasher: PasswordHasher, delays: LoginDelays,
        audit: AuditNotes, clock: WallClock, sleep: @escaping @Sendable (Duration) async -> Void
    ) {
        self.users = users
        self.sessions = sessions
        self.policy = policy
        self.hasher = hasher
        self.delays = delays
        self.audit = audit
        self.clock = clock
        self.sleep = sleep
    }

    package func login(_ email: EmailAddress, password typed: String) async throws(LoginRefused)
        -> (token: String, expiresIn: Duration)
    {
        // Too long or with U+0000 nobody's password is: refused without a hash, whoever it was meant for.
        guard let password = policy.normalise(typed) else { throw .credentials }
        let user: User?
        do { user = try await users.user(email: email) } catch { throw .storage(error) }
        let matches: Bool
        do { matches = try await hasher.verify(password, against: user?.passwordHash) } catch { throw .busy }
        guard matches, let user, !user.isDisabled else {
            let now = clock.now()
            audit.note(.loginRefused, of: user?.id, called: email, at: now)
            await sleep(delays.afterWrong(email, at: now))
            throw .credentials
        }
        delays.succeeded(email)
        return (sessions.sign(for: user, at: clock.now()), sessions.lifetime)
    }

    /// Who the bearer is. Every flaw of a token is the same refusal.
    package func user(bearing token: String) async throws(LoginRefused) -> User {
        let now = clock.now()
        let id: UserID
        do { id = try sessions.userID(in: token, at: now) } catch { throw .credentials }
        let user: User?
        do { user = try await users.user(id: id) } catch { throw .storage(error) }
        do { return try sessions.verify(token, for: user, at: now) } catch { throw .credentials }
    }
}

/// Why there is no session.
package enum LoginRefused: Error, Equatable {
    /// Wrong, unknown or disabled: nobody can tell which.
    case credentials
    /// The hashing queue is full: come back.
    case busy
    case storage(StorageFailed)
}
