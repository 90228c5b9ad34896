import Keyturn
import Synchronization

/// Taking letters in: those that will never be mailed are settled at once, the others wait for a courier.
extension Worker {
    /// - Returns: how many letters were leased.
    func takeIn() async throws(StorageFailed) -> Int {
        let room = waitingRoom.withLock { $0.room }
        guard room > 0 else { return 0 }
        let leases = try await outbox.lease(atMost: min(room, Self.batchMax), for: options.leaseSpan, at: clock.now())
        var settlements: [Settlement] = []
        var candidates: [WaitingRoom.Candidate] = []
        for lease in leases {
            do {
                switch try await decide(about: lease) {
                case .mail(let user, _): candidates.append(WaitingRoom.Candidate(lease: lease, user: user))
                case .skip(let reason, let user):
                    spendAsOnALink(for: lease)
                    settlements.append(Settlement(lease, of: user, as: .skipped(reason)))
                case .giveUp(let reason, let user):
                    settlements.append(Settlement(lease, of: user, as: .failed(reason: reason)))
                }
            } catch {
                _ = journal.storageFailed(error, doing: "looking an account up")
                settlements.append(Settlement(lease, of: nil, as: .released))
            }
        }
        waitingRoom.withLock { $0.take(in: candidates) }
        try await settle(settlements)
        return leases.count
    }

    /// What the store knows now, made into a decision. Everybody costs the same two questions.
    func decide(about lease: Lease) async throws(StorageFailed) -> Decision {
        let now = clock.now()
        let user =
            switch lease.letter {
            case .resetLink(let request): try await users.user(email: request.email)
            case .passwordChanged(let id): try await users.user(id: id)
            }
        let mails = try await outbox.resetMails(to: user?.id ?? Self.nobody, since: now - budget.horizon)
        return .about(lease, for: user, after: mails, budget: budget, staleAge: options.staleAge, at: now)
    }

    /// An id no account has.
    private static let nobody = UserID("0")

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
            try await settle(leases.map { Settlement($0, of: nil, as: .released) })
        } catch {
            _ = journal.storageFailed(error, doing: "giving letters back")
        }
    }
}
