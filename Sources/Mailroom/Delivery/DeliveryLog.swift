import Keyturn
import Logging
import Synchronization
import Telemetry

/// What the worker tells operators: a log line and a number an event. Pseudonyms only.
final class DeliveryLog: Sendable {
    private let log: Log
    private let pseudonym: AddressPseudonym
    private let seconds: Histogram
    private let stopped: Gauge
    private let storage: Counter
    private let outcomes: [OutcomeLabel: Counter]
    private let verdicts: [String: Counter]
    private let storageFailures = Mutex(0)

    /// Few values, all ours: what may stand in a label.
    private struct OutcomeLabel: Hashable {
        let kind: LetterKind
        let outcome: String
        let reason: String
    }

    init(metrics: Metrics, log: Log, pseudonym: AddressPseudonym) {
        self.log = log
        self.pseudonym = pseudonym
        seconds = metrics.histogram("keyturn_mail_provider_seconds", help: "How long the mail provider took to answer.")
        stopped = metrics.gauge("keyturn_mail_stopped", help: "1 while sending is stopped.")
        storage = metrics.counter(
            "keyturn_mail_storage_failures_total", help: "Times the store failed for the delivery worker.")
        outcomes = Self.outcomeCounters(in: metrics)
        verdicts = Dictionary(
            uniqueKeysWithValues: ["delivered", "later", "unreachable", "answer_lost", "never", "stop"].map { verdict in
                let help = "Delivery attempts by verdict."
                return (verdict, metrics.counter("keyturn_mail_verdicts_total", help: help, ("verdict", verdict)))
            })
    }

    /// An outcome is on disk.
    func settled(_ settlement: Settlement) {
        let (outcome, reason, level) = Self.words(for: settlement.outcome)
        count(settlement.lease, outcome: outcome, reason: Self.label(for: settlement.outcome))
        // A line costs more than all else that is done here.
        guard level >= log.logLevel else { return }
        log.log(
            level: level, "message",
            metadata: metadata(
                settlement, ["outcome": "\(outcome)"].merging(reason.map { ["reason": "\($0)"] } ?? [:]) { $1 }))
    }

    /// A request ended in intake, and that is on disk.
    func skipped(_ joined: JoinedRequests, _ reason: SkipReason, of user: UserID?) {
        outcomes[OutcomeLabel(kind: .resetLink, outcome: "skipped", reason: reason.rawValue)]?.add()
        // A line costs more than all else that is done here, and a flood of unknown addresses must not become a flood of lines.
        guard log.logLevel <= .debug else { return }
        var metadata: Log.Metadata = [
            "kind": "\(LetterKind.resetLink.rawValue)", "address": "\(pseudonym(joined.request.email))",
            "outcome": "skipped", "reason": "\(reason.rawValue)",
        ]
        if let user { metadata["user"] = "\(user.text)" }
        log.debug("letter", metadata: metadata)
    }

    /// The outcome was not written: its rows were dropped meanwhile, or are leased by another process.
    func leaseLost(_ settlement: Settlement) {
        count(settlement.lease, outcome: "lease_lost", reason: "")
        log.notice("message", metadata: metadata(settlement, ["outcome": "lease_lost"]))
    }

    func answered(_ verdict: Verdict, after duration: Duration) {
        seconds.observe(duration)
        verdicts[Self.name(of: verdict)]?.add()
    }

    func sending(stoppedBecause reason: String?, before: String?) {
        stopped.set(reason == nil ? 0 : 1)
        switch (before, reason) {
        case (nil, let reason?): log.error("sending stopped", metadata: ["reason": "\(reason)"])
        case (_?, nil): log.notice("sending works again")
        default: break
        }
    }

    func clockSetBack() { log.warning("the clock was set back, so queued messages are due at once") }

    /// - Returns: how many times in a row.
    func storageFailed(_ failed: StorageFailed, doing work: String) -> Int {
        let failures = storageFailures.withLock { failures in
            failures = min(failures + 1, 1000)
            return failures
        }
        storage.add()
        log.error(
            "storage failed", metadata: ["doing": "\(work)", "code": "\(failed.code)", "reason": "\(failed.reason)"])
        return failures
    }

    func storageWorks() { storageFailures.withLock { $0 = 0 } }

    private func count(_ lease: Lease, outcome: String, reason: String) {
        outcomes[OutcomeLabel(kind: lease.letter.kind, outcome: outcome, reason: reason)]?.add()
    }

    private static func outcomeCounters(in metrics: Metrics) -> [OutcomeLabel: Counter] {
        let plain = ["delivered", "later", "answer_lost", "failed", "released", "lease_lost"].map { ($0, "") }
        let skipped = SkipReason.allCases.map { ("skipped", $0.rawValue) }
        var counters: [OutcomeLabel: Counter] = [:]
        for kind in LetterKind.allCases {
            for (outcome, reason) in plain + skipped {
                counters[OutcomeLabel(kind: kind, outcome: outcome, reason: reason)] = metrics.counter(
                    "keyturn_mail_outcomes_total", help: "Messages by outcome.", ("kind", kind.rawValue),
                    ("outcome", outcome), ("reason", reason))
            }
        }
        return counters
    }

    private func metadata(_ settlement: Settlement, _ more: Log.Metadata) -> Log.Metadata {
        var metadata = more
        metadata["outbox_id"] = "\(settlement.lease.id)"
        metadata["kind"] = "\(settlement.lease.letter.kind.rawValue)"
        if case .resetLink(let request) = settlement.lease.letter {
            metadata["address"] = "\(pseudonym(request.email))"
        }
        let users = settlement.parts.compactMap(\.user?.text)
        if !users.isEmpty { metadata["user"] = "\(users.joined(separator: " "))" }
        if settlement.lease.attempts > 0 { metadata["attempts"] = "\(settlement.lease.attempts)" }
        return metadata
    }

    private static func words(for outcome: Outcome) -> (outcome: String, reason: String?, level: Log.Level) {
        switch outcome {
        case .delivered(let messageID): ("delivered", messageID.map { "accepted as \($0)" }, .info)
        // A flood of unknown addresses must not become a flood of lines.
        case .skipped(let reason): ("skipped", reason.rawValue, .debug)
        case .later(_, let reason): ("later", reason, .notice)
        case .answerLost(again: _?, let reason, _): ("answer_lost", reason, .notice)
        case .failed(let reason), .answerLost(again: nil, let reason, _): ("failed", reason, .error)
        case .refused(let reason): ("released", reason, .debug)
        case .released(let reason): ("released", reason, .debug)
        }
    }

    private static func label(for outcome: Outcome) -> String {
        if case .skipped(let reason) = outcome { reason.rawValue } else { "" }
    }

    private static func name(of verdict: Verdict) -> String {
        switch verdict {
        case .delivered: "delivered"
        case .later: "later"
        case .unreachable: "unreachable"
        case .answerLost: "answer_lost"
        case .never: "never"
        case .stop: "stop"
        }
    }
}
