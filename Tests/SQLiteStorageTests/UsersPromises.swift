/// What every implementation of `Accounts` promises.
import Keyturn
import PasswordHashing
import TestKit
import Testing

@Suite struct `Accounts, wherever they are stored` {
    @Test(arguments: Stores.all) func `are found by address, whatever its case, and by id`(store: Stores) async throws {
        try await store.use { users, _ in
            let ann = try await users.add(.ann, at: .noon)
            #expect(ann.email.text == "Ann@example.com")
            #expect(ann.emailVerifiedAt == .noon && ann.createdAt == .noon && ann.resetEpoch == 0)
            #expect(try await users.user(email: EmailAddress(stored: "aNN@EXAMPLE.com")) == ann)
            #expect(try await users.user(id: ann.id) == ann)
            #expect(try await users.user(id: ann.id)?.email.text == "Ann@example.com")
        }
    }

    @Test(arguments: Stores.all, ["", "0", "2", "01", "+1", " 1", "1 ", "١", "-1", "1e0", "99999999999999999999", "x"])
    func `are not found by an id that is nobody's`(store: Stores, id: String) async throws {
        try await store.use { users, _ in
            _ = try await users.add(.ann, at: .noon)
            #expect(try await users.user(id: UserID(id)) == nil)
            // Whoever stands in for nobody, so that nobody takes as long to be found, is not handed out.
            #expect(try await users.user(email: EmailAddress(stored: "nobody@example.invalid")) == nil)
        }
    }

    /// Each pair folds to one text in Unicode, and is two addresses here.
    @Test(
        arguments: Stores.all,
        [
            ("kim@example.com", "\u{212A}im@example.com"), ("iris@example.com", "ır\u{131}s@example.com"),
            ("sam@example.com", "\u{17F}am@example.com"), ("josé@example.com", "jose\u{301}@example.com"),
            ("É@example.com", "é@example.com"),
        ])
    func `with look-alike addresses are different people`(store: Stores, pair: (String, String)) async throws {
        try await store.use { users, _ in
            _ = try await users.add(
                NewUser(email: EmailAddress(stored: pair.0), passwordHash: .first, isVerified: true), at: .noon)
            #expect(try await users.user(email: EmailAddress(stored: pair.1)) == nil)
            let other = NewUser(email: EmailAddress(stored: pair.1), passwordHash: .second, isVerified: true)
            #expect(try await users.add(other, at: .noon).id == UserID("2"))
        }
    }

    @Test(arguments: Stores.all) func `have one account an address`(store: Stores) async throws {
        try await store.use { users, _ in
            _ = try await users.add(.ann, at: .noon)
            let again = NewUser(email: EmailAddress(stored: "ANN@example.com"), passwordHash: .second, isVerified: true)
            await #expect(throws: AddUserFailed.exists) { try await users.add(again, at: .noon) }
        }
    }

    @Test(arguments: Stores.all) func `keep the app's own id, and no two have the same one`(store: Stores) async throws
    {
        try await store.open { store in
            let id = ExternalID(stored: "4711")
            let ann = NewUser(email: .ann, passwordHash: .first, isVerified: true, externalID: id)
            let added = try await store.accounts.add(ann, at: .noon)
            #expect(added.externalID == id)
            #expect(try await store.accounts.user(id: added.id)?.externalID == id)
            #expect(try await store.accounts.user(email: .ann)?.externalID == id)
            #expect(try await store.accounts.list(after: nil, limit: 9).map(\.externalID) == [id])
            let thief = NewUser(email: .bob, passwordHash: .first, isVerified: true, externalID: id)
            await #expect(throws: AddUserFailed.externalIDTaken) { try await store.accounts.add(thief, at: .noon) }
            await #expect(throws: AddUserFailed.exists) { try await store.accounts.add(ann, at: .noon) }
            let rows = [ann, thief, .ann].map { ImportedUser($0, isDisabled: false) }
            let expected: [Imported] = [.unchanged, .externalIDTaken, .unchanged]
            #expect(try await store.imports.compareAll(rows) == expected)
            #expect(try await store.imports.addAll(rows, at: .noon) == expected)
            let other = NewUser(
                email: .ann, passwordHash: .first, isVerified: true, externalID: ExternalID(stored: "04711"))
            #expect(try await store.imports.addAll([ImportedUser(other, isDisabled: false)], at: .noon) == [.differs])
            // No two accounts without an id are in each other's way, and ids differ by their bytes.
            let accented = ["\u{E9}", "e\u{301}"].map {
                NewUser(
                    email: EmailAddress(stored: "\($0)@example.com"), passwordHash: .first, isVerified: true,
                    externalID: ExternalID(stored: $0))
            }
            for new in [NewUser.bob] + accented { _ = try await store.accounts.add(new, at: .noon) }
        }
    }

