import Dispatch
import Synchronization

/// The pool has as many waiting as it takes: say so, and when to come back.
package struct HashingBusy: Error, Equatable {
    package init() {}
}

/// A bounded number of threads of low priority for work that takes long, with a bounded queue before them.
package final class HashingPool: Sendable {
    private let queue: HashingQueue

    /// - Parameter threads: how much work is done at once; held to 1...64.
    /// - Parameter waitingLimit: how much more may wait; the next is refused at once. Held to 0...65,536.
    package init(threads: Int, waitingLimit: Int = 64) {
        let threads = min(max(threads, 1), 64)
        let queue = HashingQueue(threads: threads, waitingLimit: min(max(waitingLimit, 0), 65_536))
        self.queue = queue
        for _ in 0..<threads { HashingThread.start { queue.work() } }
    }

    deinit { shutDown() }

    /// Does `work` on one of the threads. It should not wait for anything: a thread is held until it returns.
    ///
    /// A caller that is cancelled while it waits gives its place up and hears `HashingBusy`; work that has begun is
    /// finished and its value returned.
    /// - Throws: `HashingBusy` where the queue is full, the caller is cancelled, or the pool was shut down.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws(HashingBusy) -> Value {
        let ticket = queue.nextTicket()
        let outcome: Result<Value, HashingBusy> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let job = HashingQueue.Job(
                    ticket: ticket,
                    perform: {
                        let value = work()
                        return { continuation.resume(returning: .success(value)) }
                    },
                    refuse: { continuation.resume(returning: .failure(HashingBusy())) })
                if Task.isCancelled || !queue.admit(job) { job.refuse() }
            }
        } onCancel: {
            queue.withdraw(ticket)
        }
        return try outcome.get()
    }

    /// How many wait for a thread, for metrics: old by the time it is read.
    package var waiting: Int { max(0, load - queue.threads) }

    /// How much is under way, running or waiting: at most `threads` + `waitingLimit`.
    var load: Int { queue.load }

    /// Takes no more work, and ends each thread once the queue is empty. Does not wait for that.
    package func shutDown() { queue.close() }
}

/// What the pool's owner and its threads share; the threads keep it alive, not the pool.
private final class HashingQueue: Sendable {
    struct Job: Sendable {
        let ticket: UInt64
        /// Does the work; what it returns tells the caller.
        let perform: @Sendable () -> (@Sendable () -> Void)
        let refuse: @Sendable () -> Void
    }

    private struct State {
        var jobs: [Job] = []
        var running = 0
        var isClosed = false
    }

    let threads: Int
    private let waitingLimit: Int
    private let state = Mutex(State())
    private let tickets = Atomic<UInt64>(0)
    /// Signalled once for every job admitted, and at the end once for every thread.
    private let wakeUps = DispatchSemaphore(value: 0)

    init(threads: Int, waitingLimit: Int) {
        self.threads = threads
        self.waitingLimit = waitingLimit
    }

    func nextTicket() -> UInt64 { tickets.wrappingAdd(1, ordering: .relaxed).newValue }

    /// - Returns: false where nothing more may wait: the job was not taken.
    func admit(_ job: Job) -> Bool {
        let isAdmitted = state.withLock { state in
            guard !state.isClosed, state.running + state.jobs.count < threads + waitingLimit else { return false }
            state.jobs.append(job)
            return true
        }
        if isAdmitted { wakeUps.signal() }
        return isAdmitted
    }

    /// Refuses the job with this ticket if it still waits. Its wake-up stays, and finds less to do than was announced.
    func withdraw(_ ticket: UInt64) {
        let job = state.withLock { state -> Job? in
            guard let index = state.jobs.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return state.jobs.remove(at: index)
        }
        job?.refuse()
    }

    var load: Int { state.withLock { $0.running + $0.jobs.count } }

    func close() {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        for _ in 0..<threads { wakeUps.signal() }
    }

    /// A thread's whole life.
    func work() {
        while true {
            wakeUps.wait()
            if let job = nextJob() {
                let tellCaller = job.perform()
                // The place is free before the caller knows, or its next request could be refused because of itself.
                state.withLock { $0.running -= 1 }
                tellCaller()
            } else if state.withLock({ $0.isClosed }) {
                return
            }
        }
    }

    private func nextJob() -> Job? {
        state.withLock { state in
            guard !state.jobs.isEmpty else { return nil }
            state.running += 1
            return state.jobs.removeFirst()
        }
    }
}
