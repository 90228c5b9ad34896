/// What the connections of one loop have in common.
import HTTP
import Sockets

/// `@unchecked Sendable`: every stored variable is touched on the loop's thread alone.
final class Shard: @unchecked Sendable {
    /// How long the written date may be behind.
    private static let dateStep: Duration = .milliseconds(100)

    let loop: EventLoop
    let responder: any Responder
    let options: HTTPServer.Options
    let admission: Admission
    let metrics: ServerMetrics
    let writer: ResponseWriter
    private(set) var isDraining = false
    /// Those that no request in progress needs.
    private var buffers: [Buffers] = []
    private var connections: [ObjectIdentifier: OpenConnection] = [:]
    private var dateSeconds: Int64 = -1
    private var dateBytes: [UInt8] = []
    private var dateHolds: ContinuousClock.Instant

    init(
        _ loop: EventLoop, responder: any Responder, options: HTTPServer.Options, admission: Admission,
        metrics: ServerMetrics
    ) {
        self.loop = loop
        self.responder = responder
        self.options = options
        self.admission = admission
        self.metrics = metrics
        // A copy a loop: counting references to one from several threads would cost more than the bytes.
        writer = ResponseWriter(commonFields: options.commonFields.map { $0 })
        dateHolds = .now
    }

    // MARK: Connections

    func serve(_ stream: SocketStream, from client: Client) async {
        let connection = OpenConnection(stream)
        connections[ObjectIdentifier(connection)] = connection
        metrics.opened()
        if isDraining { stream.close() }
        if let secured = await secure(stream) {
            var conversation = Conversation(secured, from: client, connection, on: self)
            await conversation.hold()
        }
        stream.close()
        metrics.closed()
        connections[ObjectIdentifier(connection)] = nil
    }

    /// Says 503 to a connection for which there is no room. Over TLS that would cost a handshake: closing must do.
    func turnAway(_ stream: SocketStream) async {
        metrics.refused(.connectionsFull)
        if options.secure == nil {
            var conversation = Conversation(stream, from: Client(stream.peer), OpenConnection(stream), on: self)
            await conversation.turnAway()
        }
        stream.close()
    }

    private func secure(_ stream: SocketStream) async -> (any ByteStream)? {
        guard let secure = options.secure else { return stream }
        // The wrapper has deadlines of its own; this one holds whatever they are.
        let alarm = Task(executorPreference: loop) {
            try await Task.sleep(for: self.options.limits.headDeadline)
            stream.close()
        }
        defer { alarm.cancel() }
        return try? await secure(stream)
    }

    // MARK: The end

    /// Connections between two requests are closed, the others after their answer.
    func drain() {
        isDraining = true
        for connection in connections.values where connection.isIdle { connection.stream.close() }
    }

    func closeAll() {
        for connection in connections.values { connection.stream.close() }
    }

    // MARK: What is shared

    func lend() -> Buffers { buffers.popLast() ?? Buffers() }

    func take(back lent: Buffers) {
        guard buffers.count < Buffers.keptMax, lent.isWorthKeeping else { return }
        buffers.append(lent)
    }

    /// The `Date` field's 29 bytes.
    var date: [UInt8] {
        if loop.now >= dateHolds {
            dateHolds = loop.now + Self.dateStep
            let seconds = EventLoop.secondsSince1970()
            if seconds != dateSeconds {
                dateSeconds = seconds
                dateBytes = HTTPDate.bytes(secondsSince1970: seconds)
            }
        }
        return dateBytes
    }
}

/// What a connection works in while a request is in progress: empty, but for the room in it.
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

/// A connection as its shard knows it.
final class OpenConnection {
    let stream: SocketStream
    /// Between two requests: may be closed without harm.
    var isIdle = true
    init(_ stream: SocketStream) { self.stream = stream }
}
