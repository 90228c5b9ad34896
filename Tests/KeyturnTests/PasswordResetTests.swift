/// The one thing the whole service is for.
import Keyturn
import PasswordHashing
import Synchronization
import TestKit
import Testing

@Suite struct `Resetting a password` {
    private let store = MemoryStore([.ann, .bob, .disabledDan])
    private let clock = SettableClock()
    private let hasher = quickHasher()
    private let good = "quiet river, late train"

    private var reset: PasswordReset {
        PasswordReset(
            accounts: store, links: .sample, policy: PasswordPolicy(site: []), hasher: hasher,
            audit: AuditNotes(store), clock: clock.wall)
    }

    private func token(for user: User = .ann) -> String {
        ResetLinks.sample.sign(for: user.credentials, at: noon).token
    }

    private func ann() async throws -> User { try #require(try await store.user(id: UserID("1"))) }

    @Test func `changes the password, and promises the letter that says so`() async throws {
        clock.advance(by: .seconds(60))
        try await reset.reset(token(), to: good, confirmation: good)
        let ann = try await ann()
        #expect(ann.passwordChangedAt == noon + .seconds(60))
        #expect(store.letters == [.passwordChanged(UserID("1"))])
        #expect(try await hasher.verify(Password(Array(good.utf8)), against: ann.passwordHash))
        #expect(try await !hasher.verify(Password(Array(User.annsPassword.utf8)), against: ann.passwordHash))
    }

    @Test func `looks a list of breached passwords up elsewhere than on the event loop`() async throws {
        let loop = MarkedExecutor()
        final class OnDisk: BreachedPasswords {
            let loop: MarkedExecutor
            let wasOnLoop = Mutex<Bool?>(nil)
            init(_ loop: MarkedExecutor) { self.loop = loop }
            func contains(_ digest: [UInt8]) -> Bool {
                wasOnLoop.withLock { $0 = loop.isCurrent }
                return false
            }
        }
        let list = OnDisk(loop)
        let reset = PasswordReset(
            accounts: store, links: .sample, policy: PasswordPolicy(site: [], breached: list), hasher: hasher,
            audit: AuditNotes(store), clock: clock.wall)
        let (link, good) = (token(), good)
        await loop.run { _ = try? await reset.reset(link, to: good, confirmation: nil) }
        #expect(list.wasOnLoop.withLock { $0 } == false)
        #expect(try await ann().passwordChangedAt != nil)
    }

    @Test func `kills the link that was used and every other open one`() async throws {
        let first = token(), second = ResetLinks.sample.sign(for: User.ann.credentials, at: noon - .seconds(9)).token
        try await reset.reset(first, to: good, confirmation: nil)
        for link in [first, second] {
            await #expect(throws: ResetRefused.token(.invalid)) { try await reset.check(link) }
            await #expect(throws: ResetRefused.token(.invalid)) {
                try await reset.reset(link, to: good, confirmation: nil)
            }
        }
    }

