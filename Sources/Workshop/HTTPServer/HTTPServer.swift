/// Answers HTTP/1.1 on listening sockets: accepts, deals connections to the loops, and brings them to an orderly end.
package import HTTP
package import Sockets
import Synchronization
package import Telemetry

package final class HTTPServer: Sendable {
    /// How long accepting rests where descriptors or memory have run out.
    private static let acceptPause: Duration = .milliseconds(100)

    private struct State {
        var isStopping = false
        var acceptors: [Acceptor] = []
    }

    private let listeners: [Listener]
    private let shards: [Shard]
    private let admission: Admission
    private let grace: Duration
    private let metrics: ServerMetrics
    private let state = Mutex(State())

    /// - Parameter loops: outlive the server; shut them down after ``run()`` has come back.
    package init(
        _ responder: any Responder, on listeners: [Listener], loops: EventLoops, options: Options, metrics: Metrics
    ) {
        let admission = Admission(options.limits)
        self.listeners = listeners
        self.admission = admission
        self.metrics = ServerMetrics(metrics)
        grace = options.shutdownGrace
        shards = loops.all.map { loop in
            Shard(
                loop, responder: responder.copyForLoop(), options: options, admission: admission,
                metrics: ServerMetrics(metrics))
        }
    }

    /// Accepts and answers until ``shutDown()``; returns when the last connection is gone or the grace is over. Called once.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for (index, listener) in listeners.enumerated() {
                let shard = shards[index % shards.count]
                group.addTask(executorPreference: shard.loop) { await self.accept(from: listener, on: shard.loop) }
            }
        }
        await drain()
    }

    /// Stop taking (the listeners are closed), finish what is in flight (at most `shutdownGrace`), close. From any thread, any number of times.
    package func shutDown() {
        let acceptors = state.withLock { state in
            state.isStopping = true
            return state.acceptors
        }
        for listener in listeners { listener.close() }
        for acceptor in acceptors { acceptor.close() }
        // Here and not when accepting has ended: every answer written from now on says that it is the last.
        for shard in shards { shard.loop.perform { shard.drain() } }
    }

    // MARK: Accepting

    private func accept(from listener: Listener, on loop: EventLoop) async {
        var acceptor: Acceptor?
        var turn = 0
        while !isStopping {
            let shard = shards[turn % shards.count]
            do throws(SocketFailed) {
                if let acceptor {
                    take(try await acceptor.next(), by: shard)
                    turn &+= 1
                } else {
                    let new = try Acceptor(listener, on: loop)
                    guard keep(new) else { return }
                    acceptor = new
                }
            } catch .closed {
                return
            } catch {
                metrics.acceptingRests()
                await loop.sleep(until: loop.now + Self.acceptPause)
            }
        }
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    /// - Returns: false where ``shutDown()`` was faster.
    private func keep(_ acceptor: Acceptor) -> Bool {
        let kept = state.withLock { state in
            if !state.isStopping { state.acceptors.append(acceptor) }
            return !state.isStopping
        }
        if !kept { acceptor.close() }
        return kept
    }

    private func take(_ accepted: AcceptedSocket, by shard: Shard) {
        let client = Client(accepted.peer)
        switch admission.admit(client) {
        case .admitted: shard.loop.perform { shard.serve(accepted, from: client) }
        case .turnedAway: shard.loop.perform { shard.turnAway(accepted, from: client) }
        case .dropped:
            metrics.refused(.connectionsFull)
            accepted.close()
        }
    }

    // MARK: The end

    private func drain() async {
        let end = Deadline.now + grace
        let alarm = Task {
            try await Task.sleep(for: end - .now)
            self.admission.stopWaiting()
        }
        await admission.everyoneLeft()
        alarm.cancel()
        for shard in shards { shard.loop.perform { shard.closeAll() } }
    }
}
