import Keyturn
import TestKit
import Testing

@testable import Mailroom

@Suite struct `The circuit` {
    private var circuit = CircuitBreaker(retry: RetrySchedule())

    private mutating func hear(_ verdict: Verdict, probe: Bool = false, at seconds: Int = 0) {
        circuit.heard(verdict, isProbe: probe, at: .noon + .seconds(seconds), fraction: 1)
    }

    private func permission(at seconds: Int) -> CircuitBreaker.Permission {
        circuit.permission(at: .noon + .seconds(seconds))
    }

    @Test mutating func `lets everybody go while the provider takes letters`() {
        hear(.delivered(messageID: nil))
        #expect(permission(at: 0) == .carry)
        #expect(circuit.stoppedBecause == nil)
    }

    @Test mutating func `opens at the first refusal, and asks again after a minute`() {
        hear(.stop(reason: "401"))
        #expect(circuit.stoppedBecause == "401")
        #expect(permission(at: 59) == .wait(until: .noon + .seconds(60)))
        #expect(permission(at: 60) == .probe)
    }

    @Test mutating func `lets only one probe go`() {
        hear(.stop(reason: "401"))
        circuit.probeStarted()
        #expect(permission(at: 3600) == .wait(until: nil))
    }

    @Test mutating func `asks at once when the key was replaced`() {
        hear(.stop(reason: "401"))
        circuit.probeSoon(at: .noon + .seconds(3))
        #expect(permission(at: 3) == .probe)
        #expect(circuit.stoppedBecause == "401")
        circuit.probeStarted()
        circuit.probeSoon(at: .noon + .seconds(4))
        #expect(permission(at: 4) == .wait(until: nil))
    }

    @Test mutating func `waits another minute after a refused probe`() {
        hear(.stop(reason: "401"))
        circuit.probeStarted()
        hear(.stop(reason: "403"), probe: true, at: 60)
        #expect(circuit.stoppedBecause == "403")
        #expect(permission(at: 119) == .wait(until: .noon + .seconds(120)))
    }

    @Test(arguments: [
        Verdict.delivered(messageID: nil), .never(reason: "400"),
        .later(after: .zero, reason: "429", pausesEverybody: true),
    ])
    mutating func `closes when a probe shows that the key is accepted`(verdict: Verdict) {
        hear(.stop(reason: "401"))
        circuit.probeStarted()
        hear(verdict, probe: true, at: 60)
        #expect(circuit.stoppedBecause == nil)
        #expect(permission(at: 60) == .carry)
    }

    @Test(arguments: [
        Verdict.later(after: nil, reason: "503", pausesEverybody: false), .unreachable(reason: "connecting"),
    ])
    mutating func `stays open when the probe after a refusal meets other trouble`(verdict: Verdict) {
        hear(.stop(reason: "401"))
        circuit.probeStarted()
        hear(verdict, probe: true, at: 60)
        #expect(circuit.stoppedBecause == "401")
        #expect(permission(at: 61) == .wait(until: .noon + .seconds(120)))
    }

    @Test mutating func `gives the probe to the next when the chosen letter did not go out`() {
        hear(.stop(reason: "401"))
        circuit.probeStarted()
        circuit.probeAbandoned(at: .noon + .seconds(60))
        #expect(permission(at: 60) == .probe)
    }

    @Test mutating func `takes an answer that never came for a provider that cannot be reached`() {
        for _ in 0..<3 { hear(.answerLost(reason: "waiting: timed out")) }
        #expect(circuit.stoppedBecause == "waiting: timed out")
        #expect(permission(at: 4) == .probe)
    }

    @Test mutating func `opens after three attempts in a row without an answer`() {
        hear(.unreachable(reason: "connecting"))
        hear(.unreachable(reason: "connecting"))
        #expect(permission(at: 0) == .carry)
        hear(.unreachable(reason: "connecting"))
        #expect(circuit.stoppedBecause == "connecting")
        #expect(permission(at: 4) == .probe)
    }

    @Test mutating func `counts only attempts in a row`() {
        hear(.unreachable(reason: "connecting"))
        hear(.unreachable(reason: "connecting"))
        hear(.later(after: nil, reason: "500", pausesEverybody: false))
        hear(.unreachable(reason: "connecting"))
        #expect(circuit.stoppedBecause == nil)
    }

    @Test mutating func `pauses for as long as the provider says, and for the longest of several`() {
        hear(.later(after: .seconds(30), reason: "429", pausesEverybody: true))
        hear(.later(after: .seconds(10), reason: "429", pausesEverybody: true))
        #expect(permission(at: 29) == .wait(until: .noon + .seconds(30)))
        #expect(permission(at: 30) == .carry)
        #expect(circuit.stoppedBecause == nil)
    }
}

@Suite struct `The retry schedule` {
    @Test(arguments: [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (1_000_000, 60)])
    func `doubles from a second to a minute`(failures: Int, seconds: Int) {
        #expect(RetrySchedule().delay(afterFailures: failures, fraction: 1) == .seconds(seconds))
    }

    @Test(arguments: [(0.0, 100), (0.5, 4000), (1.0, 8000), (-1.0, 100), (7.0, 8000)])
    func `leaves all but the least to chance`(fraction: Double, milliseconds: Int) {
        #expect(RetrySchedule().delay(afterFailures: 4, fraction: fraction) == .milliseconds(milliseconds))
    }
}