    @Test func `works once, however many post one link at the same time`() async throws {
        let link = token(), reset = reset, good = good
        let outcomes = await withTaskGroup(of: ResetRefused?.self) { group in
            for number in 0..<50 {
                group.addTask {
                    do throws(ResetRefused) {
                        try await reset.reset(link, to: "\(good) \(number)", confirmation: nil)
                        return nil
                    } catch { return error }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == nil } == 1)
        #expect(outcomes.count { $0 == .token(.invalid) } == 49)
        #expect(store.letters == [.passwordChanged(UserID("1"))])
    }

    @Test func `leaves the link usable when the password is refused or mistyped`() async throws {
        let link = token()
        await #expect(throws: ResetRefused.passwordsDiffer) {
            try await reset.reset(link, to: good, confirmation: good + " ")
        }
        await #expect(throws: ResetRefused.password([.tooShort(minimum: 15)])) {
            try await reset.reset(link, to: "quiet river", confirmation: "quiet river")
        }
        await #expect(throws: ResetRefused.password([.containsAddress])) {
            try await reset.reset(link, to: "I am ann@EXAMPLE.com", confirmation: nil)
        }
        #expect(try await ann() == .ann)
        try await reset.reset(link, to: good, confirmation: good)
    }

    @Test func `takes the passwords for different when their bytes are`() async {
        await #expect(throws: ResetRefused.passwordsDiffer) {
            try await reset.reset(
                token(), to: "r\u{E9}sum\u{E9} of a river", confirmation: "re\u{301}sume\u{301} of a river")
        }
    }

    @Test func `judges the token before the passwords`() async {
        await #expect(throws: ResetRefused.token(.invalid)) { try await reset.reset("x", to: "", confirmation: "y") }
        clock.advance(by: .seconds(1800))
        await #expect(throws: ResetRefused.token(.expired)) {
            try await reset.reset(token(), to: "", confirmation: "y")
        }
    }

    @Test func `hashes nothing before token and policy have passed`() async {
        // A pool that takes no work: what is to be hashed is refused as busy.
        let pool = HashingPool(threads: 1, waitingLimit: 0)
        pool.shutDown()
        let closed = PasswordReset(
            accounts: store, links: .sample, policy: PasswordPolicy(site: []),
            hasher: quickHasher(on: pool), audit: AuditNotes(store), clock: clock.wall)
        let forged = token(for: User.ann.with(epoch: 9))
        for (link, password, confirmation, refused) in [
            ("a.b.c", good, good, ResetRefused.token(.invalid)), (forged, good, good, .token(.invalid)),
            (token(for: .disabledDan), good, good, .token(.invalid)), (token(), good, "another", .passwordsDiffer),
            (token(), "password", "password", .password([.tooShort(minimum: 15), .common])),
            (token(), good, good, .busy),
        ] {
            await #expect(throws: refused) { try await closed.reset(link, to: password, confirmation: confirmation) }
        }
    }

    @Test func `asks nobody about a token that is malformed`() async {
        await #expect(throws: ResetRefused.token(.invalid)) { try await reset.check("a.b.c") }
        #expect(store.lookups == 0)
    }

    @Test func `tells who a good link belongs to, and changes nothing`() async throws {
        let link = try await reset.check(token())
        #expect(link.email.text == "Ann@example.com")
        #expect(link.expiresAt == noon + .seconds(1800))
        #expect(try await ann() == .ann)
        #expect(store.letters == [])
    }

    @Test func `has no links of disabled or unknown accounts`() async {
        for user in [User.disabledDan, User.ann.with(id: "77")] {
            let link = token(for: user)
            await #expect(throws: ResetRefused.token(.invalid)) { try await reset.check(link) }
            await #expect(throws: ResetRefused.token(.invalid)) {
                try await reset.reset(link, to: good, confirmation: nil)
            }
            await #expect(throws: ResetRefused.token(.invalid)) { try await reset.revoke(link) }
        }
    }

    @Test func `lets an account without a password have one`() async throws {
        let invited = try await store.add(
            NewUser(email: EmailAddress(stored: "new@example.com"), passwordHash: .unusable(), isVerified: true),
            at: noon)
        try await reset.reset(token(for: invited), to: good, confirmation: good)
        let now = try #require(try await store.user(id: invited.id))
        #expect(try await hasher.verify(Password(Array(good.utf8)), against: now.passwordHash))
    }

    @Test func `can be refused by its owner: this was not me`() async throws {
        try await store.record(ResetRequest(email: User.ann.email), at: noon)
        let link = token()
        try await reset.revoke(link)
        #expect(try await ann() == User.ann.with(epoch: 1))
        #expect(store.letters == [])
        await #expect(throws: ResetRefused.token(.invalid)) { try await reset.check(link) }
        await #expect(throws: ResetRefused.token(.invalid)) { try await reset.revoke(link) }
    }

    @Test func `says when the store fails, and that it is not the token's fault`() async {
        let link = token()
        store.fail(with: StorageFailed(.unavailable, code: "SQLITE_BUSY", reason: "locked"))
        let failed = ResetRefused.storage(StorageFailed(.unavailable, code: "SQLITE_BUSY", reason: "locked"))
        await #expect(throws: failed) { try await reset.check(link) }
        await #expect(throws: failed) { try await reset.reset(link, to: good, confirmation: nil) }
        await #expect(throws: failed) { try await reset.revoke(link) }
    }

    /// The clock is looked at for the second time when everything is proved and only the writing is left.
    private func reset(asLastStepBegins happens: @escaping @Sendable (MemoryStore) -> Void) -> PasswordReset {
        let (looks, store, clock) = (Looks(), store, clock)
        return PasswordReset(
            accounts: store, links: .sample, policy: PasswordPolicy(site: []), hasher: hasher, audit: AuditNotes(store),
            clock: WallClock {
                if looks.count.add(1, ordering: .relaxed).newValue == 2 { happens(store) }
                return clock.now
            })
    }

    @Test func `says when the store fails at the last step`() async {
        let failure = StorageFailed(.unavailable, code: "SQLITE_FULL", reason: "full")
        await #expect(throws: ResetRefused.storage(failure)) {
            try await reset(asLastStepBegins: { $0.fail(with: failure) }).reset(token(), to: good, confirmation: nil)
        }
        store.fail(with: nil)
        await #expect(throws: ResetRefused.storage(failure)) {
            try await reset(asLastStepBegins: { $0.fail(with: failure) }).revoke(token())
        }
        store.fail(with: nil)
        #expect(store.letters == [])
    }

    @Test func `can be refused by its owner once: who comes second hears what a used link is told`() async {
        await #expect(throws: ResetRefused.token(.invalid)) {
            try await reset(asLastStepBegins: { $0.revokeLinks(of: UserID("1")) }).revoke(token())
        }
        await #expect(throws: ResetRefused.token(.invalid)) {
            try await reset(asLastStepBegins: { $0.revokeLinks(of: UserID("1")) }).reset(
                token(), to: good, confirmation: nil)
        }
    }

    @Test func `refuses what the scheme would cut off, should the policy let it pass`() async {
        let bcrypt = PasswordReset(
            accounts: store, links: .sample, policy: PasswordPolicy(site: []),
            hasher: PasswordHasher(scheme: .bcrypt(cost: 4), pool: HashingPool(threads: 1)), audit: AuditNotes(store),
            clock: clock.wall)
        let long = "the seventh lantern hangs above a very quiet meadow near the old harbours"
        await #expect(throws: ResetRefused.password([.tooManyBytes(maximum: 72)])) {
            try await bcrypt.reset(token(), to: long, confirmation: nil)
        }
    }

    @Test func `says busy when nothing more can be hashed, and the link stays good`() async throws {
        let pool = HashingPool(threads: 1, waitingLimit: 0)
        pool.shutDown()
        let closed = PasswordReset(
            accounts: store, links: .sample, policy: PasswordPolicy(site: []),
            hasher: quickHasher(on: pool), audit: AuditNotes(store), clock: clock.wall)
        let link = token()
        await #expect(throws: ResetRefused.busy) { try await closed.reset(link, to: good, confirmation: nil) }
        try await reset.reset(link, to: good, confirmation: nil)
    }
}

/// How often somebody looked at the clock.
private final class Looks: Sendable {
    let count = Atomic(0)
}
