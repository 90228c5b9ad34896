/// What operators and the app do to accounts, and what follows: all rules, without a store.
import Keyturn
import PasswordHashing
import TestKit
import Testing

@Suite struct `A change by an operator or the app` {
    private let ann = User.ann
    private let moved = EmailAddress(stored: "ann@example.net")

    private func edit(_ user: User = .ann, _ wish: AccountWish, by actor: AuditActor = .operator) throws -> AccountEdit
    {
        try #require(AccountEdit(of: user, to: wish, by: actor, at: noon))
    }

    @Test func `of nothing writes nothing`() {
        let same = AccountWish(email: ann.email, hash: ann.passwordHash, isVerified: true, isDisabled: false)
        #expect(AccountEdit(of: ann, to: same, by: .app, at: noon) == nil)
        #expect(AccountEdit(of: ann, to: AccountWish(), by: .app, at: noon) == nil)
    }

    @Test(arguments: [AuditActor.operator, .app])
    func `of the address ends links and sessions, tells the app and the former address once`(actor: AuditActor) throws {
        let edit = try edit(.ann, AccountWish(email: moved), by: actor)
        #expect(edit.columns.email == moved && edit.columns.endsLinks && edit.columns.endsSessions)
        #expect(edit.consequences.messages == [.emailChanged(ann.id, former: ann.email)])
        #expect(edit.consequences.dropRequests == ann.email)
        #expect(
            edit.consequences.webhooks == [
                WebhookDraft(.emailChanged, of: ann.id, cause: actor.rawValue, at: noon)
            ])
        #expect(edit.consequences.audit == [AuditLine(.emailChanged, of: ann.id, by: actor, at: noon)])
    }

    @Test func `of the address tells no unverified address, and not the same one in another case`() throws {
        #expect(try edit(.unverifiedUma, AccountWish(email: moved)).consequences.messages == [])
        let respelled = EmailAddress(stored: "ANN@example.com")
        let edit = try edit(.ann, AccountWish(email: respelled))
        #expect(edit.consequences.messages == [] && edit.columns.endsLinks)
    }

    @Test func `of the hash ends links and sessions, and tells the app what an operator did`() throws {
        let wish = AccountWish(hash: PasswordHash("$scrypt$other"))
        let byOperator = try edit(.ann, wish)
        #expect(byOperator.columns.endsLinks && byOperator.columns.endsSessions)
        #expect(byOperator.consequences.webhooks.map(\.event) == [.passwordChanged])
        #expect(byOperator.consequences.messages == [])
        #expect(try edit(.ann, wish, by: .app).consequences.webhooks == [])
    }

    @Test func `of several things is one`() throws {
        let edit = try edit(
            .disabledDan,
            AccountWish(email: moved, hash: PasswordHash("$scrypt$other"), isVerified: false, isDisabled: false))
        #expect(edit.consequences.audit.map(\.event) == [.emailChanged, .hashSet, .unverified, .enabled])
        #expect(edit.columns.endsLinks)
    }

    @Test func `expires a password: links end, the app is told, and verified enabled accounts are mailed at a rate`()
        throws
    {
        let edit = try #require(
            AccountEdit.expiry(of: .ann, mailingEvery: .milliseconds(100), by: .operator, at: noon))
        #expect(edit.columns.expires && edit.columns.endsLinks)
        #expect(edit.consequences.mailings == [Mailing(.passwordExpired, to: ann.id, every: .milliseconds(100))])
        #expect(edit.consequences.webhooks.map(\.event) == [.passwordExpired])
        #expect(edit.consequences.messages == [])
        for user in [User.unverifiedUma, .disabledDan] {
            let edit = AccountEdit.expiry(of: user, mailingEvery: .seconds(1), by: .operator, at: noon)
            #expect(edit?.consequences.mailings == [] && edit?.columns.expires == true)
        }
        let expired = User.ann.with(expiredAt: .some(noon))
        #expect(AccountEdit.expiry(of: expired, mailingEvery: nil, by: .operator, at: noon) == nil)
        let again = AccountEdit.expiry(of: expired, mailingEvery: .seconds(1), by: .operator, at: noon)
        #expect(again?.columns.expires == false && again?.consequences.audit == [])
    }

    @Test func `erases: the line in the audit log is nobody's, and the app hears the id alone`() {
        let following = Consequences(
            of: .erased(pseudonym: UserID("erased-1")), to: ann.credentials, by: .app, at: noon)
        #expect(following.audit == [AuditLine(.erased, of: UserID("erased-1"), by: .app, at: noon)])
        #expect(following.webhooks == [WebhookDraft(.userErased, of: ann.id, cause: "app", at: noon)])
        #expect(following.dropRequests == ann.email)
    }
}

