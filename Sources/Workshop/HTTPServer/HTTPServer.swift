/// Answers HTTP/1.1 on listening sockets: accepts, deals connections to the loops, and brings them to an orderly end.
package import HTTP
package import Sockets
import Synchronization
package import Telemetry

package final class HTTPServer: Sendable {
    /// How long accepting rests where descriptors or memory have run out.
    private static let acceptPause: Duration = .milliseconds(100)
    /// A listener that has waited for so long has heard.
    private static let deafnessBreak: Duration = .seconds(1)
    /// A network may lose a few packets in a row, whatever the write deadline is.
    private static let unacknowledgedMin: Duration = .seconds(5)
    /// How many loops are asked to close an idle connection for one newcomer: what they had may be gone when they are asked.
    private static let roomAttemptsMax = 4

    private struct State {
        var isStopping = false
        var acceptors: [Acceptor] = []
        /// Why it ended by itself.
        var failure: SocketFailed?
    }

    private let listeners: [Listener]
    private let shards: [Shard]
    private let admission: Admission
    private let grace: Duration
    private let deafnessMax: Duration
    private let trustedProxies: [CIDR]
    private let metrics: ServerMetrics
    private let state = Mutex(State())

    /// - Parameter loops: outlive the server; shut them down after ``run()`` has come back.
    package init(
        _ responder: any Responder, on listeners: [Listener], loops: EventLoops, options: HTTPServerOptions,
        metrics: Metrics
    ) {
        let admission = Admission(options.limits)
        self.listeners = listeners
        self.admission = admission
        self.metrics = ServerMetrics(metrics)
        let kernelLimits = KernelLimits(unacknowledged: max(options.limits.writeDeadline, Self.unacknowledgedMin))
        for listener in listeners { listener.limit(kernelLimits) }
        grace = options.shutdownGrace
        deafnessMax = options.deafnessMax
        trustedProxies = options.trustedProxies
        shards = loops.all.map { loop in
            Shard(
                loop, responder: responder.copyForLoop(), options: options, admission: admission,
                metrics: ServerMetrics(metrics))
        }
    }

    /// Accepts and answers until ``shutDown()``; returns when the last connection is gone or the grace is over. Called once.
    /// - Throws: why a listener could not be heard for ``Options/deafnessMax``; then too, when the last connection is gone.
    package func run() async throws(SocketFailed) {
        await withDiscardingTaskGroup { group in
            for (index, listener) in listeners.enumerated() {
                let shard = shards[index % shards.count]
                group.addTask(executorPreference: shard.loop) { await self.accept(from: listener, on: shard.loop) }
            }
        }
        await drain()
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Stop taking (those who wait to be accepted are still taken, then the listeners are closed), finish what is in flight (at most
    /// `shutdownGrace`), close. From any thread, any number of times.
    package func shutDown() {
        let acceptors = state.withLock { state in
            state.isStopping = true
            return state.acceptors
        }
        for acceptor in acceptors { acceptor.finish() }
        // Here and not when accepting has ended: every answer written from now on says that it is the last.
        for shard in shards { shard.loop.perform { shard.drain() } }
    }

    // MARK: Accepting

    private func accept(from listener: Listener, on loop: EventLoop) async {
        var acceptor: Acceptor?
        var turn = 0
        var deafSince: Deadline?
        while true {
            let shard = shards[turn % shards.count]
            let began = Deadline.now
            do throws(SocketFailed) {
                if let acceptor {
                    take(try await acceptor.next(), by: shard)
                    turn &+= 1
                    deafSince = nil
                } else {
                    let new = try Acceptor(listener, on: loop)
                    // Where the end came first, those who have connected are answered all the same.
                    if !keep(new) { new.finish() }
                    acceptor = new
                }
            } catch .closed {
                return
            } catch {
                metrics.acceptingRests()
                if isStopping {
                    listener.close()
                    acceptor?.close()
                    return
                }
                if Acceptor.isShortage(error) {
                    // It hears, and turns away: that ends when connections do.
                    deafSince = nil
                } else {
                    // It will not hear again: another one may.
                    if let acceptor { drop(acceptor) }
                    acceptor = nil
                    let now = Deadline.now
                    // What came after a long wait has nothing to do with what was before it.
                    if deafSince == nil || now - began > Self.deafnessBreak { deafSince = began }
                    if let deafSince, now - deafSince >= deafnessMax { return giveUp(listener, because: error) }
                }
                await loop.sleep(until: loop.now + Self.acceptPause)
            }
        }
    }

    private func giveUp(_ listener: Listener, because failure: SocketFailed) {
        listener.close()
        state.withLock { $0.failure = $0.failure ?? failure }
        shutDown()
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    /// - Returns: false where ``shutDown()`` was faster.
    private func keep(_ acceptor: Acceptor) -> Bool {
        state.withLock { state in
            if !state.isStopping { state.acceptors.append(acceptor) }
            return !state.isStopping
        }
    }

    private func drop(_ acceptor: Acceptor) {
        acceptor.close()
        state.withLock { state in state.acceptors.removeAll { $0 === acceptor } }
    }

    private func take(_ accepted: AcceptedSocket, by shard: Shard) {
        let client = Client(accepted.peer, proxies: trustedProxies)
        switch admission.admit(client, mayMakeRoom: true) {
        case .admitted: shard.loop.perform { shard.serve(accepted, from: client) }
        case .full: makeRoom(for: accepted, from: client, by: shard, attemptsLeft: Self.roomAttemptsMax)
        case .turnedAway: shard.loop.perform { shard.turnAway(accepted, from: client) }
        case .dropped: drop(accepted)
        }
    }

    /// The newcomer gets the seat of the connection that has been idle for longest, on that one's loop.
    /// - Parameter shard: turns it away where none is idle.
    private func makeRoom(for accepted: AcceptedSocket, from client: Client, by shard: Shard, attemptsLeft: Int) {
        let chosen = shards.min { $0.idleRank < $1.idleRank }
        guard attemptsLeft > 0, let chosen, chosen.idleRank < .max else {
            return turnAway(accepted, from: client, by: shard)
        }
        chosen.loop.perform {
            _ = chosen.closeLongestIdle()
            switch self.admission.admit(client, mayMakeRoom: true) {
            case .admitted: chosen.serve(accepted, from: client)
            case .full: self.makeRoom(for: accepted, from: client, by: shard, attemptsLeft: attemptsLeft - 1)
            case .turnedAway: chosen.turnAway(accepted, from: client)
            case .dropped: self.drop(accepted)
            }
        }
    }

    private func turnAway(_ accepted: AcceptedSocket, from client: Client, by shard: Shard) {
        switch admission.admit(client) {
        case .admitted: shard.loop.perform { shard.serve(accepted, from: client) }
        case .turnedAway: shard.loop.perform { shard.turnAway(accepted, from: client) }
        case .full, .dropped: drop(accepted)
        }
    }

    private func drop(_ accepted: AcceptedSocket) {
        metrics.refused(.connectionsFull)
        accepted.close()
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
