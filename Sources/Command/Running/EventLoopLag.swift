import Sockets
import Synchronization
import Telemetry

/// Asks every event loop once a second for a sign of life: how late it comes is measured, and while all come in time the service
/// manager's watchdog is fed.
struct EventLoopLag: Sendable {
    private static let interval: Duration = .seconds(1)

    private let loops: EventLoops
    private let lag: Histogram
    private let manager: ServiceManager?

    init(of loops: EventLoops, metrics: Metrics, manager: ServiceManager?) {
        self.loops = loops
        self.manager = manager
        lag = metrics.histogram(
            "keyturn_event_loop_lag_seconds", help: "How long a task that can run waits for its event loop.")
    }

    /// Until it is cancelled.
    func run() async {
        let owed = Owed()
        while !Task.isCancelled {
            // A loop that still owes an answer is not asked again, so at most one question waits on each.
            if owed.isNothing {
                manager?.feedWatchdog()
                for loop in loops.all { ask(loop, owed) }
            }
            try? await Task.sleep(for: Self.interval)
        }
    }

    private func ask(_ loop: EventLoop, _ owed: Owed) {
        let asked = ContinuousClock.now
        owed.add()
        loop.perform { [lag] in
            lag.observe(ContinuousClock.now - asked)
            owed.settle()
        }
    }

    /// How many loops have not answered yet.
    private final class Owed: Sendable {
        private let count = Atomic<Int>(0)
        var isNothing: Bool { count.load(ordering: .relaxed) == 0 }
        func add() { count.add(1, ordering: .relaxed) }
        func settle() { count.subtract(1, ordering: .relaxed) }
    }
}
