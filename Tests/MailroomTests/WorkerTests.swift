import Keyturn
import TestKit
import Testing

@testable import Mailroom

@Suite struct `The worker` {
    @Test func `mails a link to the stored address, not the one typed`() async throws {
        let house = try Mailhouse()
        try await house.ask("ANN@EXAMPLE.COM")
        #expect(try await house.work(until: house.isEmpty))
        let letter = try #require(house.carrier.letters.first)
        #expect(house.carrier.letters.count == 1)
        #expect(letter.to.email.text == "Ann@example.com")
        #expect(try await house.outcomes(of: .ann) == ["delivered"])
    }

    @Test func `signs a link that opens the account it was mailed for`() async throws {
        let house = try Mailhouse()
        try await house.ask("ann@example.com")
        try await house.work(until: house.isEmpty)
        let text = try #require(house.carrier.letters.first?.text)
        let line = try #require(
            text.split(separator: "\n").first { $0.hasPrefix("https://example.com/reset-password?token=") })
        let token = String(line.dropFirst("https://example.com/reset-password?token=".count))
        let claimed = try house.links.read(token, at: .noon)
        #expect(
            try house.links.verify(claimed, for: User.ann.credentials, at: .noon).expiresAt == .noon + .seconds(1800))
    }

    @Test(
        arguments: [
            ("nobody@example.com", User?.none, nil), ("uma@example.com", .unverifiedUma, "unverified"),
            ("dan@example.com", .disabledDan, "disabled"),
        ] as [(String, User?, String?)])
    func `is silent where nobody may get mail, and says why to the operator`(
        address: String, user: User?, reason: String?
    ) async throws {
        let house = try Mailhouse()
        try await house.ask(address)
        #expect(try await house.work(until: house.isEmpty))
        #expect(house.carrier.letters.isEmpty)
        if let user, let reason { #expect(try await house.outcomes(of: user) == [reason]) }
    }

    private static func passwordless(_ way: WithoutPassword) -> User {
        User(
            id: UserID("5"), email: EmailAddress(stored: "sso@example.com"), passwordHash: User.ann.passwordHash,
            emailVerifiedAt: .longAgo, createdAt: .longAgo, passwordChangedAt: nil, resetEpoch: 0, disabledAt: nil,
            withoutPassword: way)
    }

    @Test func `tells an account that signs in another way so, without a link and under the same budget`() async throws
    {
        let user = Self.passwordless(.tell)
        let house = try Mailhouse([user], budgetBurst: 1)
        try await house.ask("sso@example.com")
        var asked = 1
        try await house.work(forAtMost: .seconds(300)) {
            guard try await house.isEmpty() else { return false }
            guard asked == 1 else { return true }
            asked += 1
            try await house.ask("sso@example.com")
            return false
        }
        #expect(try await house.outcomes(of: user) == ["delivered", "throttled"])
        let letter = try #require(house.carrier.letters.first)
        #expect(house.carrier.letters.count == 1)
        #expect(letter.text.contains("This account has no password"))
        #expect(!letter.text.contains("token=") && !letter.html.contains("token="))
    }

    @Test func `mails nothing to an account that signs in another way, if it is to be skipped`() async throws {
        let user = Self.passwordless(.skip)
        let house = try Mailhouse([user])
        try await house.ask("sso@example.com")
        #expect(try await house.work(until: house.isEmpty))
        #expect(house.carrier.letters.isEmpty)
        #expect(try await house.outcomes(of: user) == ["no_password"])
    }

    /// Asks for a link whenever none waits, for less time than the budget takes to grow.
    private func askWithoutPause(_ house: Mailhouse) async throws {
        try await house.work(forAtMost: .seconds(590)) {
            let depth = try await house.store.depth()
            if depth.pending + depth.leased == 0 { try await house.ask("ann@example.com") }
            return false
        }
    }

    @Test func `mails an account no more than its budget`() async throws {
        let house = try Mailhouse(budgetBurst: 2)
        try await askWithoutPause(house)
        #expect(house.carrier.letters.count == 2)
        #expect(try await house.outcomes(of: .ann).last == "throttled")
        // A provider that takes letters and says nothing is no way around it: what may have been mailed counts as mailed.
        let silent = try Mailhouse(budgetBurst: 2, takes: .seconds(12)) { _, number in
            number == 1 ? .delivered(messageID: "m") : .answerLost(reason: "waiting: timed out")
        }
        try await askWithoutPause(silent)
        #expect(silent.carrier.letters.count == 1 + LostAnswers.attemptsMax)
        #expect(Set(silent.carrier.letters.dropFirst().map(\.outboxID)).count == 1)
        #expect(try await silent.outcomes(of: .ann).last == "throttled")
    }

    @Test(arguments: [LetterKind.resetLink, .passwordChanged])
    func `tries a letter that got no answer twice more, a minute apart, and then keeps it as failed`(kind: LetterKind)
        async throws
    {
        let house = try Mailhouse(budgetBurst: 1, takes: .seconds(12)) { _, number in
            number <= 5 ? .answerLost(reason: "waiting: timed out") : .delivered(messageID: "m")
        }
        if kind == .resetLink {
            try await house.ask("ann@example.com")
        } else {
            _ = try await house.store.replace(User.ann.credentials, with: User.bob.passwordHash, at: .noon)
        }
        // Looked at when it has failed; then an operator lets it be tried again, twice.
        var whenFailed: [(entry: OutboxEntry, outcomes: [String], carried: Int, at: Timestamp)] = []
        var retried = 0
        let isDone = try await house.work {
            if let entry = try await house.store.entries(.failed, limit: 1).first {
                let outcomes = try await house.outcomes(of: .ann)
                whenFailed.append((entry, outcomes, house.carrier.letters.count, house.time.now))
                retried += try await house.store.retry(.allFailed, at: house.time.now)
            }
            return house.store.letters.isEmpty
        }
        #expect(isDone && retried == 2)
        #expect(Set(house.carrier.letters.map(\.kind)) == [kind])
        #expect(Array(house.carrier.carried.map(\.at).prefix(3)) == [0, 72, 144].map { .noon + .seconds($0) })
        #expect(whenFailed.map(\.carried) == [3, 5])
        let first = try #require(whenFailed.first)
        #expect(first.entry.attempts == 3 && first.at == .noon + .seconds(156))
        #expect(first.entry.lastReason == "answer_lost: waiting: timed out")
        #expect(first.outcomes == ["answer_lost", "answer_lost", "answer_lost", "failed"])
        // The budget is spent, and the operator's word holds all the same.
        #expect(try await house.outcomes(of: .ann).last == "delivered")
        #expect(house.carrier.letters.count == 6)
    }

    @Test func `does not hurry a letter that got no answer because its reader asks again`() async throws {
        let house = try Mailhouse { _, number in
            number == 1 ? .answerLost(reason: "waiting: closed") : .delivered(messageID: nil)
        }
        try await house.ask("ann@example.com")
        var asked = 1
        #expect(
            try await house.work {
                if asked < 4, house.carrier.letters.count == 1, house.time.now >= .noon + .seconds(10 * asked) {
                    asked += 1
                    try await house.ask("ann@example.com", device: "number \(asked)")
                }
                return house.store.letters.isEmpty
            })
        #expect(house.carrier.carried.map(\.at) == [.noon, .noon + .seconds(60)])
        // One row, in the newest words.
        #expect(house.carrier.letters.map(\.outboxID) == [OutboxID(1), OutboxID(1)])
        #expect(house.carrier.letters.last?.text.contains("number 4") == true)
    }

    @Test func `counts no attempt that did not hand the letter over, and goes on for its age`() async throws {
        let house = try Mailhouse(budgetBurst: 1) { _, number in
            number <= 20 ? .unreachable(reason: "sending: timed out") : .delivered(messageID: nil)
        }
        try await house.ask("ann@example.com")
        #expect(try await house.work(until: house.isEmpty))
        #expect(house.carrier.letters.count == 21)
        #expect(try await house.outcomes(of: .ann).last == "delivered")
    }

    @Test func `does not count the letter about a changed password against the budget`() async throws {
        let house = try Mailhouse(budgetBurst: 0)
        _ = try await house.store.replace(User.ann.credentials, with: User.bob.passwordHash, at: .noon)
        #expect(try await house.work(until: house.isEmpty))
        #expect(house.carrier.letters.map(\.kind) == [.passwordChanged])
        #expect(house.carrier.letters.first?.subject == "Your keyturn password was changed")
    }

    @Test func `tells of a changed password in the language of whoever changed it`() async throws {
        let house = try Mailhouse()
        let (ann, bob) = (User.ann, User.bob)
        _ = try await house.store.replace(ann.credentials, with: bob.passwordHash, tellingIn: "de", at: .noon)
        _ = try await house.store.replace(bob.credentials, with: ann.passwordHash, tellingIn: "sv", at: .noon)
        #expect(try await house.work(until: house.isEmpty))
        #expect(
            Set(house.carrier.letters.map(\.subject)) == [
                "Ihr Passwort für keyturn wurde geändert", "Your keyturn password was changed",
            ])
    }

    @Test func `tries again later, each time after twice as long, and not more than a minute`() async throws {
        let house = try Mailhouse { _, number in
            number < 9 ? .later(after: nil, reason: "503", pausesEverybody: false) : .delivered(messageID: nil)
        }
        try await house.ask("ann@example.com")
        #expect(try await house.work(until: house.isEmpty))
        let times = house.carrier.carried.map(\.at)
        let waits = zip(times.dropFirst(), times).map { ($0 - $1).wholeMilliseconds / 1000 }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60])
    }

    @Test func `waits as long as the provider says`() async throws {
        let house = try Mailhouse { _, number in
            number == 1
                ? .later(after: .seconds(37), reason: "503", pausesEverybody: false) : .delivered(messageID: nil)
        }
        try await house.ask("ann@example.com")
        #expect(try await house.work(until: house.isEmpty))
        #expect(house.carrier.carried.map(\.at) == [.noon, .noon + .seconds(37)])
    }

    @Test func `gives a letter up when it has been retried long enough, with the provider's last words`() async throws {
        let house = try Mailhouse(maximumAge: .seconds(300)) { _, _ in
            .later(after: nil, reason: "503: come back", pausesEverybody: false)
        }
        try await house.ask("ann@example.com")
        let failed = try await house.work { try await !house.store.entries(.failed, limit: 1).isEmpty }
        #expect(failed)
        let entry = try #require(try await house.store.entries(.failed, limit: 1).first)
        #expect(entry.state == .failed)
        let line = try #require(try await house.store.mailLog(of: User.ann.id, limit: 1).first)
        #expect(line.outcome == "failed")
        #expect(line.detail == "gave up after 5 minutes: 503: come back")
        #expect(house.time.now - .noon >= .seconds(300))
        #expect(house.time.now - .noon < .seconds(365))
    }

    @Test func `keeps a letter the provider refuses as failed, after one attempt`() async throws {
        let house = try Mailhouse { _, _ in .never(reason: "400: bad") }
        try await house.ask("ann@example.com")
        #expect(try await house.work { try await !house.store.entries(.failed, limit: 1).isEmpty })
        #expect(house.carrier.letters.count == 1)
        #expect(try await house.store.mailLog(of: User.ann.id, limit: 1).first?.detail == "400: bad")
    }

    @Test func `stands still while the key is refused, probes once a minute, and burns no letter`() async throws {
        let house = try Mailhouse(maximumAge: .seconds(60)) { _, number in
            number <= 4 ? .stop(reason: "401: no") : .delivered(messageID: nil)
        }
        try await house.ask("ann@example.com")
        #expect(try await house.work(forAtMost: .seconds(130)) { house.carrier.carried.count == 3 })
        #expect(house.worker.stoppedBecause == "401: no")
        let waits = zip(house.carrier.carried.dropFirst(), house.carrier.carried).map {
            ($0.at - $1.at).wholeMilliseconds / 1000
        }
        #expect(waits == [60, 60])
        let entry = try #require(try await house.store.entries(.all, limit: 1).first)
        #expect(entry.attempts == 0)
        #expect(entry.state == .pending)
    }

    @Test func `sends everything once the key is accepted, however long that took`() async throws {
        let people = (1...3).map { User.ann.with(id: "\($0)", email: "p\($0)@example.com") }
        // A probe a minute for more than a day; then a busy moment, which must not find letters too old for another attempt.
        let refusals = 25 * 60
        let house = try Mailhouse(people, parallel: 1, maximumAge: .seconds(600)) { _, number in
            switch number {
            case ...refusals: .stop(reason: "401: no")
            case ...(refusals + people.count): .later(after: nil, reason: "503", pausesEverybody: false)
            default: .delivered(messageID: nil)
            }
        }
        for person in people { try await house.ask(person.email.text) }
        #expect(try await house.work(forAtMost: .seconds(40 * 3600), until: house.isEmpty))
        #expect(house.time.now - .noon > .seconds(24 * 3600))
        #expect(house.worker.stoppedBecause == nil)
        for person in people { #expect(try await house.outcomes(of: person).last == "delivered") }
        #expect(house.carrier.delivered.count == people.count)
    }

    @Test(
        arguments: [
            (3600, 23, true), (3600, 25, false), (3 * 86_400, 25, true), (3 * 86_400, 71, true),
            (3 * 86_400, 73, false), (30 * 86_400, 719, true), (30 * 86_400, 721, false),
        ])
    func `sends what waited for no more than a day, or for as long as it may be tried`(
        maximumAge: Int, hours: Int, isSent: Bool
    ) async throws {
        let house = try Mailhouse(maximumAge: .seconds(maximumAge))
        let asked = house.time.now - .seconds(hours * 3600)
        try await house.store.record(ResetRequest(email: User.ann.email), at: asked)
        try await house.work { try await house.store.depth().pending + house.store.depth().leased == 0 }
        #expect(try await house.outcomes(of: .ann) == [isSent ? "delivered" : "failed"])
        #expect(house.carrier.letters.count == (isSent ? 1 : 0))
    }

    @Test func `asks a provider that does not answer with one letter at a time`() async throws {
        let people = (1...40).map { User.ann.with(id: "\($0)", email: "p\($0)@example.com") }
        let house = try Mailhouse(people, parallel: 3) { _, number in
            number <= 10 ? .unreachable(reason: "connecting") : .delivered(messageID: nil)
        }
        for number in 1...40 { try await house.ask("p\(number)@example.com") }
        #expect(try await house.work(until: house.isEmpty))
        let perSecond = Dictionary(grouping: house.carrier.carried.prefix(10)) {
            ($0.at - .noon).wholeMilliseconds / 1000
        }
        // Three in a row are enough; each of the other two couriers may have begun one more before the last of them was heard.
        #expect((3...5).contains(perSecond[0]?.count ?? 0))
        #expect(perSecond.filter { $0.key > 0 }.allSatisfy { $0.value.count == 1 })
        #expect(house.worker.stoppedBecause == nil)
    }

    @Test func `pauses everybody when the provider counts too many`() async throws {
        let people = (1...20).map { User.ann.with(id: "\($0)", email: "p\($0)@example.com") }
        let house = try Mailhouse(people, parallel: 1) { _, number in
            number == 1 ? .later(after: .seconds(30), reason: "429", pausesEverybody: true) : .delivered(messageID: nil)
        }
        for number in 1...20 { try await house.ask("p\(number)@example.com") }
        #expect(try await house.work(until: house.isEmpty))
        #expect(house.carrier.carried.filter { $0.at < .noon + .seconds(30) }.count == 1)
    }

    @Test(arguments: [1, 3, 8, 40]) func `delivers as many at once as it may, and not one more`(parallel: Int)
        async throws
    {
        let people = (1...40).map { User.ann.with(id: "\($0)", email: "p\($0)@example.com") }
        let house = try Mailhouse(people, takes: .seconds(1), parallel: parallel)
        for number in 1...40 { try await house.ask("p\(number)@example.com") }
        #expect(try await house.work(until: house.isEmpty))
        #expect(house.carrier.mostAtOnce == parallel)
    }

    @Test(arguments: [
        Verdict.later(after: nil, reason: "503", pausesEverybody: false),
        .later(after: .seconds(30), reason: "429", pausesEverybody: true), .stop(reason: "401"),
        .unreachable(reason: "timeout"),
    ])
    func `waits no longer because the clock was set back`(verdict: Verdict) async throws {
        let house = try Mailhouse { _, number in number == 1 ? verdict : .delivered(messageID: "m\(number)") }
        try await house.ask("ann@example.com")
        var isSetBack = false
        let began = house.time.now
        #expect(
            try await house.work {
                if !isSetBack, house.carrier.carried.count == 1 {
                    house.time.setBack(by: .seconds(86_400))
                    isSetBack = true
                }
                return house.store.letters.isEmpty
            })
        #expect(house.carrier.carried.count == 2)
        #expect(house.time.now - (began - .seconds(86_400)) < .seconds(70))
    }

    @Test func `never carries two links of one account at once`() async throws {
        let house = try Mailhouse(takes: .seconds(5))
        try await house.ask("ann@example.com")
        var isAskedAgain = false
        #expect(
            try await house.work {
                if !isAskedAgain, house.carrier.underWay == 1 {
                    isAskedAgain = true
                    try await house.ask("ANN@example.com")
                }
                guard isAskedAgain else { return false }
                return try await house.isEmpty()
            })
        #expect(house.carrier.letters.count == 2)
        #expect(house.carrier.mostAtOnce == 1)
    }

    @Test func `mails each of several accounts at one address, and settles the row once`() async throws {
        let twins = ["1", "2", "3"].map { (id: String) in User.ann.with(id: id, hash: "$scrypt$\(id)") }
        let silent = User.ann.with(id: "4", disabledAt: .some(.noon))
        let house = try Mailhouse(twins + [silent]) { letter, number in
            letter.to.id == UserID("2") ? .never(reason: "400: no") : .delivered(messageID: "m\(number)")
        }
        try await house.ask("ann@example.com")
        #expect(try await house.work(until: house.isEmpty))
        #expect(house.carrier.letters.map(\.to.id.text) == ["1", "2", "3"])
        for (user, outcome) in zip(twins + [silent], ["delivered", "failed", "delivered", "disabled"]) {
            #expect(try await house.outcomes(of: user) == [outcome])
        }
        #expect(try await house.store.entries(.all, limit: 9).isEmpty)
    }

    @Test func `ends requests that nobody may get mail for while the sending stands still`() async throws {
        let house = try Mailhouse { _, _ in .stop(reason: "401: no") }
        try await house.ask("ann@example.com")
        var askedAt: Timestamp?
        #expect(
            try await house.work(forAtMost: .seconds(30)) {
                if house.worker.stoppedBecause != nil, askedAt == nil {
                    askedAt = house.time.now
                    for address in ["nobody@example.com", "uma@example.com", "dan@example.com"] {
                        for _ in 0..<20 { try await house.ask(address) }
                    }
                }
                return askedAt != nil && house.store.letters.count == 1
            })
        #expect(house.time.now - (askedAt ?? .noon) <= DeliveryWorker.intakeRhythm)
        #expect(try await house.outcomes(of: .unverifiedUma) == ["unverified"])
        #expect(try await house.outcomes(of: .disabledDan) == ["disabled"])
    }

    @Test func `drains a flood of unknown addresses while every delivery hangs`() async throws {
        let house = try Mailhouse(capacity: 2000, takes: .seconds(14))
        try await house.ask("ann@example.com")
        for number in 1...300 { try await house.ask("nobody\(number)@example.com") }
        let isDrained = try await house.work(forAtMost: .seconds(10)) {
            house.store.letters.count <= 1 && !house.carrier.letters.isEmpty
        }
        #expect(isDrained)
    }

    @Test func `sends no link for a request that "this wasn't me" took back`() async throws {
        let house = try Mailhouse(takes: .seconds(1), parallel: 1)
        try await house.ask("bob@example.org")
        try await house.ask("ann@example.com")
        var isRevoked = false
        try await house.work {
            if house.carrier.letters.count == 1, !isRevoked {
                isRevoked = true
                _ = try await house.store.revokeLinks(User.ann.credentials, by: .visitor, at: house.time.now)
            }
            return try await house.isEmpty()
        }
        #expect(house.carrier.letters.map(\.to.email.text) == ["bob@example.org"])
    }

    @Test func `signs nothing for a request that was dropped between the lease and the look-up`() async throws {
        let house = try Mailhouse()
        try await house.ask("ann@example.com")
        try await house.ask("bob@example.org")
        // The second look at her account comes after the lease was taken; what is read then has the new epoch already.
        house.store.beforeLookup { store in
            guard !store.hasLeases else { return store.revokeLinks(of: User.ann.id) }
            store.beforeLookup { $0.revokeLinks(of: User.ann.id) }
        }
        try await house.work(until: house.isEmpty)
        #expect(house.carrier.letters.map(\.to.email.text) == ["bob@example.org"])
        #expect(house.store.letters.isEmpty)
    }

    @Test func `cuts off what is under way when the grace is over, and gives it back uncounted`() async throws {
        let house = try Mailhouse(takes: .seconds(14), grace: .seconds(3)) { _, _ in
            Task.isCancelled ? .unreachable(reason: "cancelled") : .delivered(messageID: nil)
        }
        try await house.ask("ann@example.com")
        try await house.work { house.carrier.letters.count == 1 }
        #expect(house.time.now == .noon + .seconds(3))
        let entry = try #require(try await house.store.entries(.all, limit: 1).first)
        #expect(entry.state == .pending)
        #expect(entry.attempts == 0)
    }

    @Test func `counts what it cuts off where the letter was handed over whole, and waits its minute`() async throws {
        let house = try Mailhouse(takes: .seconds(14), grace: .seconds(3)) { _, _ in
            Task.isCancelled ? .answerLost(reason: "waiting: closed") : .delivered(messageID: nil)
        }
        try await house.ask("ann@example.com")
        try await house.work { house.carrier.letters.count == 1 }
        let entry = try #require(try await house.store.entries(.all, limit: 1).first)
        #expect(entry.state == .pending && entry.attempts == 0)
        #expect(entry.dueAt == .noon + .seconds(63))
        #expect(try await house.store.resetMails(to: [User.ann.id], since: .noon) == [[.noon + .seconds(3)]])
    }

    @Test func `brings to its end what ends within the grace`() async throws {
        let house = try Mailhouse(takes: .seconds(2), grace: .seconds(3)) { _, _ in
            Task.isCancelled ? .unreachable(reason: "cancelled") : .delivered(messageID: nil)
        }
        try await house.ask("ann@example.com")
        try await house.work { house.carrier.letters.count == 1 }
        #expect(house.time.now == .noon + .seconds(2))
        #expect(try await house.outcomes(of: .ann) == ["delivered"])
    }

    @Test func `gives back what it did not send when it ends`() async throws {
        let people = (1...20).map { User.ann.with(id: "\($0)", email: "p\($0)@example.com") }
        let house = try Mailhouse(people, takes: .seconds(1), parallel: 1)
        for number in 1...20 { try await house.ask("p\(number)@example.com") }
        try await house.work { house.carrier.letters.count == 1 }
        let depth = try await house.store.depth()
        #expect(depth.leased == 0)
        #expect(depth.pending == 20 - house.carrier.letters.count)
        #expect(house.carrier.letters.count < 5)
    }

    @Test func `goes on by itself when the store works again`() async throws {
        let house = try Mailhouse()
        try await house.ask("ann@example.com")
        house.store.fail(with: StorageFailed(.unavailable, code: "SQLITE_IOERR", reason: "disk I/O error"))
        let began = house.time.now
        try await house.work {
            if house.time.now - began > .seconds(20) { house.store.fail(with: nil) }
            return house.carrier.letters.count == 1 && house.store.letters.isEmpty
        }
        #expect(house.carrier.letters.count == 1)
    }
}
