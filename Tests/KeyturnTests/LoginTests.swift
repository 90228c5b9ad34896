/// Who gets a session, and what the others can learn.
import Keyturn
import PasswordHashing
import Synchronization
import TestKit
import Testing

@Suite struct `A login` {
    private let store = MemoryStore([.ann, .unverifiedUma, .disabledDan])
    private let clock = SettableClock()
    private let naps = Naps()

    private func login(pool: HashingPool = HashingPool(threads: 2)) -> Login {
        Login(
            users: store, sessions: .sample, policy: PasswordPolicy(site: []),
            hasher: quickHasher(on: pool), delays: LoginDelays(), audit: AuditNotes(store),
            clock: clock.wall, sleep: { [naps] in naps.note($0) })
    }

    @Test(arguments: ["Ann@example.com", "ann@EXAMPLE.com"])
    func `with the right password gives a session that names its bearer`(address: String) async throws {
        let login = login()
        let (token, expiresIn) = try await login.login(EmailAddress(stored: address), password: User.annsPassword)
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
            try await login().login(EmailAddress(stored: address), password: password)
        }
    }

    @Test func `does not need a verified address`() async throws {
        let login = login()
        let (token, _) = try await login.login(User.unverifiedUma.email, password: User.annsPassword)
        #expect(try await login.user(bearing: token).isVerified == false)
    }

    @Test(arguments: ["ann@example.com", "nobody@example.com", "dan@example.com"])
    func `waits from the sixth wrong answer on, whoever is asked for`(address: String) async {
        let login = login()
        for _ in 1...10 {
            await #expect(throws: LoginRefused.credentials) {
                try await login.login(EmailAddress(stored: address), password: "wrong")
            }
        }
        #expect(naps.seconds == [0, 0, 0, 0, 0, 1, 2, 4, 8, 8])
    }

    @Test func `with the right password never waits, and forgives the wrong ones`() async throws {
        let login = login()
        for _ in 1...8 {
            await #expect(throws: LoginRefused.credentials) {
                try await login.login(User.ann.email, password: "wrong")
            }
        }
        let before = naps.seconds
        _ = try await login.login(User.ann.email, password: User.annsPassword)
        #expect(naps.seconds == before)
        await #expect(throws: LoginRefused.credentials) { try await login.login(User.ann.email, password: "wrong") }
        #expect(naps.seconds == before + [0])
    }

    @Test func `ends with its password`() async throws {
        let login = login()
        let (token, _) = try await login.login(User.ann.email, password: User.annsPassword)
        _ = try await store.replace(User.ann.credentials, with: PasswordHash("another"), at: noon)
        await #expect(throws: LoginRefused.credentials) { try await login.user(bearing: token) }
    }

    @Test func `ends with its account and its hour`() async throws {
        let login = login()
        let (token, _) = try await login.login(User.ann.email, password: User.annsPassword)
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
            try await login(pool: pool).login(User.ann.email, password: User.annsPassword)
        }
        let token = SessionTokens.sample.sign(for: .ann, at: noon)
        store.fail(with: StorageFailed(code: 5, reason: "locked"))
        let failed = LoginRefused.storage(StorageFailed(code: 5, reason: "locked"))
        await #expect(throws: failed) { try await login().login(User.ann.email, password: "x") }
        await #expect(throws: failed) { try await login().user(bearing: token) }
    }
}

/// Notes how long it should have slept, and does not.
private final class Naps: Sendable {
    private let noted = Mutex<[Duration]>([])
    var seconds: [Int64] { noted.withLock { $0.map(\.components.seconds) } }
    func note(_ span: Duration) { noted.withLock { $0.append(span) } }
}
