/// What is counted about people and clients, and how little of it is kept.
import Keyturn
import TestKit
import Testing

@testable import Keyturn

@Suite struct `The delay of wrong logins` {
    private let ann = LoginSubject(.sample, at: EmailAddress(stored: "ann@example.com"))
    private let annElsewhere = LoginSubject(.other, at: EmailAddress(stored: "ann@example.com"))

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

    @Test func `counts the answers to all clients, in any case of the address, and another address by itself`() {
        let delays = LoginDelays()
        for _ in 0..<5 { _ = delays.afterWrong(ann, at: noon) }
        let shouted = LoginSubject(.other, at: EmailAddress(stored: "ANN@example.com"))
        #expect(delays.afterWrong(shouted, at: noon) == .seconds(1))
        let bob = LoginSubject(.sample, at: EmailAddress(stored: "bob@example.com"))
        #expect(delays.afterWrong(bob, at: noon) == .zero)
    }

    @Test func `leaves its rest to the client that did not wait, and to no other`() {
        let delays = LoginDelays()
        for _ in 0..<9 { _ = delays.afterWrong(ann, at: noon) }
        #expect(delays.rest(of: ann, at: noon + .seconds(3)) == .seconds(5))
        #expect(delays.rest(of: annElsewhere, at: noon + .seconds(3)) == .zero)
        #expect(delays.rest(of: ann, at: noon + .seconds(8)) == .zero)
        _ = delays.afterWrong(annElsewhere, at: noon + .seconds(3))
        #expect(delays.rest(of: annElsewhere, at: noon + .seconds(4)) == .seconds(7))
        #expect(delays.rest(of: ann, at: noon + .seconds(4)) == .seconds(4))
    }

    @Test func `is served when the client has waited, whatever the clock says`() {
        let delays = LoginDelays()
        for _ in 0..<9 { _ = delays.afterWrong(ann, at: noon) }
        delays.waited(ann)
        #expect(delays.rest(of: ann, at: noon) == .zero)
    }

    @Test func `is gone after a right password`() {
        let delays = LoginDelays()
        for _ in 0..<9 { _ = delays.afterWrong(ann, at: noon) }
        delays.succeeded(ann)
        #expect(delays.rest(of: ann, at: noon) == .zero)
        #expect(delays.afterWrong(ann, at: noon) == .zero)
    }

    @Test func `of one address is no matter of another, however much they look alike`() {
        let delays = LoginDelays()
        for (one, other) in addressesAlike(90) {
            let (one, other) = (LoginSubject(.sample, at: one), LoginSubject(.sample, at: other))
            for _ in 0..<5 { _ = delays.afterWrong(other, at: noon) }
            #expect((0..<6).map { _ in delays.afterWrong(one, at: noon) } == [0, 0, 0, 0, 0, 1].map { .seconds($0) })
            delays.succeeded(other)
            #expect(delays.afterWrong(one, at: noon) == .seconds(2))
        }
    }

    @Test func `stays while ten thousand other addresses are asked for`() {
        let delays = LoginDelays()
        for _ in 0..<8 { _ = delays.afterWrong(ann, at: noon) }
        for number in 0..<10_000 {
            _ = delays.afterWrong(LoginSubject(.sample, at: EmailAddress(stored: "x\(number)@example.com")), at: noon)
        }
        #expect(delays.afterWrong(ann, at: noon) == .seconds(8))
    }

    @Test func `takes eight mebibytes at most: the oldest entry goes first`() {
        let delays = LoginDelays()
        let long = String(repeating: "a", count: 235)
        let subjects = (0..<40_000 as Range<UInt32>).map { number in
            LoginSubject(
                Client(address: [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: number >> $0) }),
                at: EmailAddress(stored: "\(long)\(number / 10)@example.com"))
        }
        for subject in subjects { _ = delays.afterWrong(subject, at: noon) }
        #expect(delays.bytes <= 8 << 20)
        #expect(delays.bytes > 7 << 20)
        #expect(delays.rest(of: subjects[9], at: noon) == .zero)
        #expect(delays.rest(of: subjects[39_999], at: noon) == .seconds(8))
        #expect(delays.afterWrong(subjects[0], at: noon) == .zero)
        #expect(delays.afterWrong(subjects[39_999], at: noon) == .seconds(8))
    }

    @Test func `forgets what a clock that was set back calls the future`() {
        let delays = LoginDelays()
        for _ in 0..<9 { _ = delays.afterWrong(ann, at: noon) }
        #expect(delays.rest(of: ann, at: noon - .seconds(86_400)) == .zero)
        #expect(delays.afterWrong(ann, at: noon - .seconds(86_400)) == .zero)
    }
}

