import Keyturn
import Synchronization

/// Taking letters in: those that will never be mailed are settled at once, the others wait for a courier.
extension Worker {
    /// - Returns: how many letters were leased.
    func takeIn() async throws(StorageFailed) -> Int {
        let room = waitingRoom.withLock { $0.room }
        guard room > 0 else { return 0 }
        let leases = try await outbox.lease(atMost: min(room, Self.batchMax), for: options.leaseSpan, at: clock.now())
        guard !leases.isEmpty else { return 0 }
        let decisions: [Decision]
        do {
            decisions = try await decide(about: leases)
        } catch {
            _ = journal.storageFailed(error, doing: "looking accounts up")
            try await settle(leases.map { Settlement($0, of: nil, as: .released(reason: nil)) })
            return leases.count
        }
        try await settle(sorted(leases, by: decisions))
        return leases.count
    }

    /// Lets wait for a courier who gets mail. - Returns: what becomes of the others.
    private func sorted(_ leases: [Lease], by decisions: [Decision]) -> [Settlement] {
        var settlements: [Settlement] = []
        var candidates: [WaitingRoom.Candidate] = []
        for (lease, decision) in zip(leases, decisions) {
            switch decision {
            case .mail(let user, _): candidates.append(WaitingRoom.Candidate(lease: lease, account: user.id))
            case .skip(let reason, let user):
                spendAsOnALink(for: lease)
                settlements.append(Settlement(lease, of: user, as: .skipped(reason)))
            case .giveUp(let reason, let user):
                settlements.append(Settlement(lease, of: user, as: .failed(reason: reason)))
            }
        }
        waitingRoom.withLock { $0.take(in: candidates) }
        return settlements
    }

    /// What the store knows now, made into a decision about each. Everybody costs the same two questions.
    func decide(about leases: [Lease]) async throws(StorageFailed) -> [Decision] {
        let now = clock.now()
        let found = try await users.users(for: leases.map(\.letter))
        let mails = try await outbox.resetMails(to: found.map { $0?.id }, since: now - budget.horizon)
        return zip(leases, zip(found, mails)).map { lease, known in
            .about(lease, for: known.0, after: known.1, budget: budget, unsentAgeMax: options.unsentAgeMax, at: now)
        }
    }

    /// Silence costs what a link does: else the time of the *next* request would tell.
    func spendAsOnALink(for lease: Lease) {
        if case .resetLink = lease.letter { links.signDecoy(at: clock.now()) }
    }

    /// All in one commit.
    func settle(_ settlements: [Settlement]) async throws(StorageFailed) {
        guard !settlements.isEmpty else { return }
        let written = try await outbox.settle(settlements, at: clock.now())
        for (settlement, isWritten) in zip(settlements, written) where isWritten { journal.settled(settlement) }
    }

    /// Gives back what cannot be sent within its lease any more. Where that fails, the leases end by themselves.
    func releaseUnusable() async {
        let leases = waitingRoom.withLock { $0.takeUnusable(at: clock.now()) }
        guard !leases.isEmpty else { return }
        do {
            try await settle(leases.map { Settlement($0, of: nil, as: .released(reason: stoppedBecause)) })
        } catch {
            _ = journal.storageFailed(error, doing: "releasing leases")
        }
    }
}
