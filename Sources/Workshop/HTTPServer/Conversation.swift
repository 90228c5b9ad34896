/// One connection, from its first request to its last answer, read straight down.
import HTTP
import Sockets

/// Requests that came together are answered in their order and their answers written together. Belongs to its shard's loop.
struct Conversation: ~Copyable {
    /// Gathered answers are written when they are this long; no more is read while they wait for room.
    private static let gatheredBytesMax = 64 * 1024
    /// One read brings at most this much: so far a client may send ahead of its answers.
    private static let readBytesMax = 16 * 1024
    /// What a client may still send after the last answer, and for how long, before the connection is cut: closing with unread bytes
    /// makes the kernel reset the connection, and the answer may be lost on its way.
    private static let lingerBytesMax = 256 * 1024
    private static let linger: Duration = .seconds(2)
    /// How long those who are turned away should stay away.
    private static let retryAfterSeconds = 1

    private let stream: any ByteStream
    private let connection: OpenConnection
    private let shard: Shard
    private var state: ConnectionState
    private var reader: RequestReader
    private var output: [UInt8] = []
    private var holdsBuffers = false
    /// The answer that was decided on before the body came.
    private var early: Response?
    private var answersGathered: UInt64 = 0

    private enum Next { case more, close, linger }

    init(_ stream: any ByteStream, from client: Client, _ connection: OpenConnection, on shard: Shard) {
        self.stream = stream
        self.connection = connection
        self.shard = shard
        let limits = shard.options.limits
        state = ConnectionState(limits, at: shard.loop.now)
        reader = RequestReader(
            from: client.address, isSecure: shard.options.secure != nil, limits: RequestLimits(limits))
    }

    /// Comes back when the conversation is over; closing is the caller's business.
    mutating func hold() async {
        do throws(SocketFailed) {
            while true {
                var next = await answerWhatCame()
                try await flush()
                if next == .more { next = try await readMore() }
                switch next {
                case .more: continue
                case .close: return giveBuffersBack()
                case .linger: return try await lingerAndClose()
                }
            }
        } catch {
            // The other end is gone or does not read: nobody to tell.
        }
    }

    mutating func turnAway() async {
        var response = shard.options.refusal(
            .serviceUnavailable, Refusal.connectionsFull.code, "There are too many connections.")
        response.add("Retry-After", "\(Self.retryAfterSeconds)")
        gather(response, answering: nil, closes: true)
        do throws(SocketFailed) {
            try await flush()
            try await lingerAndClose()
        } catch {
            // Gone before it could be told.
        }
    }

    // MARK: Answering

    private mutating func answerWhatCame() async -> Next {
        do throws(RequestRefused) {
            while true {
                switch try reader.next() {
                case .needsMore: return .more
                case .announced(let request): if announced(request) { return .linger }
                case .request(let request):
                    let closes: Bool
                    if let known = answerKnown(to: request) {
                        closes = gather(known, answering: request)
                    } else {
                        // Answers that are ready do not wait for one that is not.
                        guard await hasFlushed() else { return .close }
                        closes = gather(await shard.responder.respond(to: request), answering: request)
                    }
                    if closes { return reader.isIdle ? .close : .linger }
                }
                if output.count >= Self.gatheredBytesMax {
                    guard await hasFlushed() else { return .close }
                }
            }
        } catch {
            refuse(Refusal(error.status), error.status, detail: error.detail)
            return .linger
        }
    }

    /// The head is whole, its body may not be.
    /// - Returns: true where the answer is known already and the body must not be sent.
    private mutating func announced(_ request: Request) -> Bool {
        early = shard.responder.refuseEarly(request)
        guard request.expectsContinue, !reader.hasUnreadBytes else { return false }
        if let early {
            gather(early, answering: request, closes: true)
            return true
        }
        shard.writer.appendContinue(to: &output)
        return false
    }

    private mutating func answerKnown(to request: Request) -> Response? {
        early.take() ?? shard.responder.respondAtOnce(to: request)
    }

    /// - Returns: whether the connection ends behind the answer.
    private mutating func gather(_ response: Response, answering request: Request) -> Bool {
        let closes = state.answers(keepsAlive: request.keepsAlive, isDraining: shard.isDraining)
        gather(response, answering: request, closes: closes)
        answersGathered += 1
        return closes
    }

    private mutating func refuse(_ refusal: Refusal, _ status: Status, detail: String) {
        shard.metrics.refused(refusal)
        gather(shard.options.refusal(status, refusal.code, detail), answering: nil, closes: true)
    }

    private mutating func gather(_ response: Response, answering request: Request?, closes: Bool) {
        shard.writer.append(response, answering: request, closes: closes, date: shard.date, to: &output)
    }

    // MARK: The socket

    /// - Returns: false where the other end is gone or does not read.
    private mutating func hasFlushed() async -> Bool { (try? await flush()) != nil }

    private mutating func flush() async throws(SocketFailed) {
        guard !output.isEmpty else { return }
        if answersGathered > 0 {
            shard.metrics.answered(answersGathered)
            answersGathered = 0
        }
        try await stream.write(output, until: shard.loop.now + shard.options.limits.writeDeadline)
        output.removeAll(keepingCapacity: true)
    }

    private mutating func readMore() async throws(SocketFailed) -> Next {
        let isIdle = reader.isIdle
        if isIdle, shard.isDraining { return .close }
        let isScarce = isIdle && shard.admission.isScarce
        state.waits(for: isIdle ? .idle : reader.isInBody ? .body : .head, at: shard.loop.now)
        connection.isIdle = isIdle
        defer { connection.isIdle = false }
        do throws(SocketFailed) {
            let deadline = state.deadline(isScarce: isScarce)
            if isIdle {
                giveBuffersBack()
                try await stream.untilReadable(deadline)
            }
            takeBuffers()
            let count = try await stream.read(into: &reader.received, atMost: Self.readBytesMax, until: deadline)
            state.received(count)
            return count > 0 ? .more : await end(state.finished)
        } catch .timedOut {
            return await end(state.timedOut)
        }
    }

    private mutating func end(_ ending: ConnectionState.Ending) async -> Next {
        switch ending {
        case .close: return .close
        case .refuse(let refusal, let status, let detail):
            refuse(refusal, status, detail: detail)
            return await hasFlushed() ? .linger : .close
        }
    }

    /// A connection that waits for its next request holds no memory for it.
    private mutating func giveBuffersBack() {
        guard holdsBuffers else { return }
        holdsBuffers = false
        var lent = Buffers(reading: reader.giveBack())
        swap(&lent.writing, &output)
        shard.take(back: lent)
    }

    private mutating func takeBuffers() {
        guard !holdsBuffers else { return }
        holdsBuffers = true
        var lent = shard.lend()
        swap(&lent.writing, &output)
        reader.take(lent.reading)
    }

    private mutating func lingerAndClose() async throws(SocketFailed) {
        stream.finishWriting()
        let deadline = shard.loop.now + Self.linger
        var unread = 0
        var ignored: [UInt8] = []
        while unread < Self.lingerBytesMax, shard.loop.now < deadline {
            let count = try await stream.read(into: &ignored, atMost: Self.readBytesMax, until: deadline)
            if count == 0 { return }
            unread += count
            ignored.removeAll(keepingCapacity: true)
        }
    }
}

extension RequestLimits {
    init(_ limits: HTTPServer.Limits) {
        self.init()
        head.startLineBytes = limits.requestLineBytes
        head.headBytes = limits.headBytes
        head.fieldBytes = limits.fieldBytes
        head.fields = limits.fields
        bodyBytes = limits.bodyBytes
    }
}
