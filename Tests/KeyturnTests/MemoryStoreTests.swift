/// The store of the tests keeps the promises that the tests build on.
import Keyturn
import PasswordHashing
import TestKit
import Testing

@Suite struct `The store in memory` {
    private let store = MemoryStore([.ann, .bob], capacity: 3)
    private let ann = ResetRequest(email: User.ann.email)
    private let bob = ResetRequest(email: User.bob.email)
    private let minute = Duration.seconds(60)

    @Test func `makes one letter of all requests of an address, and leases none beside it`() async throws {
        try await store.record(ann, at: noon)
        try await store.record(ResetRequest(email: EmailAddress(stored: "ANN@example.com")), at: noon + .seconds(5))
        let leases = try await store.lease(atMost: 9, for: minute, at: noon + .seconds(6))
        #expect(leases.map(\.id) == [2])
        #expect(leases.map(\.recordedAt) == [noon])
        try await store.record(ann, at: noon + .seconds(7))
        #expect(try await store.lease(atMost: 9, for: minute, at: noon + .seconds(8)) == [])
        #expect(try await store.settle(leases[0], of: nil, as: .delivered(messageID: nil), at: noon + .seconds(9)))
        #expect(try await store.lease(atMost: 9, for: minute, at: noon + .seconds(9)).map(\.id) == [3])
    }

    @Test func `takes a lease back when its time is over, and writes nothing for who had it`() async throws {
        try await store.record(ann, at: noon)
        let lost = try #require(try await store.lease(atMost: 1, for: minute, at: noon).first)
        #expect(try await store.nextDue() == noon + minute)
        #expect(try await store.lease(atMost: 1, for: minute, at: noon + .seconds(59)) == [])
        let taken = try #require(try await store.lease(atMost: 1, for: minute, at: noon + minute).first)
        #expect(try await !store.settle(lost, of: UserID("1"), as: .delivered(messageID: "x"), at: noon + minute))
        #expect(try await store.mailLog(of: UserID("1"), limit: 9) == [])
        #expect(try await store.settle(taken, of: UserID("1"), as: .delivered(messageID: "y"), at: noon + minute))
        #expect(try await store.resetMails(to: [UserID("1"), nil], since: noon) == [[noon + minute], []])
    }

    @Test func `keeps what is to be tried later and what failed`() async throws {
        try await store.record(ann, at: noon)
        let first = try #require(try await store.lease(atMost: 1, for: minute, at: noon).first)
        let later = Outcome.later(at: noon + .seconds(30), reason: "503")
        #expect(try await store.settle(first, of: UserID("1"), as: later, at: noon))
        #expect(try await store.lease(atMost: 1, for: minute, at: noon + .seconds(29)) == [])
        let second = try #require(try await store.lease(atMost: 1, for: minute, at: noon + .seconds(30)).first)
        #expect(second.attempts == 1)
        #expect(try await store.settle([Settlement(second, of: nil, as: .failed(reason: "400"))], at: noon) == [true])
        #expect(try await store.entries(.failed, limit: 9).map(\.lastReason) == ["400"])
        #expect(try await store.retry(.allFailed, at: noon + minute) == 1)
        #expect(try await store.lease(atMost: 1, for: minute, at: noon + minute).map(\.attempts) == [0])
    }

    @Test func `turns a key for one of those who saw the old one, and drops its requests`() async throws {
        try await store.record(ann, at: noon)
        try await store.record(bob, at: noon)
        #expect(try await store.replace(User.ann.credentials, with: PasswordHash("new"), at: noon))
        #expect(try await !store.replace(User.ann.credentials, with: PasswordHash("newer"), at: noon))
        #expect(store.letters == [.resetLink(bob), .passwordChanged(UserID("1"))])
        _ = try await store.lease(atMost: 1, for: minute, at: noon)
        #expect(try await store.revokeLinks(User.bob.credentials, by: .visitor, at: noon))
        #expect(store.letters == [.passwordChanged(UserID("1"))])
    }

    @Test func `is full at its capacity and says so`() async throws {
        for _ in 0..<3 { try await store.record(bob, at: noon) }
        await #expect(throws: OutboxRefused.full(capacity: 3)) { try await store.record(ann, at: noon) }
    }

    @Test func `has one account an address`() async throws {
        let again = NewUser(email: EmailAddress(stored: "ANN@example.com"), passwordHash: .unusable(), isVerified: true)
        await #expect(throws: AddUserFailed.exists) { try await store.add(again, at: noon) }
        let new = NewUser(email: EmailAddress(stored: "eve@example.com"), passwordHash: .unusable(), isVerified: false)
        #expect(try await store.add(new, at: noon).id == UserID("3"))
        #expect(try await store.list(after: UserID("1"), limit: 1) == [.bob])
    }
}
