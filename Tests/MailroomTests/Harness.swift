/// What the worker's tests hand in: time that a test moves, a provider that follows a script, and everything around them.
import Foundation
import Keyturn
import Logging
import Synchronization
import Telemetry
import TestKit

@testable import Mailroom

/// Time that stands still until the test lets it jump to the next sleeper.
final class SimulatedTime: Sendable {
    private struct State {
        var now = Timestamp.noon
        var sleepers: [Int: (until: Timestamp, continuation: CheckedContinuation<Void, Never>)] = [:]
        var last = 0
    }
    private let state = Mutex(State())

    var now: Timestamp { state.withLock { $0.now } }
    var clock: WallClock { WallClock { self.now } }

    @Sendable func sleep(_ span: Duration) async {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard span > .zero, !Task.isCancelled else { return true }
                    state.sleepers[id] = (state.now + span, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            wake { $0 == id }
        }
    }

    /// Changes whenever somebody falls asleep or wakes.
    var pulse: Pulse { state.withLock { Pulse(last: $0.last, sleepers: $0.sleepers.count) } }
    struct Pulse: Equatable {
        let last: Int
        let sleepers: Int
    }

    /// Sets the wall clock back. Whoever sleeps sleeps as long as before: sleep is not counted by the wall clock.
    func setBack(by span: Duration) {
        state.withLock { state in
            state.now = state.now - span
            state.sleepers = state.sleepers.mapValues { ($0.until - span, $0.continuation) }
        }
    }

    /// Jumps to the moment the next sleeper waits for.
    func jump() {
        state.withLock { state in
            guard let next = state.sleepers.values.map(\.until).min() else { return }
            state.now = max(state.now, next)
        }
        wake { _ in false }
    }

    private func wake(_ isCancelled: @Sendable (Int) -> Bool) {
        let woken = state.withLock { state in
            let due = state.sleepers.filter { isCancelled($0.key) || $0.value.until <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }
}

/// A provider that answers as it is told, and remembers what it was given and when.
final class ScriptedCarrier: Carrier {
    typealias Script = @Sendable (_ letter: Letter, _ number: Int) -> Verdict
    struct Carried: Sendable {
        let letter: Letter
        let at: Timestamp
    }
    struct Ended: Sendable {
        let letter: Letter
        let verdict: Verdict
        let began: Timestamp
        let at: Timestamp
    }
    private struct State {
        var carried: [Carried] = []
        var ended: [Ended] = []
        var underWay = 0
        var mostAtOnce = 0
        var accounts: [UserID: Int] = [:]
        var mostAtOnceOfOne = 0
    }
    private let state = Mutex(State())
    private let time: SimulatedTime
    private let takes: @Sendable () -> Duration
    private let script: Script

    /// - Parameter takes: how long each attempt lasts.
    init(time: SimulatedTime, takes: @escaping @Sendable () -> Duration, _ script: @escaping Script) {
        self.time = time
        self.takes = takes
        self.script = script
    }

    var carried: [Carried] { state.withLock { $0.carried } }
    var letters: [Letter] { carried.map(\.letter) }
    /// In the order the attempts ended.
    var ended: [Ended] { state.withLock { $0.ended } }
    /// Those it said it had taken.
    var delivered: [Ended] { ended.filter { if case .delivered = $0.verdict { true } else { false } } }
    var underWay: Int { state.withLock { $0.underWay } }
    var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }
    /// Letters to one account under way at the same moment.
    var mostAtOnceOfOne: Int { state.withLock { $0.mostAtOnceOfOne } }

    func carry(_ letter: Letter) async -> Verdict {
        let began = time.now
        let number = state.withLock { state in
            state.carried.append(Carried(letter: letter, at: time.now))
            state.underWay += 1
            state.mostAtOnce = max(state.mostAtOnce, state.underWay)
            state.accounts[letter.to.id, default: 0] += 1
            state.mostAtOnceOfOne = max(state.mostAtOnceOfOne, state.accounts[letter.to.id, default: 0])
            return state.carried.count
        }
        await time.sleep(takes())
        let verdict = script(letter, number)
        state.withLock { state in
            state.underWay -= 1
            state.ended.append(Ended(letter: letter, verdict: verdict, began: began, at: time.now))
            state.accounts[letter.to.id, default: 0] -= 1
        }
        return verdict
    }
}

/// A worker with people, a store, a provider and a clock.
struct Mailhouse: Sendable {
    let time = SimulatedTime()
    let store: MemoryStore
    let carrier: ScriptedCarrier
    let links: ResetLinks
    let worker: DeliveryWorker
    let metrics = Metrics()

