/// What is counted about people and clients, and how little of it is kept.
import Keyturn
import TestKit
import Testing

@testable import struct Keyturn.BoundedTable

@Suite struct `The delay of wrong logins` {
    private let ann = EmailAddress(stored: "ann@example.com")

    @Test func `begins with the sixth within a quarter of an hour, and ends at eight seconds`() {
        let delays = LoginDelays()
        let waits = (0..<12).map { delays.afterWrong(ann, at: noon + .seconds($0)) }
        #expect(waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 8, 8, 8].map { .seconds($0) })
    }

    @Test func `looks back a quarter of an hour and no further`() {
        let delays = LoginDelays()
        for second in 0..<5 { _ = delays.afterWrong(ann, at: noon + .seconds(second)) }
        #expect(delays.afterWrong(ann, at: noon + .seconds(899)) == .seconds(1))
        #expect(delays.afterWrong(ann, at: noon + .seconds(902)) == .zero)
        #expect(delays.afterWrong(ann, at: noon + .seconds(9000)) == .zero)
    }

    @Test func `is one for an address in any case, and another for another`() {
        let delays = LoginDelays()
        for _ in 0..<5 { _ = delays.afterWrong(ann, at: noon) }
        #expect(delays.afterWrong(EmailAddress(stored: "ANN@example.com"), at: noon) == .seconds(1))
        #expect(delays.afterWrong(EmailAddress(stored: "bob@example.com"), at: noon) == .zero)
    }

    @Test func `is gone after a right password`() {
        let delays = LoginDelays()
        for _ in 0..<9 { _ = delays.afterWrong(ann, at: noon) }
        delays.succeeded(ann)
        #expect(delays.afterWrong(ann, at: noon) == .zero)
    }

    @Test func `stays while a flood of other addresses passes by`() {
        let delays = LoginDelays(capacity: 64)
        for _ in 0..<8 { _ = delays.afterWrong(ann, at: noon) }
        for number in 0..<10_000 { _ = delays.afterWrong(EmailAddress(stored: "x\(number)@example.com"), at: noon) }
        #expect(delays.afterWrong(ann, at: noon) == .seconds(8))
    }

    @Test func `forgets what a clock that was set back calls the future`() {
        let delays = LoginDelays()
        for _ in 0..<9 { _ = delays.afterWrong(ann, at: noon) }
        #expect(delays.afterWrong(ann, at: noon - .seconds(86_400)) == .zero)
    }
}

@Suite struct `A rate limiter` {
    private let client: [UInt8] = [192, 0, 2, 1]

    @Test func `admits a burst, then one each interval, and says how long to wait`() {
        let limiter = RateLimiter(rate: Rate(30, per: .seconds(60)), burst: 3)
        #expect((0..<3).map { _ in limiter.admit(client, at: noon) } == [nil, nil, nil])
        #expect(limiter.admit(client, at: noon) == .seconds(2))
        #expect(limiter.admit(client, at: noon + .milliseconds(500)) == .milliseconds(1500))
        #expect(limiter.admit(client, at: noon + .milliseconds(1999)) == .milliseconds(1))
        #expect(limiter.admit(client, at: noon + .seconds(2)) == nil)
        #expect(limiter.admit(client, at: noon + .seconds(2)) == .seconds(2))
    }

