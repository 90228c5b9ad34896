/// One descriptor as its loop sees it: what it is ready for, and until when something must have happened.
import CLinux
import Glibc

/// Belongs to its loop's thread; touched nowhere else.
package class Watched: Timed {
    package final let descriptor: Int32
    final private(set) var isOpen = true
    /// Whether a read may find something. False after one that found nothing or did not fill its buffer: edge-triggered, the
    /// next byte is reported.
    final var mayRead = true
    final var mayWrite: Bool
    /// Waits in ``EventLoop/postpone(_:)`` for its next turn.
    final var isPostponed = false
    /// No further change will be reported: reading goes on until it says that it is over.
    final private(set) var hungUp = false
    /// Why the kernel refused to watch it.
    final private(set) var failure: SocketFailed?

    /// Owns the descriptor from here on.
    /// - Parameter mayWrite: false where a connection is still being made: its end is the first change.
    init(_ descriptor: Int32, mayWrite: Bool = true) {
        self.descriptor = descriptor
        self.mayWrite = mayWrite
    }

    final func became(_ readiness: Readiness) {
        if readiness.readable { mayRead = true }
        if readiness.writable { mayWrite = true }
        if readiness.hungUp { hungUp = true }
        changed()
    }

    /// Something of the above is another than before.
    func changed() {}
    /// The descriptor is gone; called once.
    func closed() {}

    final func fail(_ failure: SocketFailed) {
        self.failure = failure
        close()
    }

    /// ``EventLoop/close(_:)`` is what others call.
    final func close() {
        guard isOpen else { return }
        isOpen = false
        // Linux frees the descriptor even if close is interrupted: a second close could hit another file.
        _ = Glibc.close(descriptor)
        closed()
    }

    final func checkOpen() throws(SocketFailed) {
        if !isOpen { throw failure ?? .closed }
    }
}
