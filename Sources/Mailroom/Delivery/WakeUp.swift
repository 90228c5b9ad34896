import Synchronization

/// Wakes the one task that waits. A ring without a waiter wakes the next one at once; several rings are one.
final class WakeUp: Sendable {
    private enum State { case silent, rung, awaited(CheckedContinuation<Void, Never>) }
    private let state = Mutex(State.silent)

    /// Whether a task waits.
    var isAwaited: Bool { state.withLock { if case .awaited = $0 { true } else { false } } }

    func ring() {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard case .awaited(let waiter) = state else {
                state = .rung
                return nil
            }
            state = .silent
            return waiter
        }
        waiter?.resume()
    }

    /// Waits for the next ring, at most `span`.
    /// - Parameter sleep: returns early when its task is cancelled.
    func wait(atMost span: Duration, sleep: @escaping @Sendable (Duration) async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await sleep(span)
                // Woken by another ring: this one would only wake the next wait for nothing.
                if !Task.isCancelled { self.ring() }
            }
            await heard()
            group.cancelAll()
        }
    }

    private func heard() async {
        await withCheckedContinuation { continuation in
            let isRung = state.withLock { state in
                if case .rung = state {
                    state = .silent
                    return true
                }
                state = .awaited(continuation)
                return false
            }
            if isRung { continuation.resume() }
        }
    }
}
