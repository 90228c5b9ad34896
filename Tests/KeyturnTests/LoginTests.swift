/// Who gets a session, and what the others can learn.
import Cryptography
import PasswordHashing
import Synchronization
import TestKit
import Testing

@testable import Keyturn

@Suite struct `A login` {
    private let store = MemoryStore([.ann, .unverifiedUma, .disabledDan])
    private let clock: SettableClock
    private let naps: Naps
    private let delays = LoginDelays()

    init() {
        clock = SettableClock()
        naps = Naps(on: clock)
    }

    private func login(pool: HashingPool = HashingPool(threads: 2)) -> Login {
        Login(
            accounts: store, sessions: .sample, policy: PasswordPolicy(site: []),
            hasher: quickHasher(on: pool), delays: delays, audit: AuditNotes(store),
            clock: clock.wall, sleep: { [naps] in await naps.sleep($0) })
    }

    @Test(arguments: ["Ann@example.com", "ann@EXAMPLE.com"])
    func `with the right password gives a session that names its bearer`(address: String) async throws {
        let login = login()
        let (token, expiresIn) = try await login.login(
            EmailAddress(stored: address), password: User.annsPassword, from: .sample)
        #expect(expiresIn == .seconds(3600))
        #expect(try await login.user(bearing: token) == .ann)
    }

