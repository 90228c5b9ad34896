/// The intent protocol against a model of two databases and of everything that may happen to them.
import Keyturn
import PasswordHashing
import Testing

@testable import ForeignUsers

/// Two databases that commit apart from each other, in memory. Hashes are small numbers; each new one was never used before.
private struct Model {
    // Ours
    var epoch: Int64 = 0
    var intent: Intent?
    var lastSettled: [UInt8]?
    var letters = 0
    var revocationsTold = 0
    // Theirs
    var hash = 1
    var highest = 1
    /// Changes of the hash that went through one of our resets.
    var resets = 0
    /// Whether the app itself changed the hash since the last letter that told of one.
    var appChanged = false
    var now = Timestamp(milliseconds: 0)

    static func digest(_ hash: Int) -> [UInt8] { [UInt8(hash >> 16), UInt8(hash >> 8 & 255), UInt8(hash & 255)] }

    mutating func begin(_ new: Intent, epoch: Int64) -> IntentBegun {
        if let intent { return .locked(by: intent) }
        guard epoch == self.epoch else { return .stale }
        intent = new
        return .begun
    }

    mutating func end(_ ended: Intent, as ending: IntentEnding) -> Bool {
        let isHeld = intent?.id == ended.id
        if isHeld { intent = nil }
        switch ending {
        case .dropped: return true
        case .revoked:
            if isHeld { epoch += 1 }
            return isHeld
        case .foundChanged(let now):
            if isHeld { settle(now) }
            return isHeld
        case .changed(let now):
            if !isHeld, now == lastSettled { return true }
            settle(now)
            return true
        }
    }

    private mutating func settle(_ digest: [UInt8]?) {
        lastSettled = digest
        letters += 1
    }

    mutating func swap(from old: Int, to new: Int) -> Bool {
        guard hash == old else { return false }
        hash = new
        resets += 1
        return true
    }

    func see(_ intent: Intent) -> Seen {
        let held = Self.digest(hash)
        if held == intent.before { return .before }
        if held == intent.after { return .after }
        return held == lastSettled ? .settledBefore : .other(holds: held)
    }
}

/// A process that carries one change out, one step at a time.
private struct Actor {
    var run: IntentRun
    let old: Int
    let new: Int
    let epoch: Int64
    var recovering: (Intent, Seen)?
    /// Crashed, or told the outcome.
    var isGone = false
    var toldRevoked = false
}

private func intent(_ number: Int, _ kind: Intent.Kind, _ old: Int, _ new: Int, deadline: Timestamp) -> Intent {
    Intent(
        id: String(number), user: UserID("7"), kind: kind, email: EmailAddress(stored: "ann@example.com"),
        language: nil, before: Model.digest(old), after: kind == .reset ? Model.digest(new) : nil, deadline: deadline)
}

@Suite struct `A change in two databases` {
    /// One life: a link, several posts of it, perhaps a revocation and a change by the app, crashes, and what recovery makes of it.
    private struct Life {
        var model = Model()
        var actors: [Actor] = []
        var successes = 0
        var told = false
        var appMayChange: Bool
        var steps = 0
        var random: SystemSeeded

        init(seed: UInt64, appMayChange: Bool) {
            random = SystemSeeded(seed: seed)
            self.appMayChange = appMayChange
        }

        func chance(_ one: Int, in all: Int, _ random: inout SystemSeeded) -> Bool {
            Int(random.next() % UInt64(all)) < one
        }

        mutating func play(posts: Int, revocations: Int) {
            for number in 0..<(posts + revocations) {
                let kind: Intent.Kind = number < posts ? .reset : .revoke
                model.highest += 1
                let new = model.highest
                let run = IntentRun(
                    intent(number, kind, 1, new, deadline: model.now + .seconds(15)),
                    patience: model.now + .seconds(1000))
                actors.append(Actor(run: run, old: 1, new: new, epoch: 0))
            }
            while let place = actors.indices.filter({ !actors[$0].isGone }).randomElement(using: &random) {
                steps += 1
                step(place)
                if appMayChange, chance(1, in: 40, &random) {
                    model.highest += 1
                    model.hash = model.highest
                    model.appChanged = true
                }
            }
            // The process that runs on, or the next start.
            while let left = model.intent {
                steps += 1
                let ending = IntentRun.ending(of: left, seeing: model.see(left))
                if chance(1, in: 4, &random) { continue }
                _ = model.end(left, as: ending)
            }
        }

