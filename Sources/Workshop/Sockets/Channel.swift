/// A descriptor that tasks wait for.

/// One wait at a time, for one thing.
final class Channel: Watched {
    enum Interest { case readable, writable }
    enum Outcome { case ready, timedOut, closed }

    private var waiter: (interest: Interest, continuation: UnsafeContinuation<Outcome, Never>)?

    /// An earlier wait is a bug of ours, and ends as if closed.
    func park(_ continuation: UnsafeContinuation<Outcome, Never>, for interest: Interest) {
        end(.closed)
        waiter = (interest, continuation)
    }

    /// Ends a wait for reading as if something had come.
    func wake() {
        mayRead = true
        changed()
    }

    override func changed() {
        switch waiter?.interest {
        case .readable where mayRead, .writable where mayWrite: end(.ready)
        default: break
        }
    }

    override package func expire() { end(.timedOut) }
    override func closed() { end(.closed) }

    private func end(_ outcome: Outcome) {
        disarm()
        guard let waiter else { return }
        self.waiter = nil
        waiter.continuation.resume(returning: outcome)
    }
}