    @Test(arguments: [
        ("ann@example.com", "wrong"), ("nobody@example.com", User.annsPassword), ("dan@example.com", User.annsPassword),
        ("ann@example.com", User.annsPassword + "\u{0}"), ("ann@example.com", String(repeating: "x", count: 5000)),
        ("ann@example.com", ""),
    ])
    func `with a wrong password, of nobody or of a disabled account is refused alike`(address: String, password: String)
        async
    {
        await #expect(throws: LoginRefused.credentials) {
            try await login().login(EmailAddress(stored: address), password: password, from: .sample)
        }
    }

    @Test func `stores the right password in the configured scheme, once, and its session is good`() async throws {
        let old = PasswordHash(
            "pbkdf2_sha256$10$seasalt$"
                + Base64.encode(
                    try PBKDF2.derive(
                        Array(User.annsPassword.utf8), salt: Array("seasalt".utf8), iterations: 10, hash: .sha256,
                        byteCount: 32)))
        let store = MemoryStore([User.ann.with(hash: old.text)])
        let login = Login(
            accounts: store, sessions: .sample, policy: PasswordPolicy(site: []), hasher: quickHasher(),
            delays: LoginDelays(),
            audit: AuditNotes(store), clock: clock.wall, rehashes: true, sleep: { _ in })
        let before = SessionTokens.sample.sign(for: User.ann.with(hash: old.text), at: noon)
        await refuse(login, User.ann.email)
        #expect(try await store.user(id: User.ann.id)?.passwordHash == old)
        let (token, _) = try await login.login(User.ann.email, password: User.annsPassword, from: .sample)
        let stored = try #require(try await store.user(id: User.ann.id))
        #expect(stored.passwordHash.text.hasPrefix("$scrypt$ln=4,r=8,p=1$"))
        #expect(stored.passwordChangedAt == nil)
        #expect(try await login.user(bearing: token) == stored)
        await #expect(throws: LoginRefused.credentials) { try await login.user(bearing: before) }
        _ = try await login.login(User.ann.email, password: User.annsPassword, from: .sample)
        #expect(try await store.user(id: User.ann.id) == stored)
    }

    @Test func `leaves a hash of another form as it is if it is told so`() async throws {
        let old =
            "$2b$04$"
            + (try #require(UnixCrypt.hash(Array(User.annsPassword.utf8), setting: "$2b$04$abcdefghijklmnopqrstuu")))
            .dropFirst(7)
        let store = MemoryStore([User.ann.with(hash: old)])
        let login = Login(
            accounts: store, sessions: .sample, policy: PasswordPolicy(site: []), hasher: quickHasher(),
            delays: LoginDelays(),
            audit: AuditNotes(store), clock: clock.wall, sleep: { _ in })
        _ = try await login.login(User.ann.email, password: User.annsPassword, from: .sample)
        #expect(try await store.user(id: User.ann.id)?.passwordHash.text == old)
    }

    @Test func `asks the app about what no stored hash matches, and believes it for unreadable hashes alone`()
        async throws
    {
        let store = MemoryStore([
            User.ann.with(hash: "$inhouse$opaque"), User.bob, .disabledDan.with(hash: "$inhouse$opaque"),
        ])
        let app = AskedApp()
        let naps = naps
        let login = Login(
            accounts: store, sessions: .sample, policy: PasswordPolicy(site: []), hasher: quickHasher(), delays: delays,
            audit: AuditNotes(store), clock: clock.wall, verifier: app, sleep: { await naps.sleep($0) })
        // Everyone but the account with the unreadable hash is refused, and all ask alike, and wait alike.
        app.verdict = .valid
        for address in ["bob@example.org", "nobody@example.com", "dan@example.com"] {
            await #expect(throws: LoginRefused.credentials) {
                try await login.login(EmailAddress(stored: address), password: "its old password", from: .sample)
            }
            #expect(naps.takeSeconds() == [3])
        }
        app.verdict = .invalid
        await #expect(throws: LoginRefused.credentials) {
            try await login.login(User.ann.email, password: "wrong", from: .sample)
        }
        #expect(naps.takeSeconds() == [3])
        #expect(app.asked == 4)
        app.verdict = .unavailable
        for address in ["Ann@example.com", "bob@example.org", "nobody@example.com", "dan@example.com"] {
            await #expect(throws: LoginRefused.unavailable) {
                try await login.login(EmailAddress(stored: address), password: "its old password", from: .sample)
            }
            #expect(naps.takeSeconds() == [3])
        }
        // A readable hash needs nobody.
        _ = try await login.login(User.bob.email, password: User.bobsPassword, from: .sample)
        #expect(app.asked == 8)
        app.verdict = .valid
        let (token, _) = try await login.login(User.ann.email, password: "its old password", from: .sample)
        #expect(try await login.user(bearing: token).id == User.ann.id)
        app.verdict = .unavailable
        _ = try await login.login(User.ann.email, password: "its old password", from: .sample)
        #expect(app.asked == 9)
        #expect(naps.takeSeconds() == [])
    }

    @Test func `asks the app sixteen times at once, and more are told before the account is looked up`() async throws {
        let app = AskedApp()
        app.holds = true
        let store = store
        let login = Login(
            accounts: store, sessions: .sample, policy: PasswordPolicy(site: []),
            hasher: quickHasher(), delays: delays, audit: AuditNotes(store), clock: clock.wall, verifier: app,
            sleep: { _ in })
        let asking = (1...16).map { number in
            Task {
                try await login.login(EmailAddress(stored: "no\(number)@example.com"), password: "x", from: .sample)
            }
        }
        while app.asked < 16 { try await Task.sleep(for: .milliseconds(1)) }
        let lookups = store.lookups
        await #expect(throws: LoginRefused.busy) {
            try await login.login(User.ann.email, password: User.annsPassword, from: .sample)
        }
        #expect(store.lookups == lookups)
        app.holds = false
        for task in asking { await #expect(throws: LoginRefused.credentials) { try await task.value } }
        _ = try await login.login(User.ann.email, password: User.annsPassword, from: .sample)
    }

    @Test func `does not need a verified address`() async throws {
        let login = login()
        let (token, _) = try await login.login(User.unverifiedUma.email, password: User.annsPassword, from: .sample)
        #expect(try await login.user(bearing: token).isVerified == false)
    }

    @Test func `waits from the sixth wrong answer on, at each of many addresses`() async {
        let login = login()
        let known = [User.ann, .disabledDan].map { ($0.email, EmailAddress(stored: "no.\($0.email.text)")) }
        for (one, other) in known + addressesAlike(40) {
            // Wrong answers at an address that looks alike are no matter of this one.
            for _ in 1...5 { await refuse(login, other) }
            for _ in 1...10 { await refuse(login, one) }
            #expect(naps.takeSeconds() == [1, 2, 4, 8, 8])
        }
    }

    @Test func `gains nothing from hanging up: forty guesses take as long as with waiting`() async throws {
        // 5 at once, then 1, 2, 4 and 32 times 8 s before the fortieth.
        let least = Duration.seconds(1 + 2 + 4 + 31 * 8)
        for patience in [Duration.milliseconds(100), .seconds(3), .seconds(60)] {
            let login = login()
            let guesses = (1...39).map { "guess \($0)" } + [User.annsPassword]
            naps.patience = patience
            let began = clock.now
            for guess in guesses {
                var answered = false
                while !answered {
                    let lookups = store.lookups
                    // The client hangs up, and the server notices: the task is cancelled.
                    let result = await Task {
                        try await login.login(User.ann.email, password: guess, from: .sample)
                    }.result
                    // A guess that was hashed says enough, whether or not its answer was waited for.
                    answered = store.lookups > lookups
                    if guess == User.annsPassword, answered { #expect(throws: Never.self) { try result.get() } }
                }
            }
            #expect(clock.now - began >= least)
            #expect(clock.now - began <= least + .seconds(10))
        }
    }

    @Test func `with the right password waits for its own client's errors alone, at most eight seconds`() async throws {
        let login = login()
        for _ in 1...9 { await refuse(login, User.ann.email) }
        #expect(naps.takeSeconds() == [1, 2, 4, 8])
        // Who has waited, waits no more.
        _ = try await login.login(User.ann.email, password: User.annsPassword, from: .sample)
        #expect(naps.takeSeconds() == [])
        // The right password forgave what was wrong.
        for _ in 1...5 { await refuse(login, User.ann.email) }
        #expect(naps.takeSeconds() == [])
        for _ in 6...8 { await refuse(login, User.ann.email) }
        naps.patience = .seconds(1)
        await #expect(throws: LoginRefused.busy) {
            try await Task { try await login.login(User.ann.email, password: "wrong", from: .sample) }.value
        }
        naps.patience = .seconds(60)
        #expect(naps.takeSeconds() == [1, 2, 4, 8])
        _ = try await login.login(User.ann.email, password: User.annsPassword, from: .other)
        #expect(naps.takeSeconds() == [])
        _ = try await login.login(User.ann.email, password: User.annsPassword, from: .sample)
        #expect(naps.takeSeconds() == [7])
        _ = try await login.login(User.ann.email, password: User.annsPassword, from: .sample)
        #expect(naps.takeSeconds() == [])
    }

    @Test func `runs one attempt of a client at an address at a time; four wait, and the fifth is refused unhashed`()
        async throws
    {
        let login = login()
        let subject = LoginSubject(.sample, at: User.ann.email)
        for _ in 1...5 { await refuse(login, User.ann.email) }
        naps.holds = true
        let attempts = (1...5).map { _ in
            Task { try await login.login(User.ann.email, password: "wrong", from: .sample) }
        }
        while delays.waiting(subject) < 4 || naps.sleepers < 1 { await Task.yield() }
        let lookups = store.lookups
        await #expect(throws: LoginRefused.tooMany(retryAfter: .seconds(8))) {
            try await login.login(User.ann.email, password: User.annsPassword, from: .sample)
        }
        #expect(store.lookups == lookups)
        // Neither another client nor another address waits for them.
        _ = try await login.login(User.ann.email, password: User.annsPassword, from: .other)
        await refuse(login, User.disabledDan.email)
        #expect(store.lookups == lookups + 2)
        // A client that hangs up gives its place away.
        let waiting = attempts.last
        waiting?.cancel()
        let sixth = Task { try await login.login(User.ann.email, password: "wrong", from: .sample) }
        naps.holds = false
        var answers: [LoginRefused?] = []
        for attempt in attempts + [sixth] {
            do { _ = try await attempt.value } catch { answers.append(error as? LoginRefused) }
        }
        #expect(answers.count == 6)
        #expect(answers.count { $0 == .credentials } >= 4)
        #expect(delays.waiting(subject) == 0)
    }

    private func refuse(_ login: Login, _ email: EmailAddress) async {
        await #expect(throws: LoginRefused.credentials) {
            try await login.login(email, password: "wrong", from: .sample)
        }
    }

    @Test func `ends with its password`() async throws {
        let login = login()
        let (token, _) = try await login.login(User.ann.email, password: User.annsPassword, from: .sample)
        _ = try await store.replace(User.ann.credentials, with: PasswordHash("another"), at: noon)
        await #expect(throws: LoginRefused.credentials) { try await login.user(bearing: token) }
    }

    @Test func `ends with its account and its hour`() async throws {
        let login = login()
        let (token, _) = try await login.login(User.ann.email, password: User.annsPassword, from: .sample)
        clock.advance(by: .seconds(3600))
        await #expect(throws: LoginRefused.credentials) { try await login.user(bearing: token) }
        clock.set(to: noon)
        #expect(try await login.user(bearing: token) == .ann)
        _ = try await store.setDisabled(UserID("1"), true, at: noon)
        await #expect(throws: LoginRefused.credentials) { try await login.user(bearing: token) }
    }

    @Test(arguments: ["", "x", "a.b.c"])
    func `is not made of any text`(token: String) async {
        await #expect(throws: LoginRefused.credentials) { try await login().user(bearing: token) }
        #expect(store.lookups == 0)
    }

    @Test func `of somebody who is gone is refused`() async {
        let token = SessionTokens.sample.sign(for: User.ann.with(id: "77"), at: noon)
        await #expect(throws: LoginRefused.credentials) { try await login().user(bearing: token) }
    }

    @Test func `says when the store fails or the hashing is busy`() async {
        let pool = HashingPool(threads: 1, waitingLimit: 0)
        pool.shutDown()
        await #expect(throws: LoginRefused.busy) {
            try await login(pool: pool).login(User.ann.email, password: User.annsPassword, from: .sample)
        }
        let token = SessionTokens.sample.sign(for: .ann, at: noon)
        store.fail(with: StorageFailed(.unavailable, code: "SQLITE_BUSY", reason: "locked"))
        let failed = LoginRefused.storage(StorageFailed(.unavailable, code: "SQLITE_BUSY", reason: "locked"))
        await #expect(throws: failed) { try await login().login(User.ann.email, password: "x", from: .sample) }
        await #expect(throws: failed) { try await login().user(bearing: token) }
    }
}