        private mutating func step(_ place: Int) {
            var actor = actors[place]
            defer { actors[place] = actor }
            // kill -9 before the step, or after it and before its answer is heard.
            if chance(1, in: 12, &random) {
                actor.isGone = true
                return
            }
            let isLost = chance(1, in: 12, &random)
            let own = actor.run.intent
            if let (other, seen) = actor.recovering {
                _ = model.end(other, as: IntentRun.ending(of: other, seeing: seen))
                actor.recovering = nil
                actor.run.beginAgain()
                return
            }
            switch actor.run.step {
            case .begin:
                let answer = model.begin(own, epoch: actor.epoch)
                // The deadline of an intent has come if its owner is gone, and never before.
                var now = model.now
                if case .locked(let other) = answer,
                    !actors.contains(where: { $0.run.intent.id == other.id && !$0.isGone })
                {
                    now = other.deadline
                }
                if !isLost { actor.run.began(answer, at: now) }
            case .recover(let other): actor.recovering = (other, model.see(other))
            case .wait: actor.run.beginAgain()
            case .swap:
                if told, model.hash == actor.old { Issue.record("a swap may follow a revocation that was told") }
                let isChanged = model.swap(from: actor.old, to: actor.new)
                if isChanged, told { Issue.record("the password changed after the links were revoked") }
                if !isLost { actor.run.swapped(isChanged ? .changed(holds: own.after) : .notChanged) }
            case .look:
                let seen = model.see(own)
                if !isLost { actor.run.looked(seen) }
            case .end(let ending):
                let isEnded = model.end(own, as: ending)
                if !isLost { actor.run.ended(isEnded) }
            case .done(let isChanged):
                actor.isGone = true
                if isChanged {
                    successes += 1
                    if own.kind == .revoke { told = true }
                }
            case .failed: actor.isGone = true
            }
            if isLost { actor.isGone = true }
        }
    }

    @Test func `succeeds at most once, tells of each change once and locks nobody out, whatever crashes`() {
        var steps = 0
        var changes = 0
        var seed: UInt64 = 1
        while steps < 300_000 {
            var life = Life(seed: seed, appMayChange: false)
            life.play(posts: 2 + Int(seed % 2), revocations: Int(seed % 3 == 0 ? 1 : 0))
            #expect(life.successes <= 1, "seed \(seed)")
            #expect(life.model.letters == life.model.resets, "seed \(seed)")
            #expect(life.model.resets <= 1, "seed \(seed)")
            #expect(life.model.intent == nil, "seed \(seed)")
            steps += life.steps
            changes += life.model.resets
            seed += 1
        }
        // The lives were worth living.
        #expect(changes > 1000)
    }

    @Test func `tells the person if the app changes the password meanwhile`() {
        var steps = 0
        var seed: UInt64 = 1
        while steps < 200_000 {
            var life = Life(seed: seed, appMayChange: true)
            life.play(posts: 2, revocations: Int(seed % 3 == 0 ? 1 : 0))
            #expect(life.successes <= 1, "seed \(seed)")
            #expect(life.model.resets <= 1, "seed \(seed)")
            // Never a change without a message; more messages only if the app changed the password itself.
            #expect(life.model.letters >= life.model.resets, "seed \(seed)")
            #expect(life.model.letters == life.model.resets || life.model.appChanged, "seed \(seed)")
            #expect(life.model.intent == nil, "seed \(seed)")
            steps += life.steps
            seed += 1
        }
    }

    @Test func `whose owner was taken for dead is told of all the same`() {
        var model = Model()
        let slow = intent(1, .reset, 1, 2, deadline: Timestamp(milliseconds: 0))
        var run = IntentRun(slow, patience: .init(milliseconds: 0))
        run.began(model.begin(slow, epoch: 0), at: model.now)
        #expect(run.step == .swap)
        // Recovery finds the old hash and drops the intent; then the change comes through.
        _ = model.end(slow, as: IntentRun.ending(of: slow, seeing: model.see(slow)))
        let isChanged = model.swap(from: 1, to: 2)
        #expect(isChanged)
        run.swapped(.changed(holds: slow.after))
        #expect(run.step == .end(.changed(now: slow.after)))
        run.ended(model.end(slow, as: .changed(now: slow.after)))
        #expect(run.step == .done(true) && model.letters == 1)
        // And not twice, if recovery was the one that found the new one.
        _ = model.end(slow, as: .changed(now: slow.after))
        #expect(model.letters == 1)
    }

    @Test func `that may have reached the disk or not is neither done nor undone`() {
        let one = intent(1, .reset, 1, 2, deadline: Timestamp(milliseconds: 15_000))
        let lost = StorageFailed(.outcomeUnknown, reason: "lost")
        for (seen, step) in [
            (Seen.after, IntentRun.Step.end(.changed(now: one.after))), (.before, .failed(lost)),
            (.gone, .failed(lost)),
            (.other(holds: [9]), .failed(lost)),
        ] {
            var run = IntentRun(one, patience: .init(milliseconds: 0))
            run.began(.begun, at: .init(milliseconds: 0))
            run.swapped(.unknown(lost))
            #expect(run.step == .look)
            run.looked(seen)
            #expect(run.step == step)
        }
    }
}

/// The same lives for the same seed (SplitMix64).
struct SystemSeeded: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