@Suite struct `An invitation` {
    private let new = User.ann.with(hash: "!unusable")

    @Test func `is a token of its own kind, and works for days`() throws {
        let link = ResetLinks.sample.signInvitation(for: new.credentials, at: noon)
        #expect(link.expiresAt == noon + .seconds(7 * 86_400))
        #expect(link.url.hasPrefix("https://accounts.example.com/reset-password?token="))
        let claimed = try ResetLinks.sample.read(link.token, at: noon)
        #expect(claimed.isInvitation)
        let late = noon + .seconds(6 * 86_400)
        #expect(try ResetLinks.sample.verify(claimed, for: new.credentials, at: late).holder == new.credentials)
        #expect(throws: TokenRejected.expired) {
            try ResetLinks.sample.verify(claimed, for: new.credentials, at: noon + .seconds(7 * 86_400))
        }
    }

    @Test func `ends with the first password, however it was set`() throws {
        let claimed = try ResetLinks.sample.read(
            ResetLinks.sample.signInvitation(for: new.credentials, at: noon).token, at: noon)
        for user in [User.ann, new.with(email: "other@example.com"), new.with(epoch: 1), new.with(hash: "!other")] {
            #expect(throws: TokenRejected.invalid) {
                try ResetLinks.sample.verify(claimed, for: user.credentials, at: noon)
            }
        }
    }

    @Test func `is not believed for an account that has a password`() throws {
        let claimed = try ResetLinks.sample.read(
            ResetLinks.sample.signInvitation(for: User.ann.credentials, at: noon).token, at: noon)
        #expect(throws: TokenRejected.invalid) {
            try ResetLinks.sample.verify(claimed, for: User.ann.credentials, at: noon)
        }
    }

    @Test func `is signed with another key than a reset link, and a reset link keeps its limit`() throws {
        let reset = ResetLinks.sample.sign(for: new.credentials, at: noon)
        #expect(reset.expiresAt == noon + .seconds(1800))
        let invitation = ResetLinks.sample.signInvitation(for: new.credentials, at: noon)
        // The claims and the header of one with the signature of the other.
        let parts = invitation.token.split(separator: ".").dropLast() + reset.token.split(separator: ".").suffix(1)
        let forged = try ResetLinks.sample.read(parts.joined(separator: "."), at: noon)
        #expect(throws: TokenRejected.invalid) {
            try ResetLinks.sample.verify(forged, for: new.credentials, at: noon)
        }
    }
}

@Suite struct `An expired password` {
    private let store = MemoryStore([User.ann.with(expiredAt: .some(noon))])
    private let clock = SettableClock()

    private func login(_ delays: LoginDelays = LoginDelays()) -> Login {
        Login(
            accounts: store, sessions: .sample, policy: PasswordPolicy(site: []), hasher: quickHasher(), delays: delays,
            audit: AuditNotes(store), clock: clock.wall, sleep: { _ in })
    }

    @Test func `is told to the right password alone`() async throws {
        await #expect(throws: LoginRefused.expired) {
            try await login().login(User.ann.email, password: User.annsPassword, from: .sample)
        }
        await #expect(throws: LoginRefused.credentials) {
            try await login().login(User.ann.email, password: User.bobsPassword, from: .sample)
        }
    }

    @Test func `counts neither as right nor as wrong`() async throws {
        let delays = LoginDelays()
        let subject = LoginSubject(.sample, at: User.ann.email)
        for _ in 0..<10 {
            _ = try? await login(delays).login(User.ann.email, password: User.annsPassword, from: .sample)
        }
        #expect(delays.afterWrong(subject, at: clock.now) == .zero)
        // What was counted before still counts: the right password forgives nothing.
        for _ in 0..<9 { _ = delays.afterWrong(subject, at: clock.now) }
        _ = try? await login(delays).login(User.ann.email, password: User.annsPassword, from: .sample)
        #expect(delays.afterWrong(subject, at: clock.now) > .zero)
    }

    @Test func `ends sessions, and so does a raised session epoch`() throws {
        let token = SessionTokens.sample.sign(for: .ann, at: noon)
        #expect(try SessionTokens.sample.verify(token, for: .ann, at: noon) == .ann)
        for user in [User.ann.with(expiredAt: .some(noon)), .ann.with(sessionEpoch: 1)] {
            #expect(throws: TokenRejected.invalid) { try SessionTokens.sample.verify(token, for: user, at: noon) }
        }
    }
}