    @Test(arguments: Stores.all) func `are listed page by page in the order of their ids`(store: Stores) async throws {
        try await store.use { users, _ in
            for number in 1...12 {
                let email = EmailAddress(stored: "user\(number)@example.com")
                _ = try await users.add(NewUser(email: email, passwordHash: .first, isVerified: true), at: .noon)
            }
            #expect(try await users.list(after: nil, limit: 3).map(\.id.text) == ["1", "2", "3"])
            #expect(try await users.list(after: UserID("9"), limit: 10).map(\.id.text) == ["10", "11", "12"])
            #expect(try await users.list(after: nil, limit: -1).isEmpty)
        }
    }

    @Test(arguments: Stores.all) func `change a password once for one set of credentials`(store: Stores) async throws {
        try await store.use { users, outbox in
            let ann = try await users.add(.ann, at: .noon)
            #expect(try await users.replace(ann.credentials, with: .second, tellingIn: "de", at: .noon + .seconds(5)))
            #expect(try await !users.replace(ann.credentials, with: .first, tellingIn: nil, at: .noon + .seconds(6)))
            let changed = try await users.user(id: ann.id)
            #expect(changed?.passwordHash == .second)
            #expect(changed?.passwordChangedAt == .noon + .seconds(5))
            let letters = try await outbox.lease(atMost: 10, for: .seconds(60), at: .noon + .seconds(7)).map(\.letter)
            #expect(letters == [.passwordChanged(ann.id, language: "de")])
        }
    }

    @Test(arguments: Stores.all) func `store the same password in another form, and tell nobody`(store: Stores)
        async throws
    {
        try await store.use { users, outbox in
            let ann = try await users.add(.ann, at: .noon)
            #expect(try await users.rehash(ann.credentials, as: .second, at: .noon + .seconds(5)))
            let changed = try #require(try await users.user(id: ann.id))
            #expect(changed.passwordHash == .second)
            #expect(changed.passwordChangedAt == nil)
            #expect(changed.resetEpoch == ann.resetEpoch)
            #expect(try await outbox.depth().pending == 0)
            // Whoever comes later with what stood there before gives way.
            #expect(try await !users.rehash(ann.credentials, as: .first, at: .noon))
            #expect(try await users.replace(changed.credentials, with: .first, at: .noon))
            #expect(try await !users.rehash(changed.credentials, as: .second, at: .noon))
            let reset = try #require(try await users.user(id: ann.id))
            #expect(try await users.setDisabled(ann.id, true, at: .noon))
            #expect(try await !users.rehash(reset.credentials, as: .second, at: .noon))
        }
    }

    @Test(arguments: Stores.all) func `change a password once, however many try at the same time`(store: Stores)
        async throws
    {
        try await store.use { users, outbox in
            let ann = try await users.add(.ann, at: .noon)
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        try await users.replace(
                            ann.credentials, with: PasswordHash("$scrypt$\(number)"), tellingIn: nil, at: .noon)
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(wins == 1)
            #expect(try await outbox.depth().pending == 1)
        }
    }

    @Test(
        arguments: Stores.all,
        [
            User.ann.with(hash: "$scrypt$other"), User.ann.with(email: "ann@example.com "), User.ann.with(epoch: 1),
            User.ann.with(id: "2"), User.ann.with(id: "x"),
        ])
    func `refuse credentials that are no longer theirs`(store: Stores, other: User) async throws {
        try await store.use { users, outbox in
            let ann = try await users.add(
                NewUser(email: User.ann.email, passwordHash: User.ann.passwordHash, isVerified: true), at: .noon)
            try await outbox.record("ann@example.com")
            #expect(try await !users.replace(other.credentials, with: .second, tellingIn: nil, at: .noon))
            #expect(try await !users.revokeLinks(other.credentials, by: .visitor, at: .noon))
            #expect(try await users.user(id: ann.id) == ann)
            #expect(try await outbox.depth().pending == 1)
        }
    }