/// Says what it is told to, and counts.
private final class AskedApp: PasswordVerifier {
    private struct State {
        var verdict = PasswordVerdict.invalid
        var asked = 0
        var holds = false
    }

    private let state = Mutex(State())

    var verdict: PasswordVerdict {
        get { state.withLock { $0.verdict } }
        set { state.withLock { $0.verdict = newValue } }
    }
    var holds: Bool {
        get { state.withLock { $0.holds } }
        set { state.withLock { $0.holds = newValue } }
    }
    var asked: Int { state.withLock { $0.asked } }

    func verdict(on password: String, of email: EmailAddress) async -> PasswordVerdict {
        state.withLock { $0.asked += 1 }
        while holds { try? await Task.sleep(for: .milliseconds(1)) }
        return verdict
    }
}

/// Sleeps on the clock of the test, as long as its client has the patience.
private final class Naps: Sendable {
    private struct State {
        var seconds: [Int64] = []
        var patience = Duration.seconds(60)
        var held: [CheckedContinuation<Void, Never>]?
    }

    private let clock: SettableClock
    private let state = Mutex(State())

    init(on clock: SettableClock) { self.clock = clock }

    /// After this the client hangs up: its task is cancelled.
    var patience: Duration {
        get { state.withLock { $0.patience } }
        set { state.withLock { $0.patience = newValue } }
    }

    /// Whether sleepers are held until it is false again.
    var holds: Bool {
        get { state.withLock { $0.held != nil } }
        set {
            let held = state.withLock { state in
                defer { state.held = newValue ? [] : nil }
                return state.held ?? []
            }
            for sleeper in held { sleeper.resume() }
        }
    }

    /// How many are held.
    var sleepers: Int { state.withLock { $0.held?.count ?? 0 } }

    /// What was slept since it was asked the last time.
    func takeSeconds() -> [Int64] {
        state.withLock { state in
            defer { state.seconds = [] }
            return state.seconds
        }
    }

    func sleep(_ span: Duration) async {
        let patience = state.withLock { state in
            state.seconds.append(span.components.seconds)
            return state.patience
        }
        await withCheckedContinuation { sleeper in
            let isHeld = state.withLock { state in
                state.held?.append(sleeper)
                return state.held != nil
            }
            if !isHeld { sleeper.resume() }
        }
        clock.advance(by: min(span, patience))
        if span > patience { withUnsafeCurrentTask { $0?.cancel() } }
    }
}