    /// - Parameter takes: asked anew for each attempt.
    init(
        _ users: [User] = [.ann, .bob, .unverifiedUma, .disabledDan], capacity: Int = 1000, budgetBurst: Int = 3,
        takes: @autoclosure @escaping @Sendable () -> Duration = .zero, parallel: Int = 8,
        maximumAge: Duration = .seconds(3600),
        grace: Duration = .seconds(15),
        script: @escaping ScriptedCarrier.Script = { _, number in .delivered(messageID: "m\(number)") }
    ) throws {
        guard let secrets = Secrets([Array("0123456789abcdef0123456789abcdef".utf8)]) else {
            throw CocoaError(.coderInvalidValue)
        }
        store = MemoryStore(users, capacity: capacity)
        carrier = ScriptedCarrier(time: time, takes: takes, script)
        links = ResetLinks(secrets: secrets, issuer: "https://example.com", lifetime: .seconds(1800))
        var options = DeliveryOptions(siteURL: "https://example.com")
        options.parallelDeliveries = parallel
        options.maximumAge = maximumAge
        options.shutdownGrace = grace
        worker = try DeliveryWorker(
            outbox: store, accounts: store, links: links,
            budget: MailBudget(interval: .seconds(600), burst: budgetBurst),
            carrier: carrier, clock: time.clock, metrics: metrics,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, pseudonym: AddressPseudonym(secrets: secrets),
            options: options, fraction: { 1 }, sleep: time.sleep)
    }

    func ask(_ address: String, device: String? = nil) async throws {
        try await store.record(ResetRequest(email: try EmailAddress(parsing: address), device: device), at: time.now)
    }

    /// Runs the worker, letting time jump whenever everybody seems to wait, until the condition holds.
    /// - Returns: whether it came to hold.
    @discardableResult
    func work(forAtMost limit: Duration = .seconds(7200), until holds: () async throws -> Bool) async throws -> Bool {
        let running = Task { await worker.run() }
        let end = time.now + limit
        var isHolding = false
        while !isHolding, time.now < end {
            await settleDown()
            isHolding = try await holds()
            if !isHolding { time.jump() }
        }
        running.cancel()
        let ending = Task {
            // An attempt under way is brought to its end, which takes its time.
            while !Task.isCancelled {
                await settleDown()
                time.jump()
            }
        }
        await running.value
        ending.cancel()
        return isHolding
    }

    /// Waits until everybody waits for the time: the worker to be woken, every courier for an answer or the store, and nobody
    /// falls asleep or wakes any more. Returns when its task is cancelled.
    func settleDown() async {
        var pulse = time.pulse
        var stillFor = 0
        while stillFor < 10, !Task.isCancelled {
            await Task.yield()
            let now = time.pulse
            let couriers = worker.waitingRoom.withLock { $0.couriers }
            let areAllAsleep = worker.wakeUp.isAwaited && now.sleepers >= couriers + 1
            stillFor = now == pulse && areAllAsleep ? stillFor + 1 : 0
            pulse = now
        }
    }

    func isEmpty() async throws -> Bool { store.letters.isEmpty }

    func outcomes(of user: User) async throws -> [String] {
        try await store.mailLog(of: user.id, limit: 100).reversed().map(\.outcome)
    }
}
