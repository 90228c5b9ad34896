/// Lines on their way to a descriptor whose reader may stand still.
import Dispatch
import Foundation
import Synchronization

/// Takes lines without ever waiting, and writes them on a thread of its own. While the reader of the descriptor stands still, at most
/// ``bytesMax`` bytes wait; further lines are dropped and counted. Each line is one `write`, so that lines of several processes do
/// not mix. A process that is killed or traps loses what waits.
package final class LineQueue: Sendable {
    package static let bytesMax = 1 << 20
    /// How long the end of the process waits for a reader, for each of the two queues.
    package static let flushLimit: Duration = .seconds(1)

    /// The log's. Flushed at the end of the process, however it exits.
    package static let standardError: LineQueue = {
        atexit { LineQueue.standardError.flush(within: LineQueue.flushLimit) }
        return LineQueue(to: STDERR_FILENO)
    }()
    /// What a service announces. Flushed as ``standardError``.
    package static let standardOutput: LineQueue = {
        atexit { LineQueue.standardOutput.flush(within: LineQueue.flushLimit) }
        return LineQueue(to: STDOUT_FILENO)
    }()

    private struct State {
        /// Whole lines, their ends included.
        var waiting: [UInt8] = []
        /// Bytes that the thread has taken and not written yet.
        var underWay = 0
        var hasThread = false
        /// Told once, of the first line that could not be written.
        var onFailure: (@Sendable (_ errno: Int32) -> Void)?
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    /// Signalled when ``State/waiting`` is no longer empty.
    private let arrived = DispatchSemaphore(value: 0)
    private let lost = Atomic<UInt64>(0)

    /// - Parameter descriptor: stays open as long as the queue is used.
    package init(to descriptor: Int32) { self.descriptor = descriptor }

    /// Lines that were dropped because too much waited, or that could not be written.
    package var lostLines: UInt64 { lost.load(ordering: .relaxed) }

    /// Never waits for the reader.
    /// - Parameter line: its end included; several lines are one, until they are written.
    package func append(_ line: String) {
        let bytes = line.utf8
        let (isFirst, needsThread) = state.withLock { state in
            guard state.waiting.count + state.underWay + bytes.count <= Self.bytesMax else {
                lost.add(1, ordering: .relaxed)
                return (false, false)
            }
            defer { state.hasThread = true }
            let isFirst = state.waiting.isEmpty
            state.waiting.append(contentsOf: bytes)
            return (isFirst, !state.hasThread)
        }
        if needsThread { Thread.detachNewThread { self.writeForEver() } }
        if isFirst { arrived.signal() }
    }

    /// - Parameter body: told of the first line that cannot be written, on the queue's thread.
    package func onFailure(_ body: @escaping @Sendable (_ errno: Int32) -> Void) {
        state.withLock { $0.onFailure = body }
    }

    /// Waits until everything is written, at most so long. Blocks the thread.
    package func flush(within limit: Duration) {
        let end = ContinuousClock.now + limit
        while !state.withLock({ $0.waiting.isEmpty && $0.underWay == 0 }), ContinuousClock.now < end { usleep(1000) }
    }

    private func writeForEver() {
        while true {
            arrived.wait()
            let bytes = state.withLock { state in
                defer { (state.underWay, state.waiting) = (state.waiting.count, []) }
                return state.waiting
            }
            for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
                let bytes = bytes[line.startIndex...line.endIndex]
                let failure = StandardStream.write(bytes, to: descriptor)
                let tell = state.withLock { state in
                    state.underWay -= bytes.count
                    defer { if failure != 0 { state.onFailure = nil } }
                    return failure == 0 ? nil : state.onFailure
                }
                guard failure != 0 else { continue }
                lost.add(1, ordering: .relaxed)
                tell?(failure)
            }
        }
    }
}

/// Standard output and standard error as what they are: descriptors that may be closed, full, or not read by anything.
package enum StandardStream {
    /// Writes all of it, waiting for the reader. Nothing raises a signal once ``prepare()`` was called.
    /// - Returns: 0, or the `errno` of the call that failed.
    package static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int32 {
        // The pointer stays inside the bytes, and within the call.
        unsafe bytes.withUnsafeBytes { buffer in
            var rest = unsafe buffer[...]
            while let start = unsafe UnsafeRawBufferPointer(rebasing: rest).baseAddress, unsafe !rest.isEmpty {
                let count = unsafe Foundation.write(descriptor, start, rest.count)
                if count >= 0 {
                    unsafe rest = unsafe rest.dropFirst(count)
                    continue
                }
                switch errno {
                case EINTR: continue
                case EAGAIN, EWOULDBLOCK:
                    // Another process that shares it has made it non-blocking.
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = unsafe poll(&waiting, 1, -1)
                case let failure: return failure
                }
            }
            return 0
        }
    }

    /// To be called once, before any file is opened. A reader that went away is an error of the write, not the end of the process.
    /// A descriptor 0, 1 or 2 that is closed would be given to the next file or connection that is opened, and lines for the
    /// terminal would be written into it: it is opened in a way in which every use of it fails.
    package static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        for (descriptor, flags) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest that is free: those below are open by now.
            _ = unsafe open("/dev/null", flags)
        }
    }
}
