import Foundation
import Keyturn
import Synchronization
import TestKit
import Testing

@testable import Mailroom

/// Worker, outbox, provider and clock, with chance in all of them. `KEYTURN_SIMULATION_SEEDS` makes more lives, from
/// `KEYTURN_SIMULATION_FIRST` on.
@Suite struct `Any life of the mailroom` {
    private static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["KEYTURN_SIMULATION_FIRST"].flatMap { UInt64($0) } ?? 1
        return first..<first + (environment["KEYTURN_SIMULATION_SEEDS"].flatMap { UInt64($0) } ?? 200)
    }()

    @Test func `brings every letter to an end, one at a time for each account, without haste`() async throws {
        for seed in Self.seeds { try await live(seed) }
    }

    private func live(_ seed: UInt64) async throws {
        let chance = Mutex(SeededGenerator(seed: seed))
        @Sendable func number(_ range: ClosedRange<Int>) -> Int {
            chance.withLock { Int.random(in: range, using: &$0) }
        }
        let people = (1...4).map { User.ann.with(id: "\($0)", email: "p\($0)@example.com") }
        let silent = [User.unverifiedUma, .disabledDan]
        // The weather: for some answers nothing goes, or the key is refused, or too many are counted; then it clears up.
        let weather = number(0...4)
        let storm = number(0...12)
        let house = try Mailhouse(
            people + silent, budgetBurst: 100, takes: .milliseconds([0, 10, 500, 14_000][number(0...3)]),
            parallel: number(1...4), maximumAge: .seconds(1200)
        ) { _, count in
            Self.verdict(of: number(0...21), in: count <= storm ? weather : 0, count: count)
        }

        let addresses = people.map(\.email.text) + silent.map(\.email.text) + ["nobody@example.com"]
        var steps = (0..<number(5...25)).map { _ in house.time.now + .seconds(number(0...600)) }.sorted()
        var jumps = 0
        var asked = Asked()
        let isOver = try await house.work(forAtMost: .seconds(20_000)) {
            jumps += 1
            while let next = steps.first, next <= house.time.now {
                steps.removeFirst()
                switch number(0...9) {
                case 0:
                    house.store.fail(with: StorageFailed(.unavailable, code: "SQLITE_IOERR", reason: "disk I/O error"))
                case 1:
                    house.store.fail(with: nil)
                    let person = people[number(0...3)]
                    house.store.revokeLinks(of: person.id)
                    asked.takeBack(person.email, at: house.time.now)
                default:
                    house.store.fail(with: nil)
                    let address = addresses[number(0...addresses.count - 1)]
                    try await house.ask(address)
                    asked.acknowledged(address, at: house.time.now)
                }
            }
            if steps.isEmpty { house.store.fail(with: nil) }
            guard steps.isEmpty else { return false }
            let depth = try await house.store.depth()
            return depth.pending + depth.leased == 0
        }

        let context: Comment = "seed \(seed)"
        #expect(isOver, context)
        #expect(house.carrier.mostAtOnceOfOne <= 1, context)
        checkAttemptsWithoutAnswer(house, asked, context)
    }

    /// What may have been mailed is not mailed again within a minute, nor more than twice, unless it was taken back meanwhile.
    private func checkAttemptsWithoutAnswer(_ house: Mailhouse, _ asked: Asked, _ context: Comment) {
        for (_, all) in Dictionary(grouping: house.carrier.ended, by: \.letter.to.id) {
            var inARow = 0
            for (ended, next) in zip(all, all.dropFirst()) {
                guard case .answerLost = ended.verdict else {
                    // Not handed over: the letter has as many left as before.
                    if case .delivered = ended.verdict { inARow = 0 }
                    continue
                }
                inARow += 1
                let isTakenBack = asked.takenBack.contains {
                    $0.address == ended.letter.to.email.text && (ended.began...next.began).contains($0.at)
                }
                if isTakenBack || inARow == LostAnswers.attemptsMax {
                    inARow = 0
                } else {
                    #expect(next.began - ended.at >= LostAnswers.interval, context)
                }
            }
        }
    }

    /// What was acknowledged.
    private struct Asked {
        private(set) var addresses: Set<String> = []
        /// Not taken back by "this wasn't me".
        private(set) var open: [(address: String, at: Timestamp)] = []
        private(set) var takenBack: [(address: String, at: Timestamp)] = []

        mutating func acknowledged(_ address: String, at now: Timestamp) {
            addresses.insert(address)
            open.append((address, now))
        }

        mutating func takeBack(_ email: EmailAddress, at now: Timestamp) {
            open.removeAll { $0.address == email.text }
            takenBack.append((email.text, now))
        }
    }

    private static func verdict(of number: Int, in weather: Int, count: Int) -> Verdict {
        switch (weather, number) {
        case (1, _): .unreachable(reason: "connecting: timed out")
        case (2, _): .stop(reason: "401: no")
        case (3, _): .later(after: .seconds(number), reason: "429", pausesEverybody: true)
        case (_, 0...3): .later(after: nil, reason: "503", pausesEverybody: false)
        case (_, 4...5): .unreachable(reason: "waiting: closed")
        case (_, 6): .never(reason: "400: bad")
        case (_, 7): .stop(reason: "403: no")
        case (_, 8): .later(after: .seconds(30), reason: "429", pausesEverybody: true)
        case (_, 20...): .answerLost(reason: "waiting: timed out")
        default: .delivered(messageID: "m\(count)")
        }
    }
}
