/// The certificates to trust, read when they are first needed and again when they may have changed.

internal import Dispatch
internal import Sockets
internal import Synchronization
internal import TLS

/// Makes the context of TLS once for all who ask. A failure is not kept: a file that is mended is read at the next attempt.
///
/// Reading takes some 20 ms for the system's store, and may take for ever where a file system hangs: it has a thread of its own, one at
/// a time, and those who wait for it have deadlines.
final class TrustStore: Sendable {
    private typealias Outcome = Result<TLSClientContext, HTTPClientFailed>

    private struct State {
        var current: TLSClientContext?
        var isReading = false
        var waiters: [UInt64: CheckedContinuation<Outcome, Never>] = [:]
        var lastTicket: UInt64 = 0

        mutating func newTicket() -> UInt64 {
            lastTicket += 1
            return lastTicket
        }
    }

    private let trust: Trust
    private let queue = DispatchQueue(label: "trusted certificates")
    private let state = Mutex(State())

    init(_ trust: Trust) { self.trust = trust }

    func context(until deadline: Deadline) async throws(HTTPClientFailed) -> TLSClientContext {
        if let current = state.withLock({ $0.current }) { return current }
        return try await reading(until: deadline)
    }

    /// Reads the certificates anew.
    /// - Throws: where they cannot be read; then those read before stay in use.
    func readAgain(until deadline: Deadline) async throws(HTTPClientFailed) {
        // A reading under way may have begun before the change.
        if state.withLock({ $0.isReading }) { _ = try await reading(until: deadline) }
        _ = try await reading(until: deadline)
    }

    /// Whether a connection was made with the certificates that are trusted now.
    func isCurrent(_ stream: TLSStream) -> Bool {
        guard let current = state.withLock({ $0.current }) else { return false }
        return stream.isMade(with: current)
    }

    /// Waits for the reading under way, or starts one.
    private func reading(until deadline: Deadline) async throws(HTTPClientFailed) -> TLSClientContext {
        let ticket = state.withLock { $0.newTicket() }
        let alarm = Task {
            try await Task.sleep(for: deadline - .now)
            self.giveUp(ticket, "timed out")
        }
        defer { alarm.cancel() }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isFirst = state.withLock { state in
                    state.waiters[ticket] = continuation
                    defer { state.isReading = true }
                    return !state.isReading
                }
                if isFirst { queue.async { self.read() } }
                // The handler below may have run before this task waited.
                if Task.isCancelled { giveUp(ticket, "cancelled") }
            }
        } onCancel: {
            giveUp(ticket, "cancelled")
        }
        return try outcome.get()
    }

    /// Blocks the thread.
    private func read() {
        let outcome: Outcome
        do throws(TLSFailed) {
            outcome = .success(try TLSClientContext(trust: trust))
        } catch {
            outcome = .failure(HTTPClientFailed(stage: .handshake, reason: "\(error)"))
        }
        let waiters = state.withLock { state in
            if case .success(let context) = outcome { state.current = context }
            state.isReading = false
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(returning: outcome) }
    }

    private func giveUp(_ ticket: UInt64, _ reason: String) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: ticket) }
        let failure = HTTPClientFailed(stage: .handshake, reason: "reading the trusted certificates: \(reason)")
        waiter?.resume(returning: .failure(failure))
    }
}
