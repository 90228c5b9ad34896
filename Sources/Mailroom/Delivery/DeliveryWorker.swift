package import Keyturn
package import Telemetry
import Synchronization

/// Drains the outbox: leases, decides, signs, writes, carries, settles.
///
/// One loop takes letters in, and settles at once, many in one commit, those that will never be mailed. The others wait in the
/// `WaitingRoom` for one of a few delivery tasks, so slow deliveries delay no outcome that needs none. Links are signed in the moment
/// their letter leaves and are never stored.
package final class DeliveryWorker: Sendable {
    let outbox: any Outbox
    let accounts: any Accounts
    let links: ResetLinks
    let budget: MailBudget
    let carrier: any Carrier
    let clock: WallClock
    let options: DeliveryOptions
    let writer: LetterWriter
    let deliveryLog: DeliveryLog
    let retry = RetrySchedule()
    let fraction: @Sendable () -> Double
    let sleep: @Sendable (Duration) async -> Void
    let wakeUp = WakeUp()
    let waitingRoom: Mutex<WaitingRoom>
    private let rhythm = Mutex(IntakeRhythm())

    /// Requests taken from intake at once.
    static let intakeMax = 1024
    /// From one emptying of intake to the next. Not at once: what the worker does for one request would be heard in the time of the next.
    static let intakeRhythm: Duration = .milliseconds(100)
    /// Messages leased at once: settled together, and few enough that recording hardly waits for the writer.
    static let batchMax = 128
    /// Messages waiting for a delivery task. While that many do, none is leased.
    static let waitingMax = 2000
    /// The longest look away from the outbox: another process (`outbox retry`) does not wake this one.
    static let glanceInterval: Duration = .seconds(5)
    /// The shortest: a row may be due and yet not for us, while another of its address is under way.
    static let glanceLeast: Duration = .milliseconds(200)

    /// - Parameter fraction: chance, evenly from 0 to 1; for the jitter alone.
    /// - Parameter sleep: returns early when its task is cancelled.
    /// - Throws: a template that does not parse.
    package init(
        outbox: any Outbox, accounts: any Accounts, links: ResetLinks, budget: MailBudget, carrier: any Carrier,
        clock: WallClock,
        metrics: Metrics, log: Log, pseudonym: AddressPseudonym, options: DeliveryOptions,
        fraction: @escaping @Sendable () -> Double = { .random(in: 0..<1) },
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) throws {
        self.outbox = outbox
        self.accounts = accounts
        self.links = links
        self.budget = budget
        self.carrier = carrier
        self.clock = clock
        self.options = options
        self.fraction = fraction
        self.sleep = sleep
        writer = try LetterWriter(
            site: Site(
                name: options.siteName, url: options.siteURL, supportURL: options.supportURL, palette: options.palette),
            templates: options.templates, texts: options.texts, languages: options.languages)
        deliveryLog = DeliveryLog(metrics: metrics, log: log, pseudonym: pseudonym)
        // A letter whose lease ends before an attempt may have ended is left to the next lease.
        let reserve = min(carrier.attemptLimit + .seconds(5), options.leaseSpan * 3 / 4)
        waitingRoom = Mutex(
            WaitingRoom(
                limit: Self.waitingMax, couriersMax: max(1, options.parallelDeliveries), reserve: reserve,
                circuit: CircuitBreaker(retry: retry)))
    }

    /// For `/readyz`: why the sending stands still; nil while it works.
    package var stoppedBecause: String? { waitingRoom.withLock { $0.circuit.stoppedBecause } }

    /// Until the task is cancelled: then no new lease; what waits is released, what is under way has ``DeliveryOptions/shutdownGrace``
    /// to come to its end. What is cut off then is released too, and may be mailed twice. To be run once.
    package func run() async {
        // A task of its own, so that cancelling does not reach the delivery tasks at once: a cut-off attempt is a mail sent twice.
        let work = Task { await self.work() }
        await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            waitingRoom.withLock { $0.isClosing = true }
            wakeUp.ring()
        }
    }

    private func work() async {
        await withTaskGroup(of: Void.self) { listeners in
            listeners.addTask {
                for await _ in self.outbox.arrivals {
                    self.rhythm.withLock { $0.isAwaited = true }
                    self.wakeUp.ring()
                }
            }
            await withDiscardingTaskGroup { couriers in
                while !isClosing {
                    let rest = await turn()
                    hire(into: &couriers)
                    if rest > .zero, !isClosing { await wakeUp.wait(atMost: rest, sleep: sleep) }
                }
                await releaseUnusable()
                await couriersToEnd()
                couriers.cancelAll()
            }
            listeners.cancelAll()
        }
    }

    private var isClosing: Bool { waitingRoom.withLock { $0.isClosing } }

    private func hire(into couriers: inout DiscardingTaskGroup) {
        let hired = waitingRoom.withLock { $0.hire(at: clock.now()) }
        for _ in 0..<hired { couriers.addTask { await self.deliver() } }
    }

    /// Waits for those who are on their way, at most ``DeliveryOptions/shutdownGrace``.
    private func couriersToEnd() async {
        let end = clock.now() + options.shutdownGrace
        while waitingRoom.withLock({ $0.couriers }) > 0 {
            let rest = end - clock.now()
            guard rest > .zero else { return }
            await wakeUp.wait(atMost: rest, sleep: sleep)
        }
    }

    /// One turn. - Returns: how long there is nothing to do unless woken up; zero: take the next turn at once.
    private func turn() async -> Duration {
        await releaseUnusable()
        do {
            try await watchClock()
            let isEmptied = try await emptyIntakeInRhythm()
            let mailing = try await outbox.moveMailings(at: clock.now())
            if try await takeIn() > 0 || !isEmptied {
                deliveryLog.storageWorks()
                return .zero
            }
            let due = waitingRoom.withLock { $0.room } > 0 ? try await outbox.nextDue() : nil
            deliveryLog.storageWorks()
            return rest(until: [due, mailing].compactMap(\.self).min())
        } catch {
            let failures = deliveryLog.storageFailed(error, doing: "leasing messages")
            return retry.delay(afterFailures: failures, fraction: fraction())
        }
    }

    /// - Returns: false if intake may hold more than was looked at.
    private func emptyIntakeInRhythm() async throws(StorageFailed) -> Bool {
        guard rhythm.withLock({ $0.begin(at: clock.now()) }) else { return true }
        let isEmptied = try await emptyIntake() < Self.intakeMax
        rhythm.withLock { $0.ended(isEmptied: isEmptied, at: clock.now()) }
        return isEmptied
    }

    /// The moments of the outbox are those of a clock that may be set back, and then everything would wait so much longer.
    private func watchClock() async throws(StorageFailed) {
        let now = clock.now()
        let isSetBack = waitingRoom.withLock { waitingRoom in
            waitingRoom.look(at: now)
            return waitingRoom.isClockSetBack
        }
        guard isSetBack else { return }
        try await outbox.clockSetBack(to: now, leasing: options.leaseSpan)
        waitingRoom.withLock { $0.outboxIsTold() }
        deliveryLog.clockSetBack()
    }

    private func rest(until due: Timestamp?) -> Duration {
        let now = clock.now()
        let change = waitingRoom.withLock { $0.nextChange(at: now) }
        let untilDue = due.map { max(Self.glanceLeast, $0 - now) } ?? Self.glanceInterval
        let untilChange = change.map { max(.milliseconds(1), $0 - now) } ?? Self.glanceInterval
        let untilIntake = rhythm.withLock { $0.wait(at: now) } ?? Self.glanceInterval
        return min(Self.glanceInterval, untilDue, untilChange, untilIntake)
    }
}
