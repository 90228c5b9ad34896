/// How many connections there are, in all and from one client, and when the last is gone.
import Sockets
import Synchronization

/// Asked when a connection comes and when it goes, and for a large body: for no other request.
final class Admission: Sendable {
    enum Answer: Equatable {
        case admitted
        /// All seats are taken, but not by this client: to be admitted when another has left.
        case full
        /// To be told that there is no room.
        case turnedAway
        /// Even telling them would be too much.
        case dropped
    }

    private struct State {
        var open = 0
        var turnedAway = 0
        var perClient: [Client: Int] = [:]
        var isWaitedFor = true
        var waiter: CheckedContinuation<Void, Never>?
        var largerBodies: LargerBodyPlaces
    }

    private let connectionsMax: Int
    private let perClientMax: Int
    private let turnedAwayMax: Int
    private let state: Mutex<State>
    /// Whether more than three quarters are taken: asked with every wait, so without the lock.
    private let scarce = Atomic<Bool>(false)
    /// Of requests that are not whole.
    let unfinished: ByteBudget
    /// Of responses that wait for room.
    let unsent: ByteBudget

    init(_ limits: HTTPServerLimits) {
        connectionsMax = limits.connections
        perClientMax = limits.connectionsOfOneClient
        turnedAwayMax = limits.turnedAwayAtOnce
        unfinished = ByteBudget(bytes: limits.unfinishedBytes)
        unsent = ByteBudget(bytes: limits.unsentBytes)
        state = Mutex(State(largerBodies: LargerBodyPlaces(limits)))
    }

    var isScarce: Bool { scarce.load(ordering: .relaxed) }

    /// - Parameter mayMakeRoom: the caller can close another; else the client is turned away where all seats are taken.
    func admit(_ client: Client, mayMakeRoom: Bool = false) -> Answer {
        state.withLock { state in
            let fromClient = state.perClient[client] ?? 0
            let isWithinItsOwn = fromClient < perClientMax || !client.isCounted
            if isWithinItsOwn, state.open >= connectionsMax, mayMakeRoom { return .full }
            guard state.open < connectionsMax, isWithinItsOwn else {
                guard state.turnedAway < turnedAwayMax else { return .dropped }
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

    /// Lets one more send a larger body, if need be in the place of one that has been slow.
    /// - Parameter giveWay: called on any thread if the place goes to another.
    /// - Returns: for ``endLargerBody(_:)`` when it is answered or gone; nil if there is no place.
    func beginLargerBody(
        of client: Client, at now: Deadline, giveWay: @escaping @Sendable (LargerBodyPlaces.Ticket) -> Void
    ) -> LargerBodyPlaces.Ticket? {
        let (ticket, displaced) = state.withLock { $0.largerBodies.take(for: client, at: now, giveWay: giveWay) }
        displaced?()
        return ticket
    }

    func endLargerBody(_ ticket: LargerBodyPlaces.Ticket) { state.withLock { $0.largerBodies.giveBack(ticket) } }

    /// ``everyoneLeft()`` returns although connections are open.
    func stopWaiting() { change { $0.isWaitedFor = false } }

    /// Returns when no connection is open. For one caller.
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