    @Test func `gives the whole burst back after a rest, and no more than that`() {
        let limiter = RateLimiter(rate: Rate(1, per: .seconds(1)), burst: 2)
        for _ in 0..<2 { #expect(limiter.admit(client, at: noon) == nil) }
        let later = noon + .seconds(3600)
        #expect((0..<3).map { _ in limiter.admit(client, at: later) } == [nil, nil, .seconds(1)])
    }

    @Test func `holds clients apart`() {
        let limiter = RateLimiter(rate: Rate(1, per: .seconds(60)), burst: 1)
        #expect(limiter.admit(client, at: noon) == nil)
        #expect(limiter.admit([192, 0, 2, 2], at: noon) == nil)
        #expect(limiter.admit([], at: noon) == nil)
        #expect(limiter.admit(client, at: noon) == .seconds(60))
    }

    @Test func `holds back the same client while a hundred thousand others pass by in the memory of a thousand`() {
        let limiter = RateLimiter(rate: Rate(30, per: .seconds(60)), burst: 30, capacity: 1000)
        for _ in 0..<30 { #expect(limiter.admit(client, at: noon) == nil) }
        for number in 0..<100_000 as Range<UInt32> {
            _ = limiter.admit([10] + withBytes(of: number), at: noon)
        }
        #expect(limiter.admit(client, at: noon) == .seconds(2))
    }

    @Test func `does not hold anybody for longer than a burst when the clock is set back`() {
        let limiter = RateLimiter(rate: Rate(1, per: .seconds(10)), burst: 2)
        for _ in 0..<2 { _ = limiter.admit(client, at: noon) }
        #expect(limiter.admit(client, at: noon - .seconds(86_400)) == .seconds(10))
        #expect(limiter.admit(client, at: noon - .seconds(86_390)) == .seconds(10))
    }

    @Test(arguments: [
        (Rate(0, per: .seconds(1)), 1), (Rate(-5, per: .seconds(-1)), 0), (Rate(.max, per: .zero), .max),
        (Rate(1, per: .seconds(Int64.max)), .max), (Rate(1, per: .seconds(Int64.min)), .min),
    ])
    func `does not trap on any configuration or moment`(rate: Rate, burst: Int) {
        let limiter = RateLimiter(rate: rate, burst: burst, capacity: 0)
        for moment in [Timestamp(milliseconds: .min), Timestamp(milliseconds: 0), noon, Timestamp(milliseconds: .max)] {
            _ = limiter.admit(client, at: moment)
        }
        #expect(limiter.admit([1], at: noon) == nil)
    }

    private func withBytes(of number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}

@Suite struct `A table that never grows` {
    @Test func `remembers, replaces and forgets`() {
        var table = BoundedTable<Int64>(capacity: 8)
        table.store(5, for: 1) { $0 }
        table.store(6, for: 1) { $0 }
        table.store(7, for: 2) { $0 }
        #expect(table[1] == 6)
        #expect(table[2] == 7)
        table.forget(1)
        #expect(table[1] == nil)
        #expect(table[2] == 7)
    }

    @Test func `gives the seat of the lightest to a newcomer`() {
        var table = BoundedTable<Int64>(capacity: 8)
        for key in 0..<8 as Range<UInt64> { table.store(Int64(100 - key), for: key) { $0 } }
        table.store(1000, for: 99) { $0 }
        #expect(table[7] == nil)
        #expect((0..<7).allSatisfy { table[$0] == Int64(100 - $0) })
        #expect(table[99] == 1000)
    }
}

@Suite struct `A mail budget` {
    private let budget = MailBudget(interval: .seconds(600), burst: 3)

    private func mails(_ secondsBefore: Int...) -> [Timestamp] { secondsBefore.map { noon - .seconds($0) } }

    @Test func `admits three at once and a fourth ten minutes later`() {
        #expect(budget.admits(after: [], at: noon))
        #expect(budget.admits(after: mails(0), at: noon))
        #expect(budget.admits(after: mails(0, 0), at: noon))
        #expect(!budget.admits(after: mails(0, 0, 0), at: noon))
        #expect(!budget.admits(after: mails(599, 599, 599), at: noon))
        #expect(budget.admits(after: mails(600, 600, 600), at: noon))
        #expect(!budget.admits(after: mails(600, 600, 600, 0), at: noon))
    }

    @Test func `has a whole burst again after half an hour`() {
        #expect(budget.admits(after: mails(1800, 1800, 1800, 0, 0), at: noon))
        #expect(!budget.admits(after: mails(1799, 1799, 1799, 0, 0), at: noon))
    }

    @Test func `remembers what was spent before the last pause`() {
        #expect(!budget.admits(after: mails(1200, 1200, 1200, 600, 0), at: noon))
        #expect(budget.admits(after: mails(1200, 1200, 1200, 600), at: noon))
    }

    @Test func `looks back sixteen hours by default`() {
        #expect(budget.horizon == .seconds(16 * 3600))
    }

    @Test func `ignores mails of the future`() {
        #expect(budget.admits(after: [noon + .seconds(1), noon + .seconds(2), noon + .seconds(3)], at: noon))
    }

    @Test(arguments: [(Duration.zero, 0), (.seconds(-1), -1), (.seconds(Int64.max), .max)])
    func `does not trap on any configuration`(interval: Duration, burst: Int) {
        let budget = MailBudget(interval: interval, burst: burst)
        #expect(budget.admits(after: [], at: noon))
        #expect(budget.horizon > .zero)
    }
}
