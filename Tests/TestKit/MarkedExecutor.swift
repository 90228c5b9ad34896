import Dispatch

/// Stands for an event loop: runs the tasks that prefer it, and tells whether the caller is on it.
package final class MarkedExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "marked")
    private let key = DispatchSpecificKey<Bool>()

    package init() { queue.setSpecific(key: key, value: true) }

    package var isCurrent: Bool { DispatchQueue.getSpecific(key: key) == true }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// What `work` returns, begun here.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
        await Task(executorPreference: self) { await work() }.value
    }
}