    @Test(arguments: Stores.all) func `lose their pending requests when the password changes`(store: Stores)
        async throws
    {
        try await store.use { users, outbox in
            let ann = try await users.add(.ann, at: .noon)
            try await outbox.record("ANN@example.com")
            try await outbox.record("bob@example.org")
            #expect(try await users.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon))
            #expect(try await Set(outbox.leaseAddresses()) == ["bob@example.org", "user 1"])
        }
    }

    @Test(arguments: Stores.all) func `lose pending and leased requests when links are revoked`(store: Stores)
        async throws
    {
        try await store.use { users, outbox in
            let ann = try await users.add(.ann, at: .noon)
            try await outbox.record("ann@example.com")
            let leases = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon)
            try await outbox.record("Ann@Example.com")
            #expect(try await users.revokeLinks(ann.credentials, by: .visitor, at: .noon))
            #expect(try await users.user(id: ann.id)?.resetEpoch == 1)
            #expect(try await !outbox.settle(leases[0], of: ann.id, as: .later(at: .noon, reason: "slow"), at: .noon))
            #expect(try await outbox.leaseAddresses(at: .noon + .seconds(3600)).isEmpty)
            #expect(try await !users.revokeLinks(ann.credentials, by: .visitor, at: .noon))
        }
    }

    @Test(arguments: Stores.all) func `are found for many letters at once`(store: Stores) async throws {
        try await store.use { users, _ in
            let (ann, bob) = (try await users.add(.ann, at: .noon), try await users.add(.bob, at: .noon))
            let letters: [PromisedMessage] = [
                .resetLink(ResetRequest(email: EmailAddress(stored: "BOB@example.org"))), .passwordChanged(ann.id),
                .resetLink(ResetRequest(email: EmailAddress(stored: "nobody@example.com"))),
                .passwordChanged(UserID("99")), .passwordChanged(UserID("x")), .resetLink(ResetRequest(email: .ann)),
            ]
            #expect(try await users.users(for: letters) == [[bob], [ann], [], [], [], [ann]])
            #expect(try await users.users(for: []).isEmpty)
        }
    }

    @Test(arguments: Stores.all) func `are disabled and enabled`(store: Stores) async throws {
        try await store.use { users, _ in
            let ann = try await users.add(.ann, at: .noon)
            #expect(try await users.setDisabled(ann.id, true, at: .noon + .seconds(1)))
            #expect(try await users.user(id: ann.id)?.disabledAt == .noon + .seconds(1))
            #expect(try await users.setDisabled(ann.id, false, at: .noon + .seconds(2)))
            #expect(try await users.user(id: ann.id)?.disabledAt == nil)
            #expect(try await !users.setDisabled(UserID("7"), true, at: .noon))
        }
    }

    @Test(arguments: Stores.all) func `come back from being disabled without their old links`(store: Stores)
        async throws
    {
        try await store.use { users, _ in
            let ann = try await users.add(.ann, at: .noon)
            // Nothing to undo: links live on.
            #expect(try await users.setDisabled(ann.id, false, at: .noon))
            #expect(try await users.user(id: ann.id) == ann)
            #expect(try await users.setDisabled(ann.id, true, at: .noon))
            #expect(try await users.setDisabled(ann.id, false, at: .noon))
            let enabled = try #require(try await users.user(id: ann.id))
            #expect(enabled.resetEpoch == ann.resetEpoch + 1)
            #expect(try await !users.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon))
            #expect(try await users.replace(enabled.credentials, with: .second, tellingIn: nil, at: .noon))
        }
    }

    @Test(arguments: Stores.all) func `keep their password if they are disabled while it is being reset`(store: Stores)
        async throws
    {
        try await store.use { users, outbox in
            let ann = try await users.add(.ann, at: .noon)
            #expect(try await users.setDisabled(ann.id, true, at: .noon))
            #expect(try await !users.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon))
            #expect(try await users.user(id: ann.id)?.passwordHash == .first)
            #expect(try await outbox.depth().pending == 0)
        }
    }
}
