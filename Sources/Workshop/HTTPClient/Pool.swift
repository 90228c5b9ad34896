/// Which connections there are, who waits for one, and what is to be done next. A value: it decides, others act.
import Sockets

/// Connections are reused newest first, so that those no longer needed grow old and are closed.
struct Pool<Connection> {
    /// Names one who waits.
    typealias Ticket = UInt64

    enum Taken {
        case reuse(Connection)
        case open
        case wait
        case refused(Refusal)
    }

    enum Refusal: String {
        case closed = "the client was shut down"
        case tooManyWait = "too many wait for a connection"
        case deadline = "no connection became free in time"
        case cancelled = "cancelled"
    }

    /// What becomes of a connection that was given back.
    enum Returned: Equatable { case kept, handed(to: Ticket), close }

    private let connectionsMax: Int
    private let idleLimit: Duration
    /// More would wait longer than any deadline, so they are refused at once.
    private let waitingMax: Int
    /// The oldest first.
    private var idle: [(connection: Connection, since: Deadline)] = []
    private var waiting: [Ticket] = []
    /// In use or being opened.
    private(set) var busyCount = 0
    private var isClosed = false

    init(connectionsMax: Int, idleLimit: Duration, waitingMax: Int) {
        self.connectionsMax = connectionsMax
        self.idleLimit = idleLimit
        self.waitingMax = waitingMax
    }

    /// - Parameter ticket: who waits where there is neither a connection nor room for one.
    mutating func take(_ ticket: Ticket) -> Taken {
        if isClosed { return .refused(.closed) }
        if let newest = idle.popLast() {
            busyCount += 1
            return .reuse(newest.connection)
        }
        if busyCount < connectionsMax {
            busyCount += 1
            return .open
        }
        guard waiting.count < waitingMax else { return .refused(.tooManyWait) }
        waiting.append(ticket)
        return .wait
    }

    /// Waits no longer. Without effect where the ticket was served already.
    mutating func forget(_ ticket: Ticket) { waiting.removeAll { $0 == ticket } }

    /// After an exchange that leaves the connection usable.
    mutating func putBack(_ connection: Connection, at now: Deadline) -> Returned {
        if !waiting.isEmpty { return .handed(to: waiting.removeFirst()) }
        busyCount -= 1
        if isClosed { return .close }
        idle.append((connection, now))
        return .kept
    }

    /// After one that does not, or where none could be opened.
    /// - Returns: who may open one instead.
    mutating func lost() -> Ticket? {
        if !waiting.isEmpty { return waiting.removeFirst() }
        busyCount -= 1
        return nil
    }

    /// - Returns: those idle for too long, no longer kept here.
    mutating func removeExpired(at now: Deadline) -> [Connection] {
        let expired = idle.prefix { now - $0.since >= idleLimit }
        idle.removeFirst(expired.count)
        return expired.map(\.connection)
    }

    /// When the next one expires; nil where none is idle.
    var nextExpiry: Deadline? { idle.first.map { $0.since + idleLimit } }

    /// From now on nothing is given out. Connections in use come back through `putBack` and `lost`.
    /// - Returns: the idle ones to close, and those to turn away.
    mutating func close() -> (idle: [Connection], waiting: [Ticket]) {
        defer { (isClosed, idle, waiting) = (true, [], []) }
        return (idle.map(\.connection), waiting)
    }
}
