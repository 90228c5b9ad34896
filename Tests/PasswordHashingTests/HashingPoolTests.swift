import Dispatch
import Synchronization
import Testing

@testable import PasswordHashing

@Suite struct `A hashing pool` {
    @Test func `gives back what the work returns`() async throws {
        let pool = HashingPool(threads: 2)
        let sum = try await withThrowingTaskGroup { group in
            for number in 1...60 { group.addTask { try await pool.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 1830)
    }

    @Test func `never runs more at once than it has threads`() async throws {
        let pool = HashingPool(threads: 3)
        let gauge = Gauge()
        try await withThrowingTaskGroup { group in
            for _ in 0..<40 {
                group.addTask {
                    try await pool.run {
                        gauge.enter()
                        busyFor(milliseconds: 1)
                        gauge.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect((1...3).contains(gauge.most))
    }

    @Test func `refuses the first caller for whom there is no place to wait`() async throws {
        let pool = HashingPool(threads: 2, waitingLimit: 3)
        let gate = Gate()
        try await withThrowingTaskGroup { group in
            for number in 1...5 {
                group.addTask { try await pool.run { gate.pass() } }
                while pool.load != number { await Task.yield() }
            }
            #expect(pool.waiting == 3)
            await #expect(throws: HashingBusy()) { try await pool.run {} }
            gate.open(times: 5)
            try await group.waitForAll()
        }
        #expect(pool.waiting == 0)
        #expect(try await pool.run { "place again" } == "place again")
    }

    @Test func `keeps a thread and three of eight waiting places free of verifications`() async throws {
        let pool = HashingPool(threads: 3, waitingLimit: 64)
        let (gate, verifying) = (Gate(), Gauge())
        try await withThrowingTaskGroup { group in
            for number in 1...42 {
                group.addTask {
                    try await pool.run(for: .verification) {
                        verifying.enter()
                        gate.pass()
                        verifying.leave()
                    }
                }
                while pool.load != number { await Task.yield() }
            }
            #expect(pool.waiting == 40)
            await #expect(throws: HashingBusy()) { try await pool.run(for: .verification) {} }
            // New hashes meanwhile have a thread at once, and wait in places of their own.
            for number in 1...10 { #expect(try await pool.run(for: .newHash) { number } == number) }
            let held = Gate()
            for number in 1...25 {
                group.addTask { try await pool.run(for: .newHash) { held.pass() } }
                while pool.load != 42 + number { await Task.yield() }
            }
            await #expect(throws: HashingBusy()) { try await pool.run(for: .newHash) {} }
            #expect(verifying.most <= 2)
            held.open(times: 25)
            gate.open(times: 42)
            try await group.waitForAll()
        }
        #expect(verifying.most == 2)
        #expect(pool.load == 0)
        #expect(try await pool.run(for: .verification) { "place again" } == "place again")
    }

    @Test func `of one thread begins a new hash before the verifications that wait`() async throws {
        let pool = HashingPool(threads: 1, waitingLimit: 16)
        let (gate, order) = (Gate(), Order())
        try await withThrowingTaskGroup { group in
            for (number, name) in ["first", "second", "third"].enumerated() {
                group.addTask {
                    try await pool.run(for: .verification) {
                        gate.pass()
                        order.add(name)
                    }
                }
                while pool.load != number + 1 { await Task.yield() }
            }
            group.addTask { try await pool.run(for: .newHash) { order.add("new hash") } }
            while pool.load != 4 { await Task.yield() }
            gate.open(times: 3)
            try await group.waitForAll()
        }
        #expect(order.names == ["first", "new hash", "second", "third"])
    }

    @Test func `does waiting verifications too when it is shut down`() async throws {
        let pool = HashingPool(threads: 4, waitingLimit: 64)
        let gate = Gate()
        try await withThrowingTaskGroup { group in
            for number in 1...30 {
                group.addTask { try await pool.run(for: .verification) { gate.pass() } }
                while pool.load != number { await Task.yield() }
            }
            pool.shutDown()
            gate.open(times: 30)
            try await group.waitForAll()
        }
    }

    @Test func `frees the place of a caller who gives up waiting`() async throws {
        let pool = HashingPool(threads: 1, waitingLimit: 1)
        let gate = Gate()
        let running = Task { try await pool.run { gate.pass() } }
        while pool.load != 1 { await Task.yield() }
        let begun = Atomic(false)
        let waiting = Task { try await pool.run { begun.store(true, ordering: .relaxed) } }
        while pool.load != 2 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: HashingBusy()) { try await waiting.value }
        #expect(pool.waiting == 0)
        let next = Task { try await pool.run { 7 } }
        while pool.load != 2 { await Task.yield() }
        gate.open(times: 1)
        try await running.value
        #expect(try await next.value == 7)
        let hasBegun = begun.load(ordering: .relaxed)
        #expect(!hasBegun)
    }

    @Test func `finishes what has begun when its caller gives up`() async throws {
        let pool = HashingPool(threads: 1)
        let gate = Gate()
        let begun = Atomic(false)
        let caller = Task {
            try await pool.run {
                begun.store(true, ordering: .releasing)
                gate.pass()
                return "done"
            }
        }
        while !begun.load(ordering: .acquiring) { await Task.yield() }
        caller.cancel()
        gate.open(times: 1)
        #expect(try await caller.value == "done")
    }

    @Test func `begins nothing for a caller who had given up before`() async {
        let pool = HashingPool(threads: 1)
        let caller = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await pool.run { "done" }
        }
        await #expect(throws: HashingBusy()) { try await caller.value }
    }

    @Test func `does what is waiting when it is shut down, and takes no more`() async throws {
        let pool = HashingPool(threads: 1, waitingLimit: 2)
        let gate = Gate()
        try await withThrowingTaskGroup { group in
            for number in 1...3 {
                group.addTask { try await pool.run { gate.pass() } }
                while pool.load != number { await Task.yield() }
            }
            pool.shutDown()
            pool.shutDown()
            await #expect(throws: HashingBusy()) { try await pool.run {} }
            gate.open(times: 3)
            try await group.waitForAll()
        }
    }
}

/// How many are in at once, and how many were at most.
private final class Gauge: Sendable {
    private let counts = Mutex((now: 0, most: 0))
    var most: Int { counts.withLock { $0.most } }
    func enter() { counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
    func leave() { counts.withLock { $0.now -= 1 } }
}

/// What was done, in order.
private final class Order: Sendable {
    private let done = Mutex<[String]>([])
    var names: [String] { done.withLock { $0 } }
    func add(_ name: String) { done.withLock { $0.append(name) } }
}

/// Holds work up until the test lets it go.
private final class Gate: Sendable {
    private let permits = DispatchSemaphore(value: 0)
    func pass() { permits.wait() }
    func open(times: Int) { for _ in 0..<times { permits.signal() } }
}

private func busyFor(milliseconds: Int) {
    let end = ContinuousClock.now + .milliseconds(milliseconds)
    while ContinuousClock.now < end {}
}
