import Keyturn
import Synchronization

/// Emptying intake: requests that will never be mailed end at once, the others get the one open row of their address. Taking messages
/// in from the outbox: they wait for a delivery slot.
extension DeliveryWorker {
    /// Looks the addresses of the oldest requests up and writes what becomes of them, also while the sending stands still.
    /// - Returns: how many requests there were.
    func emptyIntake() async throws(StorageFailed) -> Int {
        let entries = try await outbox.intake(atMost: Self.intakeMax)
        guard !entries.isEmpty else { return 0 }
        let joined = JoinedRequests.joining(entries)
        let now = clock.now()
        let decisions = try await decide(about: joined.map(Decision.Question.init), at: now)
        var queued: [JoinedRequests] = []
        var following = Consequences.none
        var skipped: [(JoinedRequests, SkipReason, UserID?)] = []
        for (request, decisions) in zip(joined, decisions) {
            if decisions.contains(where: \.isWorthAnAttempt) {
                queued.append(request.inStoredSpelling(decisions))
            } else {
                for case .skip(let reason, let user) in decisions {
                    following.add(skipped: reason, request, of: user, at: now)
                    skipped.append((request, reason, user))
                }
                spendAsOnALink()
            }
        }
        guard try await outbox.emptyIntake(of: entries, queueing: queued, with: following, at: now) else {
            return entries.count
        }
        for (request, reason, user) in skipped { deliveryLog.skipped(request, reason, of: user) }
        return entries.count
    }

    /// - Returns: how many messages were leased.
    func takeIn() async throws(StorageFailed) -> Int {
        let room = waitingRoom.withLock { $0.room }
        guard room > 0 else { return 0 }
        let leases = try await outbox.lease(atMost: min(room, Self.batchMax), for: options.leaseSpan, at: clock.now())
        waitingRoom.withLock { $0.take(in: leases) }
        return leases.count
    }

    /// What the store knows now, made into a decision about each account that a message is for; one decision if there is no account.
    /// Every message costs the same two questions.
    func decide(about questions: [Decision.Question], at now: Timestamp) async throws(StorageFailed) -> [[Decision]] {
        let found = try await accounts.users(for: questions.map(\.letter)).map {
            $0.isEmpty ? [nil] : $0.map(Optional.some)
        }
        let mails = try await outbox.resetMails(to: found.joined().map { $0?.id }, since: now - budget.horizon)
        var next = mails.makeIterator()
        return zip(questions, found).map { question, users in
            users.map { user in
                .about(
                    question, for: user, after: next.next() ?? [], budget: budget, unsentAgeMax: options.unsentAgeMax,
                    at: now)
            }
        }
    }

    /// Silence costs what a link does: else the time of the *next* request would tell.
    func spendAsOnALink() { links.signDecoy(at: clock.now()) }

    /// All in one commit.
    func settle(_ settlements: [Settlement]) async throws(StorageFailed) {
        guard !settlements.isEmpty else { return }
        let written = try await outbox.settle(settlements, at: clock.now())
        for (settlement, isWritten) in zip(settlements, written) where isWritten { deliveryLog.settled(settlement) }
    }

    /// Gives back what cannot be sent within its lease any more. If that fails, the leases end by themselves.
    func releaseUnusable() async {
        let leases = waitingRoom.withLock { $0.takeUnusable(at: clock.now()) }
        guard !leases.isEmpty else { return }
        do {
            try await settle(leases.map { Settlement($0, of: nil, as: .released(reason: stoppedBecause)) })
        } catch {
            _ = deliveryLog.storageFailed(error, doing: "releasing leases")
        }
    }
}

extension JoinedRequests {
    /// With the address as the one account that it belongs to has it: requests in different spellings of a domain share its row.
    fileprivate func inStoredSpelling(_ decisions: [Decision]) -> JoinedRequests {
        guard decisions.count == 1, case .mail(let user, _) = decisions[0], user.email == request.email else {
            return self
        }
        var joined = self
        joined.request = ResetRequest(
            email: user.email, language: request.language, device: request.device,
            returnTo: request.returnTo)
        return joined
    }
}

extension Decision {
    /// Whether it needs a row: it will be mailed, or its failure is kept for the operator.
    fileprivate var isWorthAnAttempt: Bool {
        switch self {
        case .mail, .giveUp: true
        case .skip: false
        }
    }
}
