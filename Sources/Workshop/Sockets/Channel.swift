/// One descriptor as its loop sees it: what it is ready for, and who waits for that.
import CLinux
import Glibc

/// Belongs to its loop's thread; touched nowhere else.
final class Channel: Timed {
    enum Interest { case readable, writable }
    enum Outcome { case ready, timedOut, closed }

    let descriptor: Int32
    private(set) var isOpen = true
    /// Whether a read may find something. False after one that found nothing or did not fill its buffer: edge-triggered, the
    /// next byte is reported.
    var mayRead = true
    var mayWrite: Bool
    /// No further change will be reported: reading goes on until it says that it is over.
    private(set) var hungUp = false
    /// Why the kernel refused to watch it.
    private(set) var failure: SocketFailed?
    private var waiter: (interest: Interest, continuation: UnsafeContinuation<Outcome, Never>)?

    /// Owns the descriptor from here on.
    /// - Parameter mayWrite: false where a connection is still being made: its end is the first change.
    init(_ descriptor: Int32, mayWrite: Bool = true) {
        self.descriptor = descriptor
        self.mayWrite = mayWrite
    }

    /// One wait at a time, for one thing. An earlier one is a bug of ours, and ends as if closed.
    func park(_ continuation: UnsafeContinuation<Outcome, Never>, for interest: Interest) {
        end(.closed)
        waiter = (interest, continuation)
    }

    func became(_ readiness: Readiness) {
        if readiness.readable { mayRead = true }
        if readiness.writable { mayWrite = true }
        if readiness.hungUp { hungUp = true }
        switch waiter?.interest {
        case .readable where mayRead, .writable where mayWrite: end(.ready)
        default: break
        }
    }

    override func expire() { end(.timedOut) }

    func fail(_ failure: SocketFailed) {
        self.failure = failure
        close()
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        // Linux frees the descriptor even where close is interrupted: trying again could close somebody else's.
        _ = Glibc.close(descriptor)
        end(.closed)
    }

    func checkOpen() throws(SocketFailed) {
        if !isOpen { throw failure ?? .closed }
    }

    private func end(_ outcome: Outcome) {
        disarm()
        guard let waiter else { return }
        self.waiter = nil
        waiter.continuation.resume(returning: outcome)
    }
}
