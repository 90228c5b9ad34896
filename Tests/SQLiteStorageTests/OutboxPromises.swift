/// What every implementation of `Outbox` promises.
import Keyturn
import TestKit
import Testing

@Suite struct `An outbox, wherever it is stored` {
    @Test(arguments: Stores.all) func `hands out what was recorded, oldest first`(store: Stores) async throws {
        try await store.use { _, outbox in
            for (second, name) in ["one", "two", "three"].enumerated() {
                try await outbox.record("\(name)@example.com", at: .noon + .seconds(second))
            }
            let later = Timestamp.noon + .seconds(9)
            #expect(try await outbox.leaseAddresses(atMost: 2, at: later) == ["one@example.com", "two@example.com"])
            #expect(try await outbox.leaseAddresses(atMost: 2, at: later) == ["three@example.com"])
            #expect(try await outbox.leaseAddresses(atMost: 2, at: later).isEmpty)
        }
    }

    @Test(arguments: Stores.all) func `keeps the words of a request`(store: Stores) async throws {
        try await store.use { _, outbox in
            let request = ResetRequest(
                email: .ann, language: "de-CH", device: "Firefox on Linux",
                returnTo: "https://app.example.com/x")
            try await outbox.record(request, at: .noon)
            let lease = try #require(
                try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon + .seconds(1)).first)
            #expect(lease.letter == .resetLink(request))
            #expect(lease.attempts == 0 && lease.recordedAt == .noon && lease.expiresAt == .noon + .seconds(61))
        }
    }

    @Test(arguments: Stores.all) func `makes one row of all requests of an address`(store: Stores)
        async throws
    {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            try await outbox.record("bob@example.org", at: .noon + .seconds(1))
            try await outbox.record(
                ResetRequest(
                    email: EmailAddress(stored: "ANN@example.com"), language: "fr", returnTo: "https://a.example/"),
                at: .noon + .seconds(2))
            try await outbox.record("\u{212A}im@example.com", at: .noon + .seconds(3))
            try await outbox.record("kim@example.com", at: .noon + .seconds(4))
            let leases = try await outbox.lease(atMost: 10, for: .seconds(60), at: .noon + .seconds(5))
            #expect(
                leases.map(\.typedAddress) == [
                    "ANN@example.com", "bob@example.org", "\u{212A}im@example.com", "kim@example.com",
                ])
            #expect(leases[0].recordedAt == .noon)
            guard case .resetLink(let request) = leases[0].letter else { return #expect(Bool(false), "no link") }
            #expect(request.language == "fr" && request.returnTo == "https://a.example/")
            #expect(try await outbox.settle(leases[0], of: UserID("1"), as: .delivered(messageID: "m"), at: .noon))
            #expect(try await outbox.mailLog(of: UserID("1"), limit: 9).map(\.outcome) == ["delivered"])
            #expect(try await outbox.depth().leased == 3)
        }
    }

    @Test(arguments: Stores.all, [Outcome.delivered(messageID: nil), .skipped(.throttled), .failed(reason: "no")])
    func `starts again with a request that came while the address was leased`(store: Stores, outcome: Outcome)
        async throws
    {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            let first = try await outbox.lease(atMost: 10, for: .seconds(60), at: .noon)
            try await outbox.record(
                ResetRequest(email: EmailAddress(stored: "Ann@example.com"), language: "fr"), at: .noon + .seconds(1))
            #expect(try await outbox.leaseAddresses(at: .noon + .seconds(2)).isEmpty)
            #expect(try await outbox.settle(first[0], of: nil, as: outcome, at: .noon + .seconds(3)))
            let second = try await outbox.lease(atMost: 10, for: .seconds(60), at: .noon + .seconds(3))
            #expect(second.map(\.typedAddress) == ["Ann@example.com"])
            #expect(second.map(\.attempts) == [0] && second.map(\.recordedAt) == [.noon + .seconds(1)])
            #expect(try await outbox.settle(second[0], of: nil, as: .delivered(messageID: nil), at: .noon))
            #expect(try await outbox.entries(.all, limit: 9).isEmpty)
        }
    }

    @Test(arguments: Stores.all, [Outcome.later(at: .noon + .seconds(5), reason: "503"), .released(reason: nil)])
    func `makes a request that came while the address was leased part of the next attempt`(
        store: Stores, outcome: Outcome
    ) async throws {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            let first = try await outbox.lease(atMost: 10, for: .seconds(60), at: .noon)
            try await outbox.record("Ann@example.com", at: .noon + .seconds(1))
            #expect(try await outbox.settle(first[0], of: nil, as: outcome, at: .noon + .seconds(3)))
            let second = try await outbox.lease(atMost: 10, for: .seconds(60), at: .noon + .seconds(9))
            #expect(second.map(\.typedAddress) == ["Ann@example.com"] && second.map(\.recordedAt) == [.noon])
            #expect(try await outbox.settle(second[0], of: nil, as: .delivered(messageID: nil), at: .noon))
            #expect(try await outbox.entries(.all, limit: 9).isEmpty)
        }
    }

    @Test(arguments: Stores.all) func `makes a request part of the lease that follows an expired one`(store: Stores)
        async throws
    {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            _ = try await outbox.lease(atMost: 10, for: .seconds(60), at: .noon)
            try await outbox.record("Ann@example.com", at: .noon + .seconds(1))
            let second = try await outbox.lease(atMost: 10, for: .seconds(60), at: .noon + .seconds(60))
            #expect(second.map(\.typedAddress) == ["Ann@example.com"])
            #expect(try await outbox.settle(second[0], of: nil, as: .delivered(messageID: nil), at: .noon))
            #expect(try await outbox.entries(.all, limit: 9).isEmpty)
        }
    }

    @Test(arguments: Stores.all) func `merges a failed request into the open row of its address`(store: Stores)
        async throws
    {
        try await store.use { _, outbox in
            for second in 0..<2 {
                try await outbox.record("ann@example.com", at: .noon + .seconds(second))
                let lease = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon + .seconds(second))[0]
                #expect(try await outbox.settle(lease, of: nil, as: .failed(reason: "no"), at: .noon))
            }
            // Of two failed ones the newer becomes the open row.
            #expect(try await outbox.retry(.allFailed, at: .noon + .seconds(5)) == 2)
            #expect(try await outbox.entries(.all, limit: 9).map(\.id) == [OutboxID(2)])
            let lease = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon + .seconds(5))[0]
            #expect(try await outbox.settle(lease, of: nil, as: .failed(reason: "no"), at: .noon))
            try await outbox.record("ANN@example.com", at: .noon + .seconds(6))
            #expect(try await outbox.retry(.allFailed, at: .noon + .seconds(7)) == 1)
            #expect(try await outbox.entries(.all, limit: 9).map(\.email?.text) == ["ANN@example.com"])
        }
    }

    @Test(arguments: Stores.all) func `appends requests to intake, in their order and in their own words`(store: Stores)
        async throws
    {
        try await store.open { store in
            let requests = ["b@example.com", "a@example.com", "B@example.com"].map {
                ResetRequest(email: EmailAddress(stored: $0), language: "de-CH", device: "Firefox on Linux")
            }
            for (second, request) in requests.enumerated() {
                try await store.requests.record(request, at: .noon + .seconds(second))
            }
            let entries = try await store.outbox.intake(atMost: 10)
            #expect(entries.map(\.request) == requests)
            #expect(entries.map(\.request.email.text) == ["b@example.com", "a@example.com", "B@example.com"])
            #expect(entries.map(\.recordedAt) == [.noon, .noon + .seconds(1), .noon + .seconds(2)])
            #expect(try await store.outbox.intake(atMost: 2) == Array(entries.prefix(2)))
            #expect(try await store.operations.depth() == QueueDepth(pending: 3, leased: 0, failed: 0, oldest: .noon))
            #expect(try await store.outbox.lease(atMost: 10, for: .seconds(60), at: .noon + .seconds(9)).isEmpty)
            let seen = try await store.operations.entries(.address(EmailAddress(stored: "b@example.com")), limit: 9)
            #expect(seen.map(\.id) == [nil, nil] && seen.map(\.state) == [.pending, .pending])
        }
    }

    @Test(arguments: Stores.all) func `empties intake once, whole or not at all`(store: Stores) async throws {
        try await store.open { store in
            for name in ["a", "b", "c"] {
                try await store.requests.record(
                    ResetRequest(email: EmailAddress(stored: "\(name)@example.com")), at: .noon)
            }
            let entries = try await store.outbox.intake(atMost: 10)
            let joined = JoinedRequests.joining(entries)
            var following = Consequences.none
            following.add(skipped: .unverified, joined[1], of: UserID("7"), at: .noon)
            #expect(
                try await store.outbox.emptyIntake(
                    of: Array(entries.prefix(2)), queueing: [joined[0]], with: following, at: .noon))
            #expect(try await store.operations.mailLog(of: UserID("7"), limit: 9).map(\.outcome) == ["unverified"])
            // Another process had read the same rows: it writes nothing, not even for those that are still there.
            #expect(
                try await !store.outbox.emptyIntake(of: entries, queueing: joined, with: following, at: .noon))
            #expect(try await store.operations.mailLog(of: UserID("7"), limit: 9).count == 1)
            #expect(try await store.outbox.intake(atMost: 10) == [entries[2]])
            #expect(try await store.operations.depth().pending == 2)
        }
    }

    @Test(arguments: Stores.all) func `drops requests in intake when links are revoked`(store: Stores) async throws {
        try await store.open { store in
            let ann = try await store.accounts.add(.ann, at: .noon)
            for address in ["ANN@example.com", "bob@example.org"] {
                try await store.requests.record(ResetRequest(email: EmailAddress(stored: address)), at: .noon)
            }
            let entries = try await store.outbox.intake(atMost: 10)
            #expect(try await store.accounts.revokeLinks(ann.credentials, by: .visitor, at: .noon))
            // A worker that had read it before finds it gone.
            #expect(
                try await !store.outbox.emptyIntake(
                    of: entries, queueing: JoinedRequests.joining(entries), with: .none, at: .noon))
            #expect(try await store.outbox.intake(atMost: 10).map(\.request.email.text) == ["bob@example.org"])
        }
    }

    @Test(arguments: Stores.all) func `hands out again what was not settled in time`(store: Stores) async throws {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            let first = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon)
            #expect(try await outbox.nextDue() == .noon + .seconds(60))
            #expect(try await outbox.leaseAddresses(at: .noon + .milliseconds(59_999)).isEmpty)
            let second = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon + .seconds(60))
            #expect(second.count == 1 && second[0].token != first[0].token)
            for outcome in Outcome.examples {
                #expect(try await !outbox.settle(first[0], of: nil, as: outcome, at: .noon + .seconds(61)))
            }
            #expect(
                try await outbox.settle(second[0], of: nil, as: .delivered(messageID: nil), at: .noon + .seconds(61)))
            #expect(try await outbox.nextDue() == nil)
        }
    }

    @Test(arguments: Stores.all) func `has nothing wait for a clock that was set back`(store: Stores) async throws {
        try await store.use { _, outbox in
            for address in ["leased@example.com", "later@example.com", "new@example.com"] {
                try await outbox.record(address, at: .noon)
            }
            let leases = try await outbox.lease(atMost: 2, for: .seconds(60), at: .noon)
            let later = Outcome.later(at: .noon + .seconds(30), reason: "503")
            #expect(try await outbox.settle(leases[1], of: nil, as: later, at: .noon))

            let before = Timestamp.noon - .seconds(3600)
            #expect(try await outbox.leaseAddresses(at: before).isEmpty)
            try await outbox.clockSetBack(to: before, leasing: .seconds(60))
            #expect(try await outbox.stillHolds(leases[0]))
            #expect(
                try await Set(outbox.leaseAddresses(at: before)) == ["later@example.com", "new@example.com"])
            #expect(try await outbox.leaseAddresses(at: before + .milliseconds(59_999)).isEmpty)
            #expect(
                try await Set(outbox.leaseAddresses(at: before + .seconds(60))).contains("leased@example.com"))
        }
    }

    @Test(arguments: Stores.all) func `tells whether a lease still holds`(store: Stores) async throws {
        try await store.use { users, outbox in
            let ann = try await users.add(.ann, at: .noon)
            func lease() async throws -> Lease {
                try await outbox.record("ANN@example.com")
                return try #require(try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon).first)
            }
            let settled = try await lease()
            #expect(try await outbox.stillHolds(settled))
            #expect(try await outbox.settle(settled, of: ann.id, as: .delivered(messageID: nil), at: .noon))
            #expect(try await !outbox.stillHolds(settled))
            let revoked = try await lease()
            #expect(try await users.revokeLinks(ann.credentials, by: .visitor, at: .noon))
            #expect(try await !outbox.stillHolds(revoked))
            let reset = try await lease()
            let now = try #require(try await users.user(id: ann.id))
            #expect(try await users.replace(now.credentials, with: .second, tellingIn: nil, at: .noon))
            #expect(try await !outbox.stillHolds(reset))
            let notice = try #require(try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon).first)
            #expect(notice.letter == .passwordChanged(ann.id))
            #expect(try await outbox.stillHolds(notice))
            #expect(try await outbox.purge(.id(notice.id)) == 1)
            #expect(try await !outbox.stillHolds(notice))
        }
    }

    @Test(arguments: Stores.all) func `settles an expired lease that nobody took`(store: Stores) async throws {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            let lease = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
            #expect(try await outbox.settle(lease, of: nil, as: .delivered(messageID: nil), at: .noon + .seconds(90)))
            #expect(try await outbox.entries(.all, limit: 9).isEmpty)
        }
    }

    @Test(arguments: Stores.all, Outcome.examples) func `settles once`(store: Stores, outcome: Outcome) async throws {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            let lease = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
            #expect(try await outbox.settle(lease, of: nil, as: outcome, at: .noon))
            #expect(try await !outbox.settle(lease, of: nil, as: outcome, at: .noon))
        }
    }

    @Test(arguments: Stores.all) func `waits until a postponed letter is due, and counts the attempt`(store: Stores)
        async throws
    {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            let lease = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
            let due = Timestamp.noon + .seconds(7)
            #expect(try await outbox.settle(lease, of: UserID("1"), as: .later(at: due, reason: "503"), at: .noon))
            #expect(try await outbox.nextDue() == due)
            #expect(try await outbox.entries(.all, limit: 1).first?.lastReason == "503")
            #expect(try await outbox.leaseAddresses(at: due - .milliseconds(1)).isEmpty)
            let next = try await outbox.lease(atMost: 1, for: .seconds(60), at: due)
            #expect(next.map(\.attempts) == [1])
            #expect(next.map(\.recordedAt) == [.noon])
            #expect(
                try await outbox.mailLog(of: UserID("1"), limit: 9)
                    == [MailLogEntry(at: .noon, kind: .resetLink, outcome: "later", detail: "503")])
        }
    }

    @Test(arguments: Stores.all) func `lets an address wait with its letter that got no answer`(store: Stores)
        async throws
    {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            let first = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
            #expect(first.lostAnswers == 0)
            try await outbox.record("Ann@example.com", at: .noon + .seconds(1))
            let again = Timestamp.noon + .seconds(70)
            let lost = Outcome.answerLost(again: again, reason: "answer_lost: x", isCutOff: false)
            #expect(try await outbox.settle(first, of: UserID("1"), as: lost, at: .noon + .seconds(10)))
            try await outbox.record("ANN@example.com", at: .noon + .seconds(20))
            try await outbox.record("bob@example.org", at: .noon + .seconds(21))
            let others = try await outbox.lease(atMost: 9, for: .seconds(60), at: again - .milliseconds(1))
            #expect(others.map(\.typedAddress) == ["bob@example.org"])
            #expect(try await outbox.settle(others[0], of: nil, as: .delivered(messageID: nil), at: again))
            #expect(try await outbox.nextDue() == again)
            let second = try await outbox.lease(atMost: 9, for: .seconds(60), at: again)
            #expect(second.map(\.typedAddress) == ["ANN@example.com"])
            #expect(second.map(\.lostAnswers) == [1] && second.map(\.attempts) == [1])
            // Cut off by us: the answer is lost, and the attempt not the provider's.
            let cut = Outcome.answerLost(again: again + .seconds(60), reason: "answer_lost: y", isCutOff: true)
            #expect(try await outbox.settle(second[0], of: UserID("1"), as: cut, at: again))
            let third = try await outbox.lease(atMost: 9, for: .seconds(60), at: again + .seconds(60))
            #expect(third.map(\.typedAddress) == ["ANN@example.com"])
            #expect(third.map(\.lostAnswers) == [2] && third.map(\.attempts) == [1])
            let last = Outcome.answerLost(again: nil, reason: "answer_lost: z", isCutOff: false)
            #expect(try await outbox.settle(third[0], of: UserID("1"), as: last, at: again + .seconds(61)))
            let failed = try await outbox.entries(.failed, limit: 9)
            #expect(failed.map(\.lastReason) == ["answer_lost: z"])
            #expect(
                try await outbox.mailLog(of: UserID("1"), limit: 9).map(\.outcome)
                    == ["failed", "answer_lost", "answer_lost", "answer_lost"])
            // An operator lets it be tried again: at once, and with what the budget holds for a letter on its way.
            #expect(try await outbox.retry(.allFailed, at: again + .seconds(62)) == 1)
            let retried = try await outbox.lease(atMost: 9, for: .seconds(60), at: again + .seconds(62))
            #expect(retried.map(\.lostAnswers) == [1] && retried.map(\.attempts) == [0])
        }
    }

    @Test(arguments: Stores.all) func `keeps the minute of a letter that got no answer when the clock is set back`(
        store: Stores
    ) async throws {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            let lease = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
            let lost = Outcome.answerLost(again: .noon + .seconds(60), reason: "answer_lost", isCutOff: false)
            #expect(try await outbox.settle(lease, of: nil, as: lost, at: .noon))
            let before = Timestamp.noon - .seconds(3600)
            try await outbox.clockSetBack(to: before, leasing: .seconds(60))
            #expect(try await outbox.leaseAddresses(at: before + .milliseconds(59_999)).isEmpty)
            #expect(try await outbox.leaseAddresses(at: before + .seconds(60)) == ["ann@example.com"])
        }
    }

    @Test(arguments: Stores.all) func `lets letters age from the last refusal of the key on`(store: Stores) async throws
    {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            try await outbox.record("bob@example.org", at: .noon)
            let lease = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
            #expect(lease.agesFrom == .noon)
            let later = Timestamp.noon + .seconds(90_000)
            #expect(try await outbox.settle(lease, of: nil, as: .refused(reason: "401: no"), at: later))
            #expect(try await outbox.entries(.address(.ann), limit: 9).map(\.lastReason) == ["401: no"])
            try await outbox.record("new@example.com", at: later + .seconds(5))
            let leases = try await outbox.lease(atMost: 9, for: .seconds(60), at: later + .seconds(9))
            #expect(leases.map(\.agesFrom) == [later, later, later + .seconds(5)])
            #expect(leases.map(\.recordedAt) == [.noon, .noon, later + .seconds(5)])
            #expect(leases.map(\.attempts) == [0, 0, 0])
        }
    }

    @Test(arguments: Stores.all) func `takes a released letter back without counting it`(store: Stores) async throws {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            let lease = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon)[0]
            #expect(
                try await outbox.settle(
                    lease, of: UserID("1"), as: .released(reason: "401: no"), at: .noon + .seconds(1)))
            let next = try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon + .seconds(1))
            #expect(next.map(\.attempts) == [0])
            #expect(try await outbox.mailLog(of: UserID("1"), limit: 9).isEmpty)
            // Why nothing was sent stays to be read, whoever releases it next.
            #expect(try await outbox.settle(next[0], of: nil, as: .released(reason: nil), at: .noon + .seconds(2)))
            #expect(try await outbox.entries(.all, limit: 9).map(\.lastReason) == ["401: no"])
        }
    }

    @Test(arguments: Stores.all) func `keeps a failed letter until it is retried or purged`(store: Stores) async throws
    {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com", at: .noon)
            try await outbox.record("bob@example.org", at: .noon)
            for lease in try await outbox.lease(atMost: 2, for: .seconds(60), at: .noon) {
                #expect(try await outbox.settle(lease, of: nil, as: .failed(reason: "refused"), at: .noon))
            }
            #expect(try await outbox.leaseAddresses(at: .noon + .seconds(999)).isEmpty)
            let failed = try await outbox.entries(.failed, limit: 9)
            #expect(failed.map(\.lastReason) == ["refused", "refused"])
            #expect(failed.map(\.state) == [.failed, .failed])
            let later = Timestamp.noon + .seconds(1000)
            #expect(try await outbox.retry(.id(try #require(failed[0].id)), at: later) == 1)
            let again = try await outbox.lease(atMost: 9, for: .seconds(60), at: later)
            #expect(again.map(\.typedAddress) == ["ann@example.com"])
            #expect(again.map(\.attempts) == [0] && again.map(\.recordedAt) == [later])
            #expect(try await outbox.purge(.allFailed) == 1)
            #expect(try await outbox.retry(.allFailed, at: later) == 0)
            #expect(try await outbox.purge(.address(.ann)) == 1)
            #expect(try await outbox.entries(.all, limit: 9).isEmpty)
        }
    }

    @Test(arguments: Stores.all) func `refuses what is over its capacity, and takes more once there is room`(
        store: Stores
    )
        async throws
    {
        try await store.use(capacity: 3) { _, outbox in
            for number in 1...3 { try await outbox.record("user\(number)@example.com") }
            await #expect(throws: OutboxRefused.full(capacity: 3)) { try await outbox.record("user4@example.com") }
            let leases = try await outbox.lease(atMost: 3, for: .seconds(60), at: .noon)
            await #expect(throws: OutboxRefused.full(capacity: 3)) { try await outbox.record("user4@example.com") }
            #expect(try await outbox.settle(leases[0], of: nil, as: .failed(reason: "no"), at: .noon))
            try await outbox.record("user4@example.com")
            await #expect(throws: OutboxRefused.full(capacity: 3)) { try await outbox.record("user5@example.com") }
        }
    }

    @Test(arguments: Stores.all) func `settles several in one go, each for itself`(store: Stores) async throws {
        try await store.use { _, outbox in
            for name in ["a", "b", "c"] { try await outbox.record("\(name)@example.com") }
            let leases = try await outbox.lease(atMost: 3, for: .seconds(60), at: .noon)
            #expect(try await outbox.settle(leases[1], of: nil, as: .delivered(messageID: nil), at: .noon))
            let all = leases.map { Settlement($0, of: nil, as: .skipped(.unknownAddress)) }
            #expect(try await outbox.settle(all, at: .noon) == [true, false, true])
        }
    }

    @Test(arguments: Stores.all) func `tells when reset links were mailed to a user`(store: Stores) async throws {
        try await store.use { users, outbox in
            let ann = try await users.add(.ann, at: .noon)
            let outcomes: [(Int, Outcome)] = [
                (0, .delivered(messageID: "m0")), (10, .skipped(.throttled)), (20, .delivered(messageID: "m1")),
                (30, .failed(reason: "no")), (40, .delivered(messageID: "m2")),
                (50, .answerLost(again: nil, reason: "answer_lost: x", isCutOff: false)),
            ]
            for (second, outcome) in outcomes {
                let now = Timestamp.noon + .seconds(second)
                try await outbox.record("ann@example.com", at: now)
                let lease = try await outbox.lease(atMost: 1, for: .seconds(60), at: now)[0]
                #expect(try await outbox.settle(lease, of: ann.id, as: outcome, at: now))
            }
            #expect(
                try await outbox.resetMails(to: [ann.id, nil, UserID("2"), UserID("x")], since: .noon + .seconds(20))
                    == [[.noon + .seconds(20), .noon + .seconds(40), .noon + .seconds(50)], [], [], []])
            #expect(
                try await outbox.mailLog(of: ann.id, limit: 4).map(\.outcome)
                    == ["failed", "answer_lost", "delivered", "failed"])
        }
    }

    @Test(arguments: Stores.all) func `keeps each report once, beside the letter it is about`(store: Stores)
        async throws
    {
        try await store.use { users, outbox in
            let ann = try await users.add(.ann, at: .noon)
            func report(_ id: String, _ row: Int64, _ message: String, _ second: Int) -> MailReport {
                MailReport(
                    id: id, kind: .bounced, at: .noon + .seconds(second), outboxID: OutboxID(row), messageID: message,
                    reason: "550 no")
            }
            // Before the outcome is written: who takes a mail may be quicker than we are.
            let early = report("early", 1, "m1.filter", 5)
            #expect(try await outbox.note([early, early], at: .noon) == [early])
            #expect(try await outbox.reports(limit: 9) == [KeptReport(early, of: nil)])
            for (row, message) in [(1, "m1"), (2, "m2")] {
                let now = Timestamp.noon + .seconds(row)
                try await outbox.record("ann@example.com", at: now)
                let lease = try await outbox.lease(atMost: 1, for: .seconds(60), at: now)[0]
                #expect(lease.id == OutboxID(Int64(row)))
                #expect(try await outbox.settle(lease, of: ann.id, as: .delivered(messageID: message), at: now))
            }
            let foreign = report("foreign", 2, "m7.filter", 6), late = report("late", 2, "m2.filter", 7)
            #expect(try await outbox.note([early, foreign, late], at: .noon) == [foreign, late])
            #expect(
                try await outbox.reports(limit: 2) == [KeptReport(late, of: ann.id), KeptReport(foreign, of: nil)])
            let log = try await outbox.mailLog(of: ann.id, limit: 9)
            #expect(log.map(\.outcome) == ["bounced", "bounced", "delivered", "delivered"])
            #expect(log.map(\.detail) == ["550 no", "550 no", "m2", "m1"])
            #expect(try await outbox.mailLog(of: ann.id, limit: 1) == [log[0]])
            #expect(try await outbox.resetMails(to: [ann.id], since: .noon)[0].count == 2)
        }
    }

    @Test(arguments: Stores.all) func `shows an operator what concerns one person`(store: Stores) async throws {
        try await store.open { store in
            let (users, outbox) = (store.accounts, TestedOutbox(store))
            let ann = try await users.add(.ann, at: .noon)
            #expect(try await users.replace(ann.credentials, with: .second, tellingIn: nil, at: .noon))
            try await outbox.record("ANN@example.com")
            try await outbox.record("bob@example.org")
            #expect(try await outbox.entries(.user(ann.id), limit: 9).map(\.kind) == [.passwordChanged, .resetLink])
            #expect(try await outbox.entries(.address(.ann), limit: 9).map(\.kind) == [.passwordChanged, .resetLink])
            #expect(try await outbox.entries(.address(.bob), limit: 9).map(\.kind) == [.resetLink])
            #expect(try await outbox.entries(.pending, limit: 2).count == 2)
            try await store.requests.record(ResetRequest(email: .ann), at: .noon)
            // Page by page it is the whole list.
            for filter in [OutboxFilter.all, .pending, .user(ann.id), .address(.ann), .failed] {
                let whole = try await outbox.entries(filter, limit: 9)
                var (paged, last): ([OutboxEntry], OutboxPosition?) = ([], nil)
                while let next = try await store.operations.entries(filter, after: last, limit: 1).first {
                    paged.append(next)
                    last = next.position
                }
                #expect(paged == whole)
            }
            #expect(try await outbox.depth() == QueueDepth(pending: 4, leased: 0, failed: 0, oldest: .noon))
        }
    }

    @Test(arguments: Stores.all) func `announces what arrives`(store: Stores) async throws {
        try await store.use { _, outbox in
            try await outbox.record("ann@example.com")
            try await outbox.record("bob@example.org")
            var arrivals = outbox.arrivals.makeAsyncIterator()
            #expect(await arrivals.next() != nil)
        }
    }
}

extension Outcome {
    static let examples: [Outcome] = [
        .delivered(messageID: "m"), .skipped(.unverified), .later(at: .noon + .seconds(5), reason: "503"),
        .failed(reason: "400"), .released(reason: nil), .refused(reason: "401"),
        .answerLost(again: .noon + .seconds(60), reason: "answer_lost", isCutOff: false),
        .answerLost(again: nil, reason: "answer_lost", isCutOff: false),
    ]
}
