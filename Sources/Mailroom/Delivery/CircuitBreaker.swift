import Keyturn

/// Whether letters may go out now. Told what the provider answered and when, it says carry, probe or wait.
///
/// A refused key opens it at once, and one letter a minute is the probe. Attempts without an answer open it after
/// ``unreachableMax`` in a row, and probes come as the ``RetrySchedule`` says. A pause (429) lies over either.
struct CircuitBreaker: Sendable, Equatable {
    enum Permission: Sendable, Equatable { case carry, probe, wait(until: Timestamp?) }

    private enum State: Sendable, Equatable {
        case closed(unreachable: Int)
        case open(Cause, probeAt: Timestamp)
        /// One letter is under way to find out.
        case probing(Cause)
    }

    private struct Cause: Sendable, Equatable {
        let reason: String
        let isRefusal: Bool
        /// Attempts that failed since the last answer.
        let failures: Int
    }

    private var state = State.closed(unreachable: 0)
    private var pausedUntil: Timestamp?
    private let retry: RetrySchedule

    static let unreachableMax = 3
    static let refusedProbeInterval: Duration = .seconds(60)
    /// How long 429 pauses all deliveries if it does not say.
    static let pauseDefault: Duration = .seconds(5)

    init(retry: RetrySchedule) { self.retry = retry }

    /// Why the sending stands still; nil while it works.
    var stoppedBecause: String? {
        switch state {
        case .closed: nil
        case .open(let cause, _), .probing(let cause): cause.reason
        }
    }

    func permission(at now: Timestamp) -> Permission {
        if let pausedUntil, now < pausedUntil { return .wait(until: pausedUntil) }
        switch state {
        case .closed: return .carry
        case .open(_, let probeAt): return now >= probeAt ? .probe : .wait(until: probeAt)
        case .probing: return .wait(until: nil)
        }
    }

    mutating func probeStarted() {
        if case .open(let cause, _) = state { state = .probing(cause) }
    }

    /// The letter chosen as the probe did not go out: the next one is.
    mutating func probeAbandoned(at now: Timestamp) {
        if case .probing(let cause) = state { state = .open(cause, probeAt: now) }
    }

    /// Something about the sending has changed, such as the key: the next letter is the probe, without waiting for its time.
    mutating func probeSoon(at now: Timestamp) {
        if case .open(let cause, _) = state { state = .open(cause, probeAt: now) }
    }

    /// What lies ahead stays as far ahead as it was.
    mutating func clockSetBack(by span: Duration) {
        pausedUntil = pausedUntil.map { $0 - span }
        if case .open(let cause, let probeAt) = state { state = .open(cause, probeAt: probeAt - span) }
    }

    /// - Parameter isProbe: whether this was the probe's verdict; others may still come in from before the circuit opened.
    /// - Parameter fraction: chance, 0 to 1, for the next probe's time.
    mutating func heard(_ verdict: Verdict, isProbe: Bool, at now: Timestamp, fraction: Double) {
        switch verdict {
        case .delivered, .never: state = .closed(unreachable: 0)
        case .stop(let reason): refused(reason, isProbe: isProbe, at: now)
        case .unreachable(let reason), .answerLost(let reason):
            unreachable(reason, isProbe: isProbe, at: now, fraction: fraction)
        case .later(let after, _, pausesEverybody: true):
            let end = now + (after ?? Self.pauseDefault)
            pausedUntil = max(end, pausedUntil ?? end)
            // The key was accepted, or failures would not be counted.
            state = .closed(unreachable: 0)
        case .later: answered(isProbe: isProbe, at: now)
        }
    }

    private mutating func refused(_ reason: String, isProbe: Bool, at now: Timestamp) {
        // The probe under way decides; an older letter's refusal is no news.
        if case .probing = state, !isProbe { return }
        if case .open(let cause, _) = state, cause.isRefusal { return }
        state = .open(Cause(reason: reason, isRefusal: true, failures: 1), probeAt: now + Self.refusedProbeInterval)
    }

    private mutating func unreachable(_ reason: String, isProbe: Bool, at now: Timestamp, fraction: Double) {
        switch state {
        case .closed(let before) where before + 1 < Self.unreachableMax: state = .closed(unreachable: before + 1)
        case .closed(let before): open(reason, failures: before + 1, at: now, fraction: fraction)
        case .probing(let cause) where isProbe && cause.isRefusal:
            state = .open(cause, probeAt: now + Self.refusedProbeInterval)
        case .probing(let cause) where isProbe: open(reason, failures: cause.failures + 1, at: now, fraction: fraction)
        case .open, .probing: break
        }
    }

    private mutating func open(_ reason: String, failures: Int, at now: Timestamp, fraction: Double) {
        let wait = retry.delay(afterFailures: failures, fraction: fraction)
        state = .open(Cause(reason: reason, isRefusal: false, failures: failures), probeAt: now + wait)
    }

    /// A server's trouble (5xx): it can be reached, but that says nothing about the key.
    private mutating func answered(isProbe: Bool, at now: Timestamp) {
        switch state {
        case .closed: state = .closed(unreachable: 0)
        case .open(let cause, _) where !cause.isRefusal: state = .closed(unreachable: 0)
        case .probing(let cause) where isProbe:
            state = cause.isRefusal ? .open(cause, probeAt: now + Self.refusedProbeInterval) : .closed(unreachable: 0)
        case .open, .probing: break
        }
    }
}
