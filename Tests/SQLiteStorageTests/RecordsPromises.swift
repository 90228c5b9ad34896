/// What every implementation of `AccountRecords`, and of mailings, promises.
import Keyturn
import PasswordHashing
import TestKit
import Testing

@Suite struct `Accounts that operators and the app write` {
    private func edit(_ user: User, _ wish: AccountWish) throws -> AccountEdit {
        try #require(AccountEdit(of: user, to: wish, by: .operator, at: .noon))
    }

    @Test(arguments: Stores.all) func `take an edit once for one set of credentials`(store: Stores) async throws {
        try await store.open { store in
            let ann = try await store.accounts.add(.ann, at: .noon)
            let id = try ExternalID(parsing: "u/1")
            let edit = try edit(
                ann,
                AccountWish(
                    email: EmailAddress(stored: "ann@example.net"), hash: .second, isVerified: false, isDisabled: true,
                    externalID: id))
            let later = Timestamp.noon + .seconds(5)
            #expect(try await store.records.edit([edit, edit], at: later) == [.written, .changedMeanwhile])
            let found = try #require(try await store.records.user(externalID: id))
            #expect(found.id == ann.id && found.email.text == "ann@example.net" && found.passwordHash == .second)
            #expect(!found.isVerified && found.disabledAt == later && found.passwordChangedAt == later)
            #expect(found.resetEpoch == 1 && found.sessionEpoch == 1)
            #expect(try await store.accounts.user(email: .ann) == nil)
            #expect(try await store.records.user(externalID: ExternalID(parsing: "u")) == nil)
        }
    }

    @Test(arguments: Stores.all) func `keep addresses and external ids apart`(store: Stores) async throws {
        try await store.open { store in
            let ann = try await store.accounts.add(.ann, at: .noon)
            let bob = try await store.accounts.add(.bob, at: .noon)
            let id = try ExternalID(parsing: "one")
            let given = try edit(ann, AccountWish(externalID: id))
            #expect(try await store.records.edit([given], at: .noon) == [.written])
            let taken = [
                try edit(bob, AccountWish(email: EmailAddress(stored: "ANN@example.com"))),
                try edit(bob, AccountWish(externalID: id)),
            ]
            #expect(try await store.records.edit(taken, at: .noon) == [.emailTaken, .externalIDTaken])
            #expect(try await store.accounts.user(id: bob.id) == bob)
        }
    }

    @Test(arguments: Stores.all) func `expire until a password is set`(store: Stores) async throws {
        try await store.open { store in
            let ann = try await store.accounts.add(.ann, at: .noon)
            let expiry = try #require(AccountEdit.expiry(of: ann, mailingEvery: nil, by: .operator, at: .noon))
            #expect(try await store.records.edit([expiry], at: .noon) == [.written])
            let expired = try #require(try await store.accounts.user(id: ann.id))
            #expect(expired.expiredAt == .noon && expired.resetEpoch == 1)
            #expect(try await store.accounts.replace(expired.credentials, with: .second, at: .noon))
            #expect(try await store.accounts.user(id: ann.id)?.expiredAt == nil)
        }
    }

