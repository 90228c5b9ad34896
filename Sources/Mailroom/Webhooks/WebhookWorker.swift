package import Keyturn
package import Telemetry
import Logging
import Synchronization

/// Tells the app history: leases, posts, settles. Apart from the ``DeliveryWorker`` of the letters, so that an app that does not
/// listen holds up no mail.
package final class WebhookWorker: Sendable {
    /// Messages under way at once.
    package static let parallelMax = 8
    /// How long taken messages are ours: well over what an attempt takes at most.
    static let leaseSpan: Duration = .seconds(60)
    /// The longest look away: another process (`user revoke-links`) does not wake this one.
    static let glanceInterval: Duration = .seconds(5)
    /// The shortest.
    static let glanceLeast: Duration = .milliseconds(100)

    private let webhooks: any Webhooks
    private let accounts: any Accounts
    private let sender: WebhookSender
    private let clock: WallClock
    private let maximumAge: Duration
    private let retry = RetrySchedule(first: .seconds(5), limit: .seconds(3600), least: .seconds(1))
    private let fraction: @Sendable () -> Double
    private let sleep: @Sendable (Duration) async -> Void
    private let wakeUp = WakeUp()
    private let deliveryLog: WebhookJournal

    /// - Parameter maximumAge: how long a message is tried.
    /// - Parameter fraction: chance, evenly from 0 to 1; for the jitter alone.
    /// - Parameter sleep: returns early when its task is cancelled.
    package init(
        webhooks: any Webhooks, accounts: any Accounts, sender: WebhookSender, clock: WallClock, maximumAge: Duration,
        metrics: Metrics, log: Log, fraction: @escaping @Sendable () -> Double = { .random(in: 0..<1) },
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.webhooks = webhooks
        self.accounts = accounts
        self.sender = sender
        self.clock = clock
        self.maximumAge = maximumAge
        self.fraction = fraction
        self.sleep = sleep
        deliveryLog = WebhookJournal(metrics: metrics, log: log)
    }

    /// Until the task is cancelled: what is under way then is cut off, given back, and sent again by the next start under the same id.
    package func run() async {
        await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { listeners in
                listeners.addTask { for await _ in self.webhooks.arrivals { self.wakeUp.ring() } }
                while !Task.isCancelled {
                    let rest = await turn()
                    if rest > .zero, !Task.isCancelled { await wakeUp.wait(atMost: rest, sleep: sleep) }
                }
                listeners.cancelAll()
            }
        } onCancel: {
            wakeUp.ring()
        }
    }

    /// - Returns: how long there is nothing to do unless woken up; zero: look again at once.
    private func turn() async -> Duration {
        do {
            let leases = try await webhooks.lease(atMost: Self.parallelMax, for: Self.leaseSpan, at: clock.now())
            guard leases.isEmpty else {
                _ = try await webhooks.settle(await settlements(of: leases), at: clock.now())
                return .zero
            }
            guard let due = try await webhooks.nextDue() else { return Self.glanceInterval }
            return min(Self.glanceInterval, max(Self.glanceLeast, due - clock.now()))
        } catch {
            deliveryLog.storageFailed(error)
            return Self.glanceInterval
        }
    }

    private func settlements(of leases: [WebhookLease]) async -> [WebhookSettlement] {
        await withTaskGroup(of: WebhookSettlement.self) { group in
            for lease in leases { group.addTask { WebhookSettlement(lease, as: await self.attempt(lease)) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func attempt(_ lease: WebhookLease) async -> WebhookOutcome {
        let user: User?
        do { user = try await accounts.user(id: lease.webhook.user) } catch {
            deliveryLog.storageFailed(error)
            return .released
        }
        let start = clock.now()
        let answer = await sender.send(lease.webhook, about: user)
        let outcome = outcome(of: answer, for: lease, at: clock.now())
        deliveryLog.attempted(lease, outcome, after: clock.now() - start)
        return outcome
    }

    private func outcome(of answer: WebhookSender.Answer, for lease: WebhookLease, at now: Timestamp) -> WebhookOutcome
    {
        switch answer {
        case .taken: return .delivered
        case .gone: return .failed(reason: "the app answered 410: it wants no more messages")
        // Cut off by the end of the process: not the app's fault.
        case .unreachable where Task.isCancelled: return .released
        case .refused(let reason), .unreachable(let reason):
            guard now - lease.recordedAt < maximumAge else {
                return .failed(reason: "gave up after \(OperatorWords.span(maximumAge)): \(reason)")
            }
            return .later(
                at: now + retry.delay(afterFailures: lease.attempts + 1, fraction: fraction()), reason: reason)
        }
    }
}

/// What operators are told: a log line and a number an attempt.
private struct WebhookJournal: Sendable {
    private struct Label: Hashable {
        let event: WebhookEvent
        let outcome: String
    }

    private let log: Log
    private let seconds: Histogram
    private let outcomes: [Label: Counter]

    init(metrics: Metrics, log: Log) {
        self.log = log
        seconds = metrics.histogram("keyturn_webhook_seconds", help: "How long the app took to answer a webhook.")
        var outcomes: [Label: Counter] = [:]
        for event in WebhookEvent.allCases {
            for outcome in ["delivered", "later", "failed", "released"] {
                outcomes[Label(event: event, outcome: outcome)] = metrics.counter(
                    "keyturn_webhook_attempts_total", help: "Webhook attempts by outcome.",
                    ("event", event.rawValue), ("outcome", outcome))
            }
        }
        self.outcomes = outcomes
    }

    func attempted(_ lease: WebhookLease, _ outcome: WebhookOutcome, after duration: Duration) {
        seconds.observe(duration)
        let (name, reason, level): (String, String?, Log.Level) =
            switch outcome {
            case .delivered: ("delivered", nil, .info)
            case .later(_, let reason): ("later", reason, .notice)
            case .failed(let reason): ("failed", reason, .error)
            case .released: ("released", nil, .debug)
            }
        outcomes[Label(event: lease.webhook.event, outcome: name)]?.add()
        var metadata: Log.Metadata = [
            "id": "\(lease.webhook.id)", "about": "\(lease.webhook.event.rawValue)",
            "user": "\(lease.webhook.user.text)",
            "outcome": "\(name)",
        ]
        if let reason { metadata["reason"] = "\(reason)" }
        if lease.attempts > 0 { metadata["attempts"] = "\(lease.attempts)" }
        log.log(level: level, "webhook", metadata: metadata)
    }

    func storageFailed(_ failed: StorageFailed) {
        log.error(
            "storage failed",
            metadata: ["doing": "delivering webhooks", "code": "\(failed.code)", "reason": "\(failed.reason)"])
    }
}
