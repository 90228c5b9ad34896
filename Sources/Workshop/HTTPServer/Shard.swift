/// What the connections of one loop have in common.
import HTTP
import Sockets
import Synchronization

/// `@unchecked Sendable`: every stored variable is touched on the loop's thread alone.
final class Shard: @unchecked Sendable {
    /// How long the loop's time may run on before the date is looked up again.
    private static let dateStep: Duration = .milliseconds(100)
    /// How long those who are turned away should stay away.
    private static let retryAfterSeconds = 1

    let loop: EventLoop
    let responder: any Responder
    let options: HTTPServerOptions
    let admission: Admission
    let metrics: ServerMetrics
    private(set) var isDraining = false
    private let currentWriter: ResponseWriter
    private var dateHolds: Deadline
    /// Those that no request in progress needs.
    private var buffers: [Buffers] = []
    /// Those that keep theirs until the next tick.
    private var warm: [Connection] = []
    private var connections: [ObjectIdentifier: Connection] = [:]
    /// Those that wait for a request, or for the first.
    private var idle = IdleOrder<Connection>()
    /// Since when the longest idle one is, as its ``Deadline/rank``; `Int64.max` if none is idle. For other threads.
    private let longestIdle = Atomic(Int64.max)

    init(
        _ loop: EventLoop, responder: any Responder, options: HTTPServerOptions, admission: Admission,
        metrics: ServerMetrics
    ) {
        self.loop = loop
        self.responder = responder
        self.options = options
        self.admission = admission
        self.metrics = metrics
        currentWriter = ResponseWriter(commonFields: options.commonFields.map { $0 })
        dateHolds = .now
    }

    // MARK: Connections

    func serve(_ accepted: AcceptedSocket, from client: Client) {
        let socket = Socket(accepted, on: loop, layer: options.secure)
        let connection = Connection(socket, with: client, isAdmitted: true, on: self)
        connections[ObjectIdentifier(connection)] = connection
        metrics.opened()
        socket.start(connection)
        connection.begin()
    }

    /// Says 503 to a connection for which there is no room. Over TLS that would cost a handshake: closing must do.
    func turnAway(_ accepted: AcceptedSocket, from client: Client) {
        guard options.secure == nil else {
            metrics.refused(.connectionsFull)
            accepted.close()
            return admission.leaveTurnedAway()
        }
        let response = comeAgain(.connectionsFull, "There are too many connections.")
        let socket = Socket(accepted, on: loop)
        let connection = Connection(socket, with: client, isAdmitted: false, on: self)
        connections[ObjectIdentifier(connection)] = connection
        socket.start(connection)
        connection.turnAway(with: response)
    }

    // MARK: Seats

    /// How many idle connections are looked at for one newcomer: each may turn out to have been asked something.
    private static let looksMax = 8

    /// Smaller where a connection has been idle for longer. From any thread.
    var idleRank: Int64 { longestIdle.load(ordering: .relaxed) }

    /// - Returns: false where none was idle after all.
    func closeLongestIdle() -> Bool {
        for _ in 0..<Self.looksMax {
            guard let connection = idle.longest else { return false }
            if connection.makeRoom() { return true }
        }
        return false
    }

    func becameIdle(_ connection: Connection) {
        guard connection.isAdmitted, connection.idlePlace == nil else { return }
        let now = loop.now
        let (place, isOnly) = idle.append(connection, since: now)
        connection.idlePlace = place
        if isOnly { longestIdle.store(now.rank, ordering: .relaxed) }
    }

    func becameBusy(_ connection: Connection) {
        guard let place = connection.idlePlace.take() else { return }
        guard let longestSince = idle.remove(at: place) else { return }
        longestIdle.store(longestSince?.rank ?? .max, ordering: .relaxed)
    }

    /// 503, and when to come again.
    func comeAgain(_ refusal: Refusal, _ detail: String) -> Response {
        metrics.refused(refusal)
        responder.serverSends(.serviceUnavailable, after: .now - loop.now)
        var response = options.refusal(.serviceUnavailable, refusal.code, detail)
        response.add("Retry-After", "\(Self.retryAfterSeconds)")
        return response
    }

    /// A connection is closed.
    func left(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        becameBusy(connection)
        if connection.isWarm { warm.removeAll { $0 === connection } }
        guard connection.isAdmitted else { return admission.leaveTurnedAway() }
        metrics.closed(connection.closeCause ?? .stopped)
        metrics.isOpenNoMore()
        admission.leave(connection.client)
    }

    // MARK: The end

    /// Connections between two requests are closed, the others after their answer.
    func drain() {
        isDraining = true
        for connection in connections.values { connection.drain() }
    }

    func closeAll() {
        for connection in connections.values { connection.close(.stopped) }
    }

    // MARK: What is shared

    func lend() -> Buffers { buffers.popLast() ?? Buffers() }

    func take(back lent: Buffers) {
        guard buffers.count < Buffers.keptMax, lent.isWorthKeeping else { return }
        buffers.append(lent)
    }

    /// Whether a connection that has become idle need not give them back yet: so one that asks again and again never does.
    func keepsBuffers(of connection: Connection) -> Bool {
        if connection.isWarm { return true }
        guard warm.count < Buffers.keptMax else { return false }
        connection.isWarm = true
        warm.append(connection)
        return true
    }

    /// Writes answers with the date of now.
    var writer: ResponseWriter { writer(at: loop.now) }

    /// As ``writer``, for who knows the loop's time.
    func writer(at now: Deadline) -> ResponseWriter {
        if now >= dateHolds { tick() }
        return currentWriter
    }

    private func tick() {
        dateHolds = loop.now + Self.dateStep
        currentWriter.date(EventLoop.secondsSince1970())
        for connection in warm { connection.rest() }
        warm.removeAll(keepingCapacity: true)
    }
}

/// What a connection works in while a request is in progress. Lent and given back without contents: what counts is the room.
struct Buffers {
    /// How many a shard keeps for the next request.
    static let keptMax = 64
    /// Those that a large request or answer has made grow beyond this are not kept.
    private static let keptBytesMax = 32 * 1024

    var reading: RequestReader.Storage
    var writing: [UInt8] = []

    init(reading: RequestReader.Storage = RequestReader.Storage()) { self.reading = reading }

    var isWorthKeeping: Bool { reading.capacity + writing.capacity <= Self.keptBytesMax }
}