    @Test(arguments: Stores.all) func `are mailed at a rate, outside the capacity, one of a kind each`(store: Stores)
        async throws
    {
        try await store.open(capacity: 1) { store in
            for number in 1...3 {
                let email = EmailAddress(stored: "user\(number)@example.com")
                let user = try await store.accounts.add(
                    NewUser(email: email, passwordHash: .first, isVerified: true), at: .noon)
                let expiry = try #require(
                    AccountEdit.expiry(of: user, mailingEvery: .seconds(1), by: .operator, at: .noon))
                #expect(try await store.records.edit([expiry], at: .noon) == [.written])
                let now = try #require(try await store.accounts.user(id: user.id))
                let again = try #require(
                    AccountEdit.expiry(of: now, mailingEvery: .seconds(1), by: .operator, at: .noon))
                #expect(try await store.records.edit([again], at: .noon) == [.written])
            }
            func leased(at now: Timestamp) async throws -> [String] {
                try await store.outbox.lease(atMost: 10, for: .seconds(60), at: now).map(\.typedAddress)
            }
            #expect(try await store.outbox.moveMailings(at: .noon) == .noon + .seconds(1))
            #expect(try await store.outbox.moveMailings(at: .noon) == .noon + .seconds(1))
            #expect(try await leased(at: .noon) == ["user 1"])
            #expect(try await store.outbox.moveMailings(at: .noon + .milliseconds(999)) == .noon + .seconds(1))
            #expect(try await leased(at: .noon + .milliseconds(999)) == [])
            // The seat is still there.
            try await store.requests.record(ResetRequest(email: .ann), at: .noon)
            // After a pause the last second is caught up, no more.
            #expect(try await store.outbox.moveMailings(at: .noon + .seconds(30)) == nil)
            #expect(try await leased(at: .noon + .seconds(30)) == ["user 2", "user 3"])
        }
    }

    @Test(arguments: Stores.all) func `tell the former address by a message of its own`(store: Stores) async throws {
        try await store.open { store in
            let ann = try await store.accounts.add(.ann, at: .noon)
            let moved = try edit(ann, AccountWish(email: EmailAddress(stored: "ann@example.net")))
            #expect(try await store.records.edit([moved], at: .noon) == [.written])
            let leases = try await store.outbox.lease(atMost: 10, for: .seconds(60), at: .noon)
            #expect(leases.map(\.letter) == [.emailChanged(ann.id, former: .ann)])
            #expect(try await store.accounts.users(for: leases.map(\.letter)).first?.map(\.id) == [ann.id])
        }
    }

    @Test(arguments: Stores.all) func `are erased with all that names them, and no other account is`(store: Stores)
        async throws
    {
        try await store.open { store in
            let ann = try await store.accounts.add(.ann, at: .noon)
            let bob = try await store.accounts.add(.bob, at: .noon)
            for user in [ann, bob] {
                #expect(try await store.accounts.replace(user.credentials, with: .second, at: .noon))
                let expired = try #require(try await store.accounts.user(id: user.id))
                let edit = try #require(
                    AccountEdit.expiry(of: expired, mailingEvery: .seconds(1), by: .operator, at: .noon))
                #expect(try await store.records.edit([edit], at: .noon) == [.written])
            }
            try await store.requests.record(ResetRequest(email: .ann), at: .noon)
            #expect(try await store.records.noticesWaiting(of: ann.id) == 2)
            let now = try #require(try await store.accounts.user(id: ann.id))
            let pseudonym = UserID("erased-1")
            let following = Consequences(
                of: .erased(pseudonym: pseudonym), to: now.credentials, by: .operator, at: .noon)
            // Credentials of before.
            #expect(
                try await !store.records.erase(ann.credentials, auditedAs: pseudonym, with: following, at: .noon))
            #expect(try await store.records.erase(now.credentials, auditedAs: pseudonym, with: following, at: .noon))
            #expect(try await store.accounts.user(id: ann.id) == nil)
            #expect(try await store.auditLog.trail(of: ann.id, limit: 10) == [])
            let kept = try await store.auditLog.trail(of: pseudonym, limit: 10).map(\.event)
            #expect(Set(kept) == ["password_reset", "password_expired", "erased"])
            let told = try await store.webhooks.lease(atMost: 10, for: .seconds(60), at: .noon).map(\.webhook)
            #expect(told.filter { $0.user == ann.id }.map(\.event) == [.userErased])
            #expect(told.count { $0.user == bob.id } == 2)
            let entries = try await store.operations.entries(.all, limit: 10)
            #expect(entries.allSatisfy { $0.user == bob.id } && entries.count == 1)
            _ = try await store.outbox.moveMailings(at: .noon + .seconds(5))
            #expect(try await store.operations.entries(.all, limit: 10).allSatisfy { $0.user == bob.id })
            #expect(try await store.records.removeTraces() == .none)
        }
    }
}
