import Dispatch
import Synchronization

/// The pool has as many waiting as it takes: say so, and when to come back.
package struct HashingBusy: Error, Equatable {
    package init() {}
}

/// A bounded number of threads of low priority for work that takes long, with a bounded queue before them.
///
/// Anyone can ask for a verification, and only a caller who was let in for a new hash. So verifications never take all of the pool: one
/// thread and three of every eight waiting places stay free of them, and a new hash is begun before the verifications that wait.
package final class HashingPool: Sendable {
    /// What a piece of work is for.
    package enum Purpose: Sendable { case verification, newHash }

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
    /// - Parameter purpose: how much of the pool it may take.
    ///
    /// A caller that is cancelled while it waits gives its place up and hears `HashingBusy`; work that has begun is
    /// finished and its value returned.
    /// - Throws: `HashingBusy` if what the purpose may take of the queue is full, the caller is cancelled, or the pool was shut down.
    package func run<Value: Sendable>(
        for purpose: Purpose = .newHash, _ work: @escaping @Sendable () -> Value
    ) async throws(HashingBusy) -> Value {
        let ticket = queue.nextTicket()
        let outcome: Result<Value, HashingBusy> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let job = HashingQueue.Job(
                    ticket: ticket, purpose: purpose,
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
    package var waiting: Int { queue.waiting }

    /// How much is under way, running or waiting: at most `threads` + `waitingLimit`.
    var load: Int { queue.load }

    /// Takes no more work, and ends each thread once the queue is empty. Does not wait for that.
    package func shutDown() { queue.close() }
}

/// What the pool's owner and its threads share; the threads keep it alive, not the pool.
private final class HashingQueue: Sendable {
    struct Job: Sendable {
        let ticket: UInt64
        let purpose: HashingPool.Purpose
        /// Does the work; what it returns tells the caller.
        let perform: @Sendable () -> (@Sendable () -> Void)
        let refuse: @Sendable () -> Void
    }

    private struct State {
        var newHashes: [Job] = []
        var verifications: [Job] = []
        var running = 0
        /// Among those that run.
        var verifying = 0
        var isClosed = false

        var load: Int { running + newHashes.count + verifications.count }
    }

    let threads: Int
    private let waitingLimit: Int
    /// How many verifications may run at once, and wait: 40 of 64 places. The only thread of a small machine takes them too.
    private let verifyingLimit: Int
    private let verificationsWaitingLimit: Int
    private let state = Mutex(State())
    private let tickets = Atomic<UInt64>(0)
    /// Signalled once for every job admitted, and at the end once for every thread.
    private let wakeUps = DispatchSemaphore(value: 0)

    init(threads: Int, waitingLimit: Int) {
        self.threads = threads
        self.waitingLimit = waitingLimit
        verifyingLimit = max(1, threads - 1)
        verificationsWaitingLimit = waitingLimit * 5 / 8
    }

    func nextTicket() -> UInt64 { tickets.wrappingAdd(1, ordering: .relaxed).newValue }

    /// - Returns: false where nothing more may wait: the job was not taken.
    func admit(_ job: Job) -> Bool {
        let isAdmitted = state.withLock { state in
            guard !state.isClosed, state.load < threads + waitingLimit else { return false }
            switch job.purpose {
            case .newHash: state.newHashes.append(job)
            case .verification:
                let limit = verifyingLimit + verificationsWaitingLimit
                guard state.verifying + state.verifications.count < limit else { return false }
                state.verifications.append(job)
            }
            return true
        }
        if isAdmitted { wakeUps.signal() }
        return isAdmitted
    }

    /// Refuses the job with this ticket if it still waits. Its wake-up stays, and finds less to do than was announced.
    func withdraw(_ ticket: UInt64) {
        let job = state.withLock { state -> Job? in
            if let index = state.newHashes.firstIndex(where: { $0.ticket == ticket }) {
                return state.newHashes.remove(at: index)
            }
            guard let index = state.verifications.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return state.verifications.remove(at: index)
        }
        job?.refuse()
    }

    var load: Int { state.withLock { $0.load } }

    /// What is more than the threads take, or than those of them that verify.
    var waiting: Int {
        state.withLock { state in
            max(0, state.load - threads, state.verifying + state.verifications.count - verifyingLimit)
        }
    }

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
            // Also those whose own wake-up came while too many verifications ran.
            while let job = nextJob() {
                let tellCaller = job.perform()
                // The place is free before the caller knows, or its next request could be refused because of itself.
                state.withLock { state in
                    state.running -= 1
                    if job.purpose == .verification { state.verifying -= 1 }
                }
                tellCaller()
            }
            if state.withLock({ $0.isClosed }) { return }
        }
    }

    /// - Returns: nil if nothing waits that may be begun now. In a pool that was closed all may.
    private func nextJob() -> Job? {
        state.withLock { state in
            if !state.newHashes.isEmpty {
                state.running += 1
                return state.newHashes.removeFirst()
            }
            guard !state.verifications.isEmpty, state.verifying < verifyingLimit || state.isClosed else { return nil }
            state.running += 1
            state.verifying += 1
            return state.verifications.removeFirst()
        }
    }
}
