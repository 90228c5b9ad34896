/// What is noted of what visitors do.
import PasswordHashing
import TestKit
import Testing

@testable import Keyturn

@Suite struct `The audit log` {
    private let store = MemoryStore([.ann, .bob, .disabledDan])
    private let clock = SettableClock()
    private let notes: AuditNotes
    private let good = "quiet river, late train"

    init() { notes = AuditNotes(store) }

    private var reset: PasswordReset {
        PasswordReset(
            accounts: store, links: .sample, policy: PasswordPolicy(site: []), hasher: quickHasher(), audit: notes,
            clock: clock.wall)
    }

    private var login: Login {
        Login(
            accounts: store, sessions: .sample, policy: PasswordPolicy(site: []), hasher: quickHasher(),
            delays: LoginDelays(), audit: notes, clock: clock.wall, sleep: { _ in })
    }

    private func token(for user: User = .ann) -> String {
        ResetLinks.sample.sign(for: user.credentials, at: noon).token
    }

    /// As `event user`.
    private var lines: [String] {
        store.audited.map { "\($0.event.rawValue) \($0.user?.text ?? "nobody") \($0.actor.rawValue)" }
    }

    @Test func `tells of a link that was opened, tried with a poor password, used, and used again`() async throws {
        let link = token()
        _ = try await reset.check(link)
        await #expect(throws: ResetRefused.self) { try await reset.reset(link, to: "short", confirmation: nil) }
        try await reset.reset(link, to: good, confirmation: good)
        await #expect(throws: ResetRefused.self) { try await reset.reset(link, to: good, confirmation: good) }
        #expect(
            lines == [
                "link_opened 1 visitor", "password_refused 1 visitor", "password_reset 1 visitor",
                "link_refused 1 visitor",
            ])
    }

    @Test func `has nothing written because of a link that is only looked at`() async throws {
        _ = try await reset.check(token())
        await #expect(throws: ResetRefused.token(.invalid)) {
            try await reset.check(token(for: User.ann.with(epoch: 9)))
        }
        clock.advance(by: .seconds(1800))
        await #expect(throws: ResetRefused.token(.expired)) { try await reset.check(token()) }
        #expect(lines == ["link_opened 1 visitor", "link_refused 1 visitor", "link_expired 1 visitor"])
        #expect(store.auditedWhenRead == 3)
        await #expect(throws: ResetRefused.self) { try await reset.revoke(token(for: User.bob.with(epoch: 9))) }
        #expect(lines.last == "link_refused 2 visitor")
        #expect(store.auditedWhenRead == 3)
    }

    @Test func `tells of a link that came too late, and of one taken back`() async throws {
        try await reset.revoke(token(for: .bob))
        clock.advance(by: .seconds(1800))
        await #expect(throws: ResetRefused.token(.expired)) { try await reset.check(token()) }
        #expect(lines == ["links_revoked 2 visitor", "link_expired 1 visitor"])
        #expect(store.audited.map(\.at) == [noon, noon + .seconds(1800)])
    }

    @Test func `tells of forged links of somebody, of nobody and of a disabled account alike`() async {
        for user in [User.ann.with(epoch: 9), User.ann.with(id: "77"), .disabledDan] {
            await #expect(throws: ResetRefused.token(.invalid)) { try await reset.check(token(for: user)) }
        }
        #expect(lines == ["link_refused 1 visitor", "link_refused nobody visitor", "link_refused 4 visitor"])
    }

    @Test func `says nothing about a token that names nobody`() async {
        await #expect(throws: ResetRefused.token(.invalid)) { try await reset.check("a.b.c") }
        #expect(lines == [])
    }

    @Test func `tells of refused logins of somebody, of nobody and of a disabled account alike`() async throws {
        for (address, password) in [
            ("ann@example.com", "wrong"), ("nobody@example.com", "wrong"), ("dan@example.com", User.annsPassword),
        ] {
            await #expect(throws: LoginRefused.credentials) {
                try await login.login(EmailAddress(stored: address), password: password, from: .sample)
            }
        }
        _ = try await login.login(User.ann.email, password: User.annsPassword, from: .sample)
        #expect(lines == ["login_refused 1 visitor", "login_refused nobody visitor", "login_refused 4 visitor"])
    }

    @Test func `repeats itself once a minute at most, about each of many names`() async {
        let names = addressesAlike(90).flatMap { [$0.0.text, $0.1.text] } + ["ann@example.com", "nobody@example.com"]
        func tryAll(_ spelling: (String) -> String = { $0 }) async {
            for name in names {
                await #expect(throws: LoginRefused.credentials) {
                    try await login.login(EmailAddress(stored: spelling(name)), password: "wrong", from: .sample)
                }
            }
        }
        await tryAll()
        #expect(store.audited.count == names.count)
        await tryAll { $0.uppercased() }
        clock.advance(by: .milliseconds(59_999))
        await tryAll()
        #expect(store.audited.count == names.count)
        clock.advance(by: .milliseconds(1))
        await tryAll()
        #expect(store.audited.count == 2 * names.count)
        // The clock was set back by an hour: what was noted then says nothing any more.
        clock.advance(by: .seconds(-3600))
        await tryAll()
        #expect(store.audited.count == 3 * names.count)
    }

    @Test func `remembers as many names as it has room for, and forgets the name noted longest ago`() {
        let few = AuditNotes(store, bytesMax: 16 << 10)
        let long = String(repeating: "a", count: 200)
        for number in 0..<1000 { few.noteLogin(refusedFor: "\(long)\(number)@example.com", at: noon) }
        #expect(store.audited.count == 1000)
        few.noteLogin(refusedFor: "\(long)999@example.com", at: noon + .seconds(9))
        #expect(store.audited.count == 1000)
        few.noteLogin(refusedFor: "\(long)0@example.com", at: noon + .seconds(9))
        #expect(store.audited.count == 1001)
    }

    @Test func `tells events of one account apart within a minute`() async throws {
        _ = try await reset.check(token())
        await #expect(throws: LoginRefused.credentials) {
            try await login.login(User.ann.email, password: "wrong", from: .sample)
        }
        _ = try await reset.check(token())
        #expect(lines == ["link_opened 1 visitor", "login_refused 1 visitor"])
    }
}

extension AuditNotes {
    fileprivate func noteLogin(refusedFor address: String, at now: Timestamp) {
        note(.loginRefused, of: nil, called: EmailAddress(stored: address).comparisonBytes, at: now)
    }
}
