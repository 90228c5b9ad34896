import Keyturn
import Synchronization

/// Delivery: each task delivers one message after the other until none may go.
extension DeliveryWorker {
    func deliver() async {
        while let pick = nextPick() {
            let settlement = await attempt(pick)
            await settleStubbornly(settlement)
        }
        // A message may have come meanwhile; or we are closing, and this was the last delivery task.
        wakeUp.ring()
    }

    private func nextPick() -> WaitingRoom.Pick? {
        let (pick, isNearlyEmpty) = waitingRoom.withLock { ($0.next(at: clock.now()), $0.room > Self.waitingMax / 2) }
        if pick != nil, isNearlyEmpty { wakeUp.ring() }
        return pick
    }

    /// Decides from fresh knowledge, then writes and carries, for each account of the address.
    private func attempt(_ pick: WaitingRoom.Pick) async -> Settlement {
        let lease = pick.lease
        do {
            let decisions = try await decide(about: [Decision.Question(lease)], at: clock.now()).first ?? []
            // Asked after the account was read: a reset or "this wasn't me" drops the request and changes what links are signed with.
            // Signed with the new, a dropped request's link would live.
            let isMailed = decisions.contains { if case .mail = $0 { true } else { false } }
            if isMailed, try await !outbox.stillHolds(lease) {
                abandonProbe(pick)
                return Settlement(lease, of: nil, as: .released(reason: nil))
            }
            if !isMailed { abandonProbe(pick) }
            var parts: [Settlement.Part] = []
            for decision in decisions { parts.append(await carryOut(decision, pick)) }
            return Settlement(lease, parts: parts)
        } catch {
            abandonProbe(pick)
            _ = deliveryLog.storageFailed(error, doing: "looking up an account")
            return Settlement(lease, of: nil, as: .released(reason: nil))
        }
    }

    private func carryOut(_ decision: Decision, _ pick: WaitingRoom.Pick) async -> Settlement.Part {
        switch decision {
        case .mail(let user, let recipient):
            let verdict = await carry(pick.lease, to: user, recipient)
            return Settlement.Part(user.id, heard(verdict, of: pick.lease, isProbe: pick.isProbe))
        case .skip(let reason, let user):
            if case .resetLink = pick.lease.letter { spendAsOnALink() }
            return Settlement.Part(user, .skipped(reason))
        case .giveUp(let reason, let user):
            return Settlement.Part(user, .failed(reason: reason))
        }
    }

    private func carry(_ lease: Lease, to user: User, _ recipient: Recipient) async -> Verdict {
        let now = clock.now()
        let letter =
            switch lease.letter {
            case .resetLink(let request) where user.withoutPassword == .tell:
                signedInElsewhere(recipient, request, lease)
            case .resetLink(let request):
                writer.resetLink(
                    links.sign(for: user.credentials, at: now), to: recipient, for: request, lease: lease, at: now,
                    returning: options.returnURLs)
            case .passwordChanged(_, let language): writer.passwordChanged(to: recipient, in: language, lease: lease)
            case .invitation(_, let language):
                writer.invitation(
                    links.signInvitation(for: user.credentials, at: now), to: recipient, in: language, lease: lease,
                    at: now)
            case .passwordExpired:
                writer.passwordExpired(
                    links.sign(for: user.credentials, at: now), to: recipient, lease: lease, at: now)
            case .emailChanged: writer.emailChanged(to: recipient, lease: lease)
            }
        let verdict = await carrier.carry(letter)
        deliveryLog.answered(verdict, after: clock.now() - now)
        return verdict
    }

    /// In the time of a message with a link, and under the same budget.
    private func signedInElsewhere(_ recipient: Recipient, _ request: ResetRequest, _ lease: Lease) -> Letter {
        spendAsOnALink()
        return writer.signInElsewhere(to: recipient, for: request, lease: lease)
    }

    private func heard(_ verdict: Verdict, of lease: Lease, isProbe: Bool) -> Outcome {
        let isCutOff = Task.isCancelled
        let now = clock.now()
        let chance = fraction()
        let (before, after) = waitingRoom.withLock { waitingRoom in
            let before = waitingRoom.circuit.stoppedBecause
            if !isCutOff { waitingRoom.circuit.heard(verdict, isProbe: isProbe, at: now, fraction: chance) }
            return (before, waitingRoom.circuit.stoppedBecause)
        }
        deliveryLog.sending(stoppedBecause: after, before: before)
        // The probe came through: there is work for more than this one task.
        if before != nil, after == nil { wakeUp.ring() }
        let wait = retry.delay(afterFailures: lease.attempts + 1, fraction: fraction())
        return Outcome(verdict, for: lease, maximumAge: options.maximumAge, wait: wait, isCutOff: isCutOff, at: now)
    }

    /// The carrier has another key: a stopped sending is tried at once, not at the time of its next probe.
    package func carrierChanged() {
        waitingRoom.withLock { $0.circuit.probeSoon(at: clock.now()) }
        wakeUp.ring()
    }

    private func abandonProbe(_ pick: WaitingRoom.Pick) {
        if pick.isProbe { waitingRoom.withLock { $0.circuit.probeAbandoned(at: clock.now()) } }
    }

    /// The mail is out: tries as long as the lease lasts to write that down, or it goes out a second time.
    private func settleStubbornly(_ settlement: Settlement) async {
        var failures = 0
        while true {
            do {
                let isWritten = try await outbox.settle([settlement], at: clock.now()) == [true]
                if isWritten { deliveryLog.settled(settlement) } else { deliveryLog.leaseLost(settlement) }
                return
            } catch {
                failures += 1
                _ = deliveryLog.storageFailed(error, doing: "writing an outcome")
                let wait = retry.delay(afterFailures: failures, fraction: fraction())
                guard clock.now() + wait < settlement.lease.expiresAt, !Task.isCancelled else { return }
                await sleep(wait)
            }
        }
    }
}
