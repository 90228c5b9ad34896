package import Keyturn

/// The outbox of a store with its intake and its operators' half, as tests of the queue need them: what is recorded goes into the queue
/// at once, as if the worker had found an account for it.
package struct TestedOutbox: Sendable {
    private let store: any Store
    package init(_ store: any Store) { self.store = store }

    package func record(_ request: ResetRequest, at now: Timestamp) async throws {
        try await store.requests.record(request, at: now)
        try await queueIntake(at: now)
    }

    package func record(_ address: String, at now: Timestamp = .noon) async throws {
        try await record(ResetRequest(email: EmailAddress(stored: address)), at: now)
    }

    /// Moves all of intake into the queue.
    package func queueIntake(at now: Timestamp) async throws {
        let entries = try await store.outbox.intake(atMost: 1024)
        guard !entries.isEmpty else { return }
        _ = try await store.outbox.emptyIntake(
            of: entries, queueing: JoinedRequests.joining(entries), with: .none, at: now)
    }

    package func lease(atMost limit: Int, for span: Duration, at now: Timestamp) async throws -> [Lease] {
        try await store.outbox.lease(atMost: limit, for: span, at: now)
    }

    /// The addresses of the leases, as they were typed.
    package func leaseAddresses(atMost limit: Int = 10, at now: Timestamp = .noon) async throws -> [String] {
        try await lease(atMost: limit, for: .seconds(60), at: now).map(\.typedAddress)
    }

    package func settle(_ lease: Lease, of user: UserID?, as outcome: Outcome, at now: Timestamp) async throws -> Bool {
        try await store.outbox.settle([Settlement(lease, of: user, as: outcome)], at: now) == [true]
    }

    package func settle(_ settlements: [Settlement], at now: Timestamp) async throws -> [Bool] {
        try await store.outbox.settle(settlements, at: now)
    }

    package func stillHolds(_ lease: Lease) async throws -> Bool { try await store.outbox.stillHolds(lease) }
    package func nextDue() async throws -> Timestamp? { try await store.outbox.nextDue() }
    package func clockSetBack(to now: Timestamp, leasing span: Duration) async throws {
        try await store.outbox.clockSetBack(to: now, leasing: span)
    }
    package func resetMails(to users: [UserID?], since: Timestamp) async throws -> [[Timestamp]] {
        try await store.outbox.resetMails(to: users, since: since)
    }
    package func note(_ reports: [MailReport], at now: Timestamp) async throws -> [MailReport] {
        try await store.outbox.note(reports, at: now)
    }
    package var arrivals: AsyncStream<Void> { store.outbox.arrivals }
    package func reports(limit: Int) async throws -> [KeptReport] { try await store.operations.reports(limit: limit) }
    package func entries(_ filter: OutboxFilter, limit: Int) async throws -> [OutboxEntry] {
        try await store.operations.entries(filter, limit: limit)
    }
    package func retry(_ selection: OutboxSelection, at now: Timestamp, progress: (Int) -> Void = { _ in })
        async throws -> Int
    {
        try await store.operations.retry(selection, at: now, progress: progress)
    }
    package func purge(_ selection: OutboxSelection) async throws -> Int { try await store.operations.purge(selection) }
    package func mailLog(of user: UserID, limit: Int) async throws -> [MailLogEntry] {
        try await store.operations.mailLog(of: user, limit: limit)
    }
    package func depth() async throws -> QueueDepth { try await store.operations.depth() }
}

extension Lease {
    package var typedAddress: String {
        switch letter {
        case .resetLink(let request): request.email.text
        default: "user \(letter.user?.text ?? "")"
        }
    }
}
