/// The connections to one origin: acts as ``Pool`` decides.

internal import Sockets
internal import Synchronization

/// Hands out connections, and the right to open one, in the order of the requests.
final class ConnectionPool: Sendable {
    /// A place in the pool, to be given back by `putBack` or `lost`.
    enum Slot {
        /// Used before, a moment ago or long ago: it may have died or spoken unasked since.
        case reused(any ByteStream)
        case empty
    }

    private typealias Connections = Pool<any ByteStream>
    private typealias Granted = Result<Slot, HTTPClientFailed>

    private struct Waiter {
        let continuation: CheckedContinuation<Granted, Never>
        /// Turns the waiter away at its deadline.
        let timer: Task<Void, Never>

        func answer(_ granted: Granted) {
            timer.cancel()
            continuation.resume(returning: granted)
        }
    }

    private struct State {
        var connections: Connections
        var waiters: [Connections.Ticket: Waiter] = [:]
        /// Closes connections that grew old; runs only while there are idle ones.
        var sweeper: Task<Void, Never>?
        var whenEmpty: [CheckedContinuation<Void, Never>] = []

        /// Who waits for the last connection to come back, where it has.
        mutating func takeEmptied() -> [CheckedContinuation<Void, Never>] {
            guard connections.busyCount == 0 else { return [] }
            defer { whenEmpty = [] }
            return whenEmpty
        }
    }

    private let state: Mutex<State>
    private let lastTicket = Atomic<Connections.Ticket>(0)

    /// How many callers may wait for each connection.
    private static let waitingPerConnectionMax = 128

    init(_ options: HTTPClientOptions) {
        let connectionsMax = max(1, options.connectionsMax)
        let connections = Connections(
            connectionsMax: connectionsMax, idleLimit: options.idleLimit,
            waitingMax: connectionsMax * Self.waitingPerConnectionMax)
        state = Mutex(State(connections: connections))
    }

    /// Waits for a slot until `deadline`, or until the task is cancelled.
    func take(until deadline: Deadline) async throws(HTTPClientFailed) -> Slot {
        let ticket = lastTicket.wrappingAdd(1, ordering: .relaxed).newValue
        let granted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if let granted = takeOrWait(ticket, continuation, until: deadline) {
                    continuation.resume(returning: granted)
                } else if Task.isCancelled {
                    // The handler below may have run before the wait began.
                    turnAway(ticket, .cancelled)
                }
            }
        } onCancel: {
            turnAway(ticket, .cancelled)
        }
        return try granted.get()
    }

    /// - Returns: nil where the continuation waits now.
    private func takeOrWait(
        _ ticket: Connections.Ticket, _ continuation: CheckedContinuation<Granted, Never>, until deadline: Deadline
    ) -> Granted? {
        let taken = state.withLock { state in
            let taken = state.connections.take(ticket)
            if case .wait = taken {
                let timer = Task { [weak self] in
                    guard (try? await Task.sleep(for: deadline - .now)) != nil else { return }
                    self?.turnAway(ticket, .deadline)
                }
                state.waiters[ticket] = Waiter(continuation: continuation, timer: timer)
            }
            return taken
        }
        switch taken {
        case .wait: return nil
        case .open: return .success(.empty)
        case .refused(let refusal): return .failure(Self.failed(refusal))
        case .reuse(let connection): return .success(.reused(connection))
        }
    }

    private func turnAway(_ ticket: Connections.Ticket, _ refusal: Connections.Refusal) {
        let waiter = state.withLock { state in
            state.connections.forget(ticket)
            return state.waiters.removeValue(forKey: ticket)
        }
        waiter?.answer(.failure(Self.failed(refusal)))
    }

    private static func failed(_ refusal: Connections.Refusal) -> HTTPClientFailed {
        HTTPClientFailed(stage: .pool, reason: refusal.rawValue)
    }

    /// After an exchange that leaves the connection usable.
    func putBack(_ connection: any ByteStream) {
        let (returned, waiter, emptied) = state.withLock { state in
            let returned = state.connections.putBack(connection, at: .now)
            if returned == .kept, state.sweeper == nil { state.sweeper = sweeper() }
            guard case .handed(let ticket) = returned else { return (returned, nil as Waiter?, state.takeEmptied()) }
            return (returned, state.waiters.removeValue(forKey: ticket), [])
        }
        if returned == .close { connection.close() }
        waiter?.answer(.success(.reused(connection)))
        for continuation in emptied { continuation.resume() }
    }

    /// After an exchange that does not, or where no connection could be opened.
    func lost() {
        let (waiter, emptied) = state.withLock { state in
            guard let ticket = state.connections.lost() else { return (nil as Waiter?, state.takeEmptied()) }
            return (state.waiters.removeValue(forKey: ticket), [])
        }
        waiter?.answer(.success(.empty))
        for continuation in emptied { continuation.resume() }
    }

    /// Turns away who waits, closes what is idle, and waits for the rest to come back, each at its own deadline.
    func shutDown() async {
        let (idle, waiters) = state.withLock { state in
            let (idle, tickets) = state.connections.close()
            state.sweeper?.cancel()
            return (idle, tickets.compactMap { state.waiters.removeValue(forKey: $0) })
        }
        for waiter in waiters { waiter.answer(.failure(Self.failed(.closed))) }
        for connection in idle { connection.close() }
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.connections.busyCount == 0 { return true }
                state.whenEmpty.append(continuation)
                return false
            }
            if isEmpty { continuation.resume() }
        }
    }

    private func sweeper() -> Task<Void, Never> {
        Task { [weak self] in
            while let next = self?.sweep() {
                guard (try? await Task.sleep(for: next - .now)) != nil else { return }
            }
        }
    }

    /// Closes what is too old.
    /// - Returns: when to look again; nil where nothing is idle, and this sweeper ends.
    private func sweep() -> Deadline? {
        let (expired, next) = state.withLock { state in
            let expired = state.connections.removeExpired(at: .now)
            let next = state.connections.nextExpiry
            if next == nil { state.sweeper = nil }
            return (expired, next)
        }
        for connection in expired { connection.close() }
        return next
    }
}
