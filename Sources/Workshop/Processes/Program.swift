/// Hands a text to a program, and hears how it ended.
import CProcesses
import Glibc
import Synchronization

/// A program that reads a text from its standard input: no shell, an environment of `PATH` alone, and a time in which it has to end.
package struct Program: Sendable {
    /// How a run ended.
    package enum End: Sendable, Equatable {
        /// It was not started, for the reason of this `errno`.
        case notStarted(errno: Int32)
        /// - Parameter said: what it wrote to standard error, as far as it is kept.
        case exited(status: Int32, said: [UInt8])
        /// - Parameter tookAll: whether it, or the pipe to it, took the whole text.
        case killed(signal: Int32, tookAll: Bool, said: [UInt8])
        /// It did not end in time, or our task was cancelled: ended by SIGKILL, with all of its process group.
        case cutOff(tookAll: Bool, said: [UInt8])
    }

    private let path: String
    private let limit: Duration
    private let saidBytesMax: Int

    /// - Parameter path: absolute.
    /// - Parameter limit: how long a run may take.
    /// - Parameter saidBytesMax: bytes of standard error that are kept; what follows is read and thrown away.
    package init(path: String, limit: Duration, saidBytesMax: Int) {
        self.path = path
        self.limit = limit
        self.saidBytesMax = saidBytesMax
        // A program that does not read its input is an error of one write.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Runs it once, on a thread of its own.
    /// - Parameter arguments: none holds U+0000.
    package func run(_ arguments: [String], input: [UInt8]) async -> End {
        let cancellation = Cancellation()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let failed = Self.startThread {
                    continuation.resume(returning: runBlocking(arguments, input, cancellation))
                }
                if failed != 0 { continuation.resume(returning: .notStarted(errno: failed)) }
            }
        } onCancel: {
            cancellation.isCancelled.store(true, ordering: .relaxed)
        }
    }

    private final class Cancellation: Sendable {
        let isCancelled = Atomic<Bool>(false)
    }

    /// How often one looks whether the program has ended.
    private static let glanceMilliseconds: Int32 = 10
    /// How long one waits for a process that was killed; the kernel may be busy with it.
    private static let burialLimit: Duration = .seconds(2)
    private static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    private func runBlocking(_ arguments: [String], _ input: [UInt8], _ cancellation: Cancellation) -> End {
        let searchPath = getenv("PATH").map { String(cString: $0) } ?? Self.defaultPath
        var (toProgram, fromProgram, process): (Int32, Int32, pid_t) = (-1, -1, 0)
        let failed = Self.withCStrings([path] + arguments) { arguments in
            Self.withCStrings(["PATH=\(searchPath)"]) { environment in
                cprocesses_start(path, arguments, environment, &toProgram, &fromProgram, &process)
            }
        }
        guard failed == 0 else { return .notStarted(errno: failed) }
        var pipes = Pipes(input: toProgram, errors: fromProgram, text: input, saidBytesMax: saidBytesMax)
        defer { pipes.close() }
        let start = ContinuousClock.now
        while true {
            pipes.move(waitingAtMost: Self.glanceMilliseconds)
            if let status = Self.status(of: process) {
                pipes.readErrors()
                return Self.end(status, pipes)
            }
            if cancellation.isCancelled.load(ordering: .relaxed) || ContinuousClock.now - start >= limit { break }
        }
        kill(-process, SIGKILL)
        let killed = ContinuousClock.now
        while Self.status(of: process) == nil, ContinuousClock.now - killed < Self.burialLimit {
            usleep(useconds_t(Self.glanceMilliseconds) * 1000)
        }
        pipes.readErrors()
        return .cutOff(tookAll: pipes.tookAll, said: pipes.said)
    }

    /// - Returns: nil while it runs.
    private static func status(of process: pid_t) -> Int32? {
        var status: Int32 = 0
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { return status }
            if ended == 0 { return nil }
            // ECHILD: it is gone, and nobody knows how.
            if errno != EINTR { return SIGKILL }
        }
    }

    /// As `WIFEXITED` and its kin read it, which are macros.
    private static func end(_ status: Int32, _ pipes: Pipes) -> End {
        status & 0x7F == 0
            ? .exited(status: status >> 8 & 0xFF, said: pipes.said)
            : .killed(signal: status & 0x7F, tookAll: pipes.tookAll, said: pipes.said)
    }

    /// Copies that end with a null pointer, as `execve` wants them.
    private static func withCStrings<Result>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// - Returns: 0, or why there is no thread; then `run` is never called.
    private static func startThread(_ run: @escaping @Sendable () -> Void) -> Int32 {
        // The retained body is released by the one thread that takes it.
        let body = Unmanaged.passRetained(Body(run: run))
        var thread = pthread_t()
        let failed = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        if failed == 0 { pthread_detach(thread) } else { body.release() }
        return failed
    }
}

/// Our ends of the pipes of one run.
private struct Pipes {
    private var input: Int32?
    private var errors: Int32?
    private var rest: ArraySlice<UInt8>
    private let saidBytesMax: Int
    private(set) var said: [UInt8] = []
    private(set) var tookAll = false
    private static let pieceBytes = 4096

    init(input: Int32, errors: Int32, text: [UInt8], saidBytesMax: Int) {
        (self.input, self.errors, rest, self.saidBytesMax) = (input, errors, text[...], saidBytesMax)
    }

    /// Moves what can be moved; waits if nothing can.
    mutating func move(waitingAtMost milliseconds: Int32) {
        var polled: [pollfd] = []
        if let errors { polled.append(pollfd(fd: errors, events: Int16(POLLIN), revents: 0)) }
        if let input { polled.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0)) }
        _ = poll(&polled, nfds_t(polled.count), milliseconds)
        writeInput()
        readErrors()
    }

    private mutating func writeInput() {
        while let descriptor = input {
            guard !rest.isEmpty else {
                tookAll = true
                closeInput()
                return
            }
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                // EPIPE: it reads no more.
                closeInput()
            }
        }
    }

    mutating func readErrors() {
        var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        // A program that never stops talking is left after so many pieces, until the next look.
        for _ in 0..<64 {
            guard let descriptor = errors else { return }
            let count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                said += piece.prefix(min(count, max(0, saidBytesMax - said.count)))
            } else if count < 0, errno == EINTR {
                continue
            } else if count < 0, errno == EAGAIN {
                return
            } else {
                _ = Glibc.close(descriptor)
                errors = nil
            }
        }
    }

    private mutating func closeInput() {
        if let descriptor = input { _ = Glibc.close(descriptor) }
        input = nil
    }

    mutating func close() {
        closeInput()
        if let descriptor = errors { _ = Glibc.close(descriptor) }
        errors = nil
    }
}
