import Glibc

/// A thread of its own that gives way to every other: hashing takes tenths of a second, an event loop microseconds.
enum HashingThread {
    /// Added to the thread's nice value: about a tenth of the processor where others want it too, all of it where not.
    private static let niceness: Int32 = 10

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that ends when `run` returns. Called at start-up only, never because of a request.
    static func start(_ run: @escaping @Sendable () -> Void) {
        // The retained body is released by the one thread that takes it; no other thread sees the pointer.
        let body = unsafe Unmanaged.passRetained(Body(run: run)).toOpaque()
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                HashingThread.giveWay()
                // `argument` is what `start` passed.
                if let argument = unsafe argument {
                    unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, body)
        // A process that gets no thread at start-up cannot serve; nothing from outside has been read yet.
        precondition(status == 0, "pthread_create: \(status)")
        pthread_detach(thread)
    }

    /// On Linux a nice value belongs to the thread, and 0 names the one that calls. Raising it needs no right, and a
    /// thread that keeps the usual one works too.
    private static func giveWay() {
        let thisThread = __priority_which_t(PRIO_PROCESS.rawValue)
        _ = setpriority(thisThread, 0, min(getpriority(thisThread, 0) + niceness, 19))
    }
}
