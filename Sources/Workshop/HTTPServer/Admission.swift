/// How many connections there are, in all and from one client, and when the last is gone.
import Synchronization

/// Asked when a connection comes and when it goes, and for a large body: for no other request.
final class Admission: Sendable {
    enum Answer: Equatable {
        case admitted
        /// To be told that there is no room.
        case turnedAway
        /// Even telling them would be too much.
        case dropped
    }

    /// How many are told at once that there is no room.
    static let turnedAwayMax = 256

    private struct State {
        var open = 0
        var turnedAway = 0
        var perClient: [Client: Int] = [:]
        var isWaitedFor = true
        var waiter: CheckedContinuation<Void, Never>?
        var largerBodies: [Client: Int] = [:]
    }

    private let connectionsMax: Int
    private let perClientMax: Int
    private let state = Mutex(State())
    /// Whether more than three quarters are taken: asked with every wait, so without the lock.
    private let scarce = Atomic<Bool>(false)
    private let largerBodiesMax: Int
    private let largerBodiesPerClientMax: Int

    init(_ limits: HTTPServer.Limits) {
        connectionsMax = limits.connections
        perClientMax = limits.connectionsPerClient
        largerBodiesMax = limits.largerBodiesAtOnce
        largerBodiesPerClientMax = limits.largerBodiesPerClient
    }

    var isScarce: Bool { scarce.load(ordering: .relaxed) }

    func admit(_ client: Client) -> Answer {
        state.withLock { state in
            let fromClient = state.perClient[client] ?? 0
            guard state.open < connectionsMax, fromClient < perClientMax || !client.isCounted else {
                guard state.turnedAway < Self.turnedAwayMax else { return .dropped }
                state.turnedAway += 1
                return .turnedAway
            }
            state.open += 1
            noteScarcity(state.open)
            if client.isCounted { state.perClient[client] = fromClient + 1 }
            return .admitted
        }
    }

    func leave(_ client: Client) {
        change { state in
            state.open -= 1
            noteScarcity(state.open)
            guard client.isCounted, let fromClient = state.perClient[client] else { return }
            state.perClient[client] = fromClient > 1 ? fromClient - 1 : nil
        }
    }

    func leaveTurnedAway() { change { $0.turnedAway -= 1 } }

    /// Whether one more may send a larger body; ``endLargerBody(of:)`` when it is answered or gone.
    func beginLargerBody(of client: Client) -> Bool {
        state.withLock { state in
            let fromClient = state.largerBodies[client] ?? 0
            guard state.largerBodies.values.reduce(0, +) < largerBodiesMax,
                fromClient < largerBodiesPerClientMax || !client.isCounted
            else { return false }
            state.largerBodies[client] = fromClient + 1
            return true
        }
    }

    func endLargerBody(of client: Client) {
        state.withLock { state in
            guard let fromClient = state.largerBodies[client] else { return }
            state.largerBodies[client] = fromClient > 1 ? fromClient - 1 : nil
        }
    }

    /// ``everyoneLeft()`` comes back even though somebody is here.
    func stopWaiting() { change { $0.isWaitedFor = false } }

    /// Comes back when nobody is here. For one caller.
    func everyoneLeft() async {
        await withCheckedContinuation { continuation in
            change { $0.waiter = continuation }
        }
    }

    private func noteScarcity(_ open: Int) {
        scarce.store(open > connectionsMax - connectionsMax / 4, ordering: .relaxed)
    }

    private func change(_ body: (inout sending State) -> Void) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            body(&state)
            let isOver = state.open == 0 && state.turnedAway == 0 || !state.isWaitedFor
            return isOver ? state.waiter.take() : nil
        }
        waiter?.resume()
    }
}