@Suite struct `A rate limiter` {
    private let client = Client.sample

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
        let others: [[UInt8]] = [
            [192, 0, 2, 2], Array(repeating: 0, count: 16), [0, 0, 0, 0],
            [0, 0, 0, 0, 192, 0, 2, 1] + Array(repeating: 0, count: 8),
            [0x20, 0x01] + Array(repeating: 0, count: 14),
            [0x20, 0x01, 0, 0, 0, 0, 0, 1] + Array(repeating: 0, count: 8),
        ]
        for other in others { #expect(limiter.admit(Client(address: other), at: noon) == nil) }
        #expect(
            limiter.admit(Client(address: [0x20, 0x01] + Array(repeating: 0, count: 13) + [9]), at: noon)
                == .seconds(60))
        #expect(limiter.admit(client, at: noon) == .seconds(60))
    }

    @Test func `holds back the same client while a hundred thousand others pass by in the memory of a thousand`() {
        let limiter = RateLimiter(rate: Rate(30, per: .seconds(60)), burst: 30, capacity: 1000)
        for _ in 0..<30 { #expect(limiter.admit(client, at: noon) == nil) }
        for number in 0..<100_000 as Range<UInt32> {
            _ = limiter.admit(Client(address: withBytes(of: number)), at: noon)
        }
        #expect(limiter.admit(client, at: noon) == .seconds(2))
    }

    @Test(arguments: [0, 1, 5, 19, 20, 21, 60, 3600, 86_400, -1, -3600] as [Int64])
    func `lets a client in again within the time of a burst, by however many seconds the clock was set back`(
        seconds: Int64
    ) {
        let limiter = RateLimiter(rate: Rate(1, per: .seconds(10)), burst: 2)
        for _ in 0..<2 { #expect(limiter.admit(client, at: noon) == nil) }
        let after = noon - .seconds(seconds)
        let wait = limiter.admit(client, at: after) ?? .zero
        #expect(wait <= .seconds(20))
        if wait > .zero { #expect(limiter.admit(client, at: after + wait) == nil) }
    }

    @Test func `still slows clients down after the clock was set back, when its memory is full of the time before`() {
        let limiter = RateLimiter(rate: Rate(1, per: .seconds(10)), burst: 2, capacity: 8)
        for number in 0..<100 as Range<UInt32> { _ = limiter.admit(Client(address: withBytes(of: number)), at: noon) }
        let after = noon - .seconds(3600)
        for _ in 0..<2 {
            for number in 0..<4 as Range<UInt32> {
                #expect(limiter.admit(Client(address: withBytes(of: 1000 + number)), at: after) == nil)
            }
        }
        for number in 0..<4 as Range<UInt32> {
            #expect(limiter.admit(Client(address: withBytes(of: 1000 + number)), at: after) == .seconds(10))
        }
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
        #expect(limiter.admit(.other, at: noon) == nil)
    }

    private func withBytes(of number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}

/// Keys that share one hash.
private struct Twin: Hashable {
    let number: Int
    func hash(into hasher: inout Hasher) {}
}

@Suite struct `A table that never grows` {
    @Test func `remembers and replaces`() {
        var table = BoundedTable<Int, Int64>(capacity: 8)
        table.store(5, for: 1) { $0 }
        table.store(6, for: 1) { $0 }
        table.store(7, for: 2) { $0 }
        #expect(table[1] == 6)
        #expect(table[2] == 7)
        #expect(table[3] == nil)
    }

    @Test func `gives the seat of the lightest to a newcomer`() {
        var table = BoundedTable<Int, Int64>(capacity: 8)
        for key in 0..<8 { table.store(Int64(100 - key), for: key) { $0 } }
        table.store(1000, for: 99) { $0 }
        #expect(table[7] == nil)
        #expect((0..<7).allSatisfy { table[$0] == Int64(100 - $0) })
        #expect(table[99] == 1000)
    }

    @Test func `holds keys of one hash apart`() {
        var table = BoundedTable<Twin, Int64>(capacity: 800)
        for number in 0..<8 { table.store(Int64(number), for: Twin(number: number)) { $0 } }
        #expect((0..<8).allSatisfy { table[Twin(number: $0)] == Int64($0) })
        #expect(table[Twin(number: 8)] == nil)
    }
}

@Suite struct `A table of what is recent` {
    @Test func `remembers, replaces and forgets, keys of one hash too`() {
        var table = RecentTable<Twin, Int>(bytesMax: 1 << 20)
        for number in 0..<100 { table.store(number, for: Twin(number: number), heapBytes: 0) }
        for number in 0..<100 where number % 3 == 0 { table.store(-number, for: Twin(number: number), heapBytes: 10) }
        for number in 0..<100 where number % 5 == 0 { table.remove(Twin(number: number)) }
        table.remove(Twin(number: 1000))
        for number in 0..<100 {
            #expect(table[Twin(number: number)] == (number % 5 == 0 ? nil : number % 3 == 0 ? -number : number))
        }
        #expect(table.count == 80)
    }

    @Test func `drops the entries written longest ago when its bytes are used up`() {
        var table = RecentTable<Int, Int>(bytesMax: 64 << 10)
        for number in 0..<1000 { table.store(number, for: number, heapBytes: 1000) }
        #expect(table.bytes <= 64 << 10)
        let kept = table.count
        #expect((55...64).contains(kept))
        #expect((0..<1000).filter { table[$0] != nil } == Array(1000 - kept..<1000))
        table.store(0, for: 1000 - kept, heapBytes: 1000)
        table.store(0, for: 5000, heapBytes: 1000)
        #expect(table[1000 - kept] == 0)
        #expect(table[1001 - kept] == nil)
    }

    @Test func `takes one large entry in the place of many, and none that is larger than all of it`() {
        var table = RecentTable<Int, Int>(bytesMax: 64 << 10)
        for number in 0..<100 { table.store(number, for: number, heapBytes: 0) }
        table.store(1, for: 1000, heapBytes: 63_000)
        #expect(table[1000] == 1)
        #expect(table.count < 20)
        table.store(1, for: 1001, heapBytes: 70_000)
        #expect(table[1001] == nil)
        #expect(table[1000] == 1)
        #expect(table.bytes <= 64 << 10)
    }

    @Test func `drops the oldest that say nothing any more`() {
        var table = RecentTable<Int, Int>(bytesMax: 64 << 10)
        for number in 0..<10 { table.store(number, for: number, heapBytes: 0) }
        table.removeOldest { $0 < 4 }
        #expect((0..<10).filter { table[$0] != nil } == Array(4..<10))
        table.removeOldest { _ in true }
        #expect(table.count == 0)
        table.store(7, for: 7, heapBytes: 0)
        #expect(table[7] == 7)
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
