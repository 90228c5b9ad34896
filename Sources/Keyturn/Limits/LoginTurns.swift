/// Lets one attempt at a time run for a client and an address.
import Synchronization

/// Attempts have their turns in the order they came. A few wait; beyond them an attempt is refused at once.
final class LoginTurns: Sendable {
    enum Turn { case granted, refused, cancelled }

    private struct Waiter {
        let ticket: UInt64
        let attempt: CheckedContinuation<Turn, Never>
    }

    private struct State {
        /// Attempts that wait while another runs, oldest first. Each has a request of its own, so the server's limits bound how many
        /// keys there are.
        private var waiting: [LoginSubject: [Waiter]] = [:]
        private var tickets: UInt64 = 0

        mutating func nextTicket() -> UInt64 {
            tickets += 1
            return tickets
        }

        /// - Returns: nil where `waiter` waits now.
        mutating func enter(_ subject: LoginSubject, _ waiter: Waiter, limit: Int) -> Turn? {
            guard let others = waiting[subject] else {
                waiting[subject] = []
                return .granted
            }
            guard others.count < limit else { return .refused }
            waiting[subject]?.append(waiter)
            return nil
        }

        /// - Returns: the attempt whose turn it is now.
        mutating func leave(_ subject: LoginSubject) -> Waiter? {
            guard let others = waiting[subject], !others.isEmpty else {
                waiting[subject] = nil
                return nil
            }
            return waiting[subject]?.removeFirst()
        }

        func waitingCount(for subject: LoginSubject) -> Int { waiting[subject]?.count ?? 0 }

        mutating func withdraw(_ ticket: UInt64, of subject: LoginSubject) -> Waiter? {
            guard let index = waiting[subject]?.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return waiting[subject]?.remove(at: index)
        }
    }

    private let waitingMax: Int
    private let state = Mutex(State())

    init(waitingMax: Int) { self.waitingMax = waitingMax }

    /// Waits for the turn. After `.granted`, ``leave(_:)`` must follow.
    func enter(_ subject: LoginSubject) async -> Turn {
        let ticket = state.withLock { $0.nextTicket() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { attempt in
                let waiter = Waiter(ticket: ticket, attempt: attempt)
                if let turn = state.withLock({ $0.enter(subject, waiter, limit: waitingMax) }) {
                    attempt.resume(returning: turn)
                } else if Task.isCancelled {
                    // Cancelled before it waited: the handler found nothing to withdraw.
                    withdraw(ticket, of: subject)
                }
            }
        } onCancel: {
            withdraw(ticket, of: subject)
        }
    }

    /// How many wait for their turn.
    func waiting(for subject: LoginSubject) -> Int { state.withLock { $0.waitingCount(for: subject) } }

    func leave(_ subject: LoginSubject) {
        state.withLock { $0.leave(subject) }?.attempt.resume(returning: .granted)
    }

    private func withdraw(_ ticket: UInt64, of subject: LoginSubject) {
        state.withLock { $0.withdraw(ticket, of: subject) }?.attempt.resume(returning: .cancelled)
    }
}

/// A client and the address it asks for, as it is compared.
package struct LoginSubject: Sendable, Hashable {
    let client: Client
    let address: [UInt8]

    package init(_ client: Client, at email: EmailAddress) {
        self.client = client
        address = email.comparisonBytes
    }
}
