/// One thread that waits for many sockets and runs the tasks that read and write them.
import CLinux
import Glibc
import Synchronization

/// A task runs here with `Task(executorPreference: loop)`. What it starts or resumes from the loop's own thread is queued without
/// a lock; what other threads send goes through an inbox and wakes the loop only where it sleeps.
///
/// `@unchecked Sendable`: `inbox`, `mark` and `queue.wake()` are for every thread; everything else is touched on the loop's
/// thread alone, or before it starts and after it has ended.
package final class EventLoop: TaskExecutor, @unchecked Sendable {
    /// How much one read can bring.
    static let readBytesMax = 64 * 1024

    private enum Work: Sendable {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    private struct Inbox {
        var work: [Work] = []
        var sleeping = false
        var stopping = false
        var stopped = false
    }

    private let inbox = Mutex(Inbox())
    /// The thread's name while it runs the loop, else 0.
    private let mark = Atomic<UInt>(0)
    private let queue: Epoll
    private var thread = pthread_t()
    private var wheel: TimerWheel
    /// By descriptor. The generation in an event's key tells a descriptor's present owner from its past ones.
    private var channels: [(generation: UInt32, channel: Watched?)] = []
    private var generation: UInt32 = 0
    private var sleepers: [ObjectIdentifier: Sleeper] = [:]
    /// Those whose turn was over before their work was.
    private var postponed: [Watched] = []
    private var jobs: [UnownedJob] = []
    private var running: [UnownedJob] = []
    private var taken: [Work] = []
    private var whenStopped: (() -> Void)?
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: readBytesMax, alignment: 16)

    /// When the loop last looked at the clock: at most one round of its work ago. Asked on the loop itself.
    package private(set) var now: Deadline

    init() throws(SocketFailed) {
        queue = try Epoll()
        now = .now
        wheel = TimerWheel(now: now)
        let box = Unmanaged.passRetained(self)
        let failed = pthread_create(
            &thread, nil,
            { argument in
                // Always what was handed to pthread_create just here.
                Unmanaged<EventLoop>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        if failed != 0 {
            box.release()
            queue.close()
            throw .system(call: "pthread_create", errno: failed)
        }
    }

    deinit { scratch.deallocate() }

    /// Whether the caller runs on this loop's thread.
    package var isCurrent: Bool { mark.load(ordering: .relaxed) == UInt(pthread_self()) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            jobs.append(job)
        } else if !send(.job(job)) {
            // A task that still runs after the loop has ended finds its sockets closed, on any thread.
            globalConcurrentExecutor.enqueue(job)
        }
    }

    /// Runs `body` on the loop: at once where the caller is there, or where the loop has ended.
    package func perform(_ body: @escaping @Sendable () -> Void) {
        if isCurrent || !send(.call(body)) { body() }
    }

    /// Comes back at `deadline`, or when the loop is shut down.
    package func sleep(until deadline: Deadline) async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            perform { self.park(Sleeper(continuation), until: deadline) }
        }
    }

    /// The time of day in whole seconds since 1970.
    package static func secondsSince1970() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
    }

    // MARK: Channels, on the loop

    func register(_ channel: Watched) {
        if inbox.withLock({ $0.stopping }) { return channel.close() }
        let descriptor = Int(channel.descriptor)
        while channels.count <= descriptor { channels.append((0, nil)) }
        generation &+= 1
        do throws(SocketFailed) {
            try queue.add(channel.descriptor, key: UInt64(generation) << 32 | UInt64(descriptor))
            channels[descriptor] = (generation, channel)
        } catch {
            channel.fail(error)
        }
    }

    func close(_ channel: Watched) {
        guard channel.isOpen else { return }
        wheel.remove(channel)
        let descriptor = Int(channel.descriptor)
        if descriptor < channels.count, channels[descriptor].channel === channel { channels[descriptor].channel = nil }
        channel.close()
    }

    func wait(for interest: Channel.Interest, of channel: Channel, until deadline: Deadline?) async throws(SocketFailed)
    {
        try channel.checkOpen()
        let outcome = await withUnsafeContinuation { continuation in
            channel.park(continuation, for: interest)
            if let deadline { wheel.arm(channel, at: deadline) }
        }
        switch outcome {
        case .ready: return
        case .timedOut: throw .timedOut
        case .closed: throw channel.failure ?? .closed
        }
    }

    /// Sets the only deadline of `watched`; its ``Timed/expire()`` is called then.
    func arm(_ watched: Watched, at deadline: Deadline) {
        if watched.isOpen { wheel.arm(watched, at: deadline) }
    }

    /// Says ``Watched/changed()`` after the next look at the sockets.
    func postpone(_ watched: Watched) {
        guard !watched.isPostponed else { return }
        watched.isPostponed = true
        postponed.append(watched)
    }

    private func park(_ sleeper: Sleeper, until deadline: Deadline) {
        if inbox.withLock({ $0.stopping }) { return sleeper.expire() }
        sleepers[ObjectIdentifier(sleeper)] = sleeper
        wheel.arm(sleeper, at: deadline)
    }

    // MARK: The thread

    private func run() {
        mark.store(UInt(pthread_self()), ordering: .relaxed)
        while true {
            runJobs()
            let more = takeWork()
            if stopIfDone() { break }
            let isBusy = more || !jobs.isEmpty || !postponed.isEmpty
            look(isBusy ? 0 : wheel.wait(from: now))
            resumePostponed()
        }
        mark.store(0, ordering: .relaxed)
        queue.close()
        whenStopped?()
    }

    /// Those that were queued when it began; what they queue comes after the next look at the sockets.
    private func runJobs() {
        swap(&jobs, &running)
        for job in running { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        running.removeAll(keepingCapacity: true)
    }

    private func resumePostponed() {
        guard !postponed.isEmpty else { return }
        var resumed: [Watched] = []
        swap(&resumed, &postponed)
        for watched in resumed {
            watched.isPostponed = false
            if watched.isOpen { watched.changed() }
        }
    }

    /// - Returns: whether there was any; if not and nothing else is to do, other threads now know that the loop sleeps.
    private func takeWork() -> Bool {
        let idle = jobs.isEmpty && postponed.isEmpty
        inbox.withLock { inbox in
            inbox.sleeping = idle && inbox.work.isEmpty && !inbox.stopping
            swap(&inbox.work, &taken)
        }
        for work in taken {
            switch work {
            case .job(let job): jobs.append(job)
            case .call(let body): body()
            }
        }
        defer { taken.removeAll(keepingCapacity: true) }
        return !taken.isEmpty
    }

    private func look(_ milliseconds: Int32) {
        do throws(SocketFailed) {
            var isOver = false
            try queue.wait(milliseconds: milliseconds) { readiness in
                // Handlers see the time after the wait, not before it.
                if !isOver { (isOver, now) = (true, .now) }
                let entry = channels[Int(readiness.key & 0xffff_ffff)]
                guard UInt64(entry.generation) == readiness.key >> 32 else { return }
                entry.channel?.became(readiness)
            }
        } catch {
            // Only a bad descriptor or pointer of our own makes epoll_wait fail.
            preconditionFailure("\(error)")
        }
        now = .now
        for entry in wheel.advance(to: now) {
            if let sleeper = entry as? Sleeper { sleepers[ObjectIdentifier(sleeper)] = nil }
            entry.expire()
        }
    }

    /// - Returns: false if the loop is stopped and the work will not be done.
    private func send(_ work: Work) -> Bool {
        let (taken, wake) = inbox.withLock { inbox in
            guard !inbox.stopped else { return (false, false) }
            inbox.work.append(work)
            defer { inbox.sleeping = false }
            return (true, inbox.sleeping)
        }
        if wake { queue.wake() }
        return taken
    }

    // MARK: The end

    /// Closes every socket, lets their tasks come to an end, and ends the thread. Not from the loop itself.
    func shutDown() async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            stop { continuation.resume() }
        }
        join()
    }

    /// As ``shutDown()``, for callers that may block.
    func shutDownBlocking() {
        stop {}
        join()
    }

    private func stop(_ whenStopped: @escaping @Sendable () -> Void) {
        perform { [self] in
            self.whenStopped = whenStopped
            inbox.withLock { $0.stopping = true }
            for entry in channels { if let channel = entry.channel { close(channel) } }
            for sleeper in sleepers.values {
                wheel.remove(sleeper)
                sleeper.expire()
            }
            sleepers.removeAll()
        }
    }

    private func stopIfDone() -> Bool {
        guard jobs.isEmpty else { return false }
        return inbox.withLock { inbox in
            inbox.stopped = inbox.stopping && inbox.work.isEmpty
            return inbox.stopped
        }
    }

    private func join() { pthread_join(thread, nil) }
}

/// A wait for nothing but time.
private final class Sleeper: Timed {
    private let continuation: UnsafeContinuation<Void, Never>
    init(_ continuation: UnsafeContinuation<Void, Never>) { self.continuation = continuation }
    override package func expire() { continuation.resume() }
}
