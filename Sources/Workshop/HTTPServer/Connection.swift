/// One connection: does what its conversation says, as far as the socket and the answers allow it now.
import HTTP
import Sockets

/// Nothing here waits. What is not possible now is tried again when the socket changes, an answer has come, or time is over; while a
/// request's answer is awaited, no more is read.
///
/// `@unchecked Sendable`: touched on its loop's thread alone, which outlives the server; an answer that comes after the loop's end is dropped.
final class Connection: SocketDriver, @unchecked Sendable {
    /// One receive brings at most this much: so far a client may send ahead of its answers.
    private static let receiveBytesMax = 16 * 1024
    /// So many receives in a row, and the loop's other connections get their turn.
    private static let receivesMax = 16
    /// What a client may still send after the last answer, and for how long, before it is cut off.
    private static let lingerBytesMax = 256 * 1024
    private static let linger: Duration = .seconds(2)

    /// How long an ending server waits for the first request of a connection that it has just taken.
    private static let firstRequest: Duration = .seconds(1)

    private enum Phase { case shakingHands, talking, awaitingAnswer, lingering(unread: Int), closed }

    let client: Client
    /// Admitted, or only to be told that there is no room.
    let isAdmitted: Bool
    private let socket: Socket
    private let shard: Shard
    private var phase = Phase.shakingHands
    private var conversation: Conversation
    /// To be answered when what was gathered before has been written.
    private var held: Request?
    private var awaitsRoom = false
    private var holdsBuffers = false
    /// One of those that ``HTTPServer/Limits/largerBodiesAtOnce`` bounds.
    private var largerBody: LargerBodyPlaces.Ticket?
    /// Keeps its buffers between two requests that follow each other closely.
    var isWarm = false

    init(_ socket: Socket, with client: Client, isAdmitted: Bool, on shard: Shard) {
        self.client = client
        self.isAdmitted = isAdmitted
        self.socket = socket
        self.shard = shard
        conversation = Conversation(
            with: client, isSecure: shard.options.secure != nil, limits: shard.options.limits, at: shard.loop.now)
    }

    func begin() {
        let time = shard.options.limits.headDeadline
        socket.alarm(at: shard.loop.now + (shard.isDraining ? min(time, Self.firstRequest) : time))
        socketChanged()
    }

    func turnAway(with response: Response) {
        conversation.refuse(with: response, shard.writer)
        begin()
    }

    /// Between two requests, or before the first; a first one may be on its way all the same.
    var isIdle: Bool {
        if case .talking = phase { return conversation.isIdle }
        return false
    }

    /// The server ends: what has come is answered, and a connection between two requests is closed.
    func drain() {
        if case .shakingHands = phase { return begin() }
        guard isIdle else { return }
        socket.lookAgain()
        socketChanged()
    }

    func close() { socket.closeNow() }

    // MARK: What the socket says

    func socketChanged() {
        do throws(SocketFailed) {
            switch phase {
            case .shakingHands:
                guard try socket.shakeHands() else { return }
                phase = .talking
                try talk()
            case .talking: try talk()
            case .lingering(let unread): try hear(after: unread)
            case .awaitingAnswer, .closed: return
            }
        } catch {
            // The other end is gone or was refused by the layer: nobody to tell.
            close()
        }
    }

    func socketTimedOut() {
        switch phase {
        // An alarm that was set while the request was awaited.
        case .awaitingAnswer, .closed: return
        case .shakingHands, .lingering: close()
        case .talking:
            if awaitsRoom { return close() }
            let (ending, writer) = (conversation.timedOut, shard.writer)
            if case .close = end(ending, in: &conversation, writer) { return close() }
            socketChanged()
        }
    }

    func socketClosed() {
        phase = .closed
        giveBuffersBack(of: &conversation)
        endLargerBody()
        shard.left(self)
    }

    // MARK: Talking

    /// What is left to do when the talk ends for now. It may come back to the conversation, which must be free then.
    private enum Outcome {
        /// For bytes, for room, or for the end of the time.
        case wait
        case ask(Request)
        case askForMore(Response.Chunks)
        case close, linger
    }

    private func talk() throws(SocketFailed) {
        let now = shard.loop.now
        let writer = shard.writer(at: now)
        switch try talk(in: &conversation, at: now, writer) {
        case .wait: return
        case .ask(let request): ask(for: request)
        case .askForMore(let chunks): ask(for: chunks)
        case .close: close()
        case .linger: try lingerOn()
        }
    }

    /// The conversation is handed on instead of looked up: that each access is the only one is then checked once, and not with every step.
    private func talk(
        in conversation: inout Conversation, at now: Deadline, _ writer: ResponseWriter
    ) throws(SocketFailed) -> Outcome {
        if let request = held.take() { return try askOnceWritten(request, in: &conversation) }
        var receives = 0
        while true {
            switch conversation.next(writer, isDraining: shard.isDraining) {
            case .decide(let request):
                conversation.decide(on: request, early: shard.responder.refuseEarly(request), writer)
            case .answer(let request):
                // Answers that are known at once are gathered; they do not wait for one that is not.
                guard let known = shard.responder.respondAtOnce(to: request) else {
                    return try askOnceWritten(request, in: &conversation)
                }
                answer(request, with: known, in: &conversation, writer)
            case .refuse(let refusal, let status, let detail):
                refuse(refusal, status, detail: detail, in: &conversation, writer)
            case .write: guard try isWritten(&conversation) else { return .wait }
            case .ask(let chunks): return try isWritten(&conversation) ? .askForMore(chunks) : .wait
            case .receive(let ofLargeBody):
                if ofLargeBody, let refusal = refusalOfLargerBody() {
                    conversation.refuse(with: refusal, writer)
                    continue
                }
                guard try isWritten(&conversation) else { return .wait }
                guard receives < Self.receivesMax else {
                    // No wait for bytes, and yet the time of an earlier one must not end this.
                    setAlarm(for: &conversation, at: now)
                    socket.postpone()
                    return .wait
                }
                receives += 1
                if let outcome = try receive(in: &conversation, at: now, writer) { return outcome }
            case .end(let lingers):
                guard try isWritten(&conversation) else { return .wait }
                return lingers ? .linger : .close
            }
        }
    }

    private func askOnceWritten(
        _ request: Request, in conversation: inout Conversation
    ) throws(SocketFailed) -> Outcome {
        if try isWritten(&conversation) { return .ask(request) }
        held = request
        return .wait
    }

    private func ask(for request: Request) {
        phase = .awaitingAnswer
        Task(executorPreference: shard.loop) { [self, shard] in
            let response = await shard.responder.respond(to: request)
            found { answer(request, with: response, in: &conversation, $0) }
        }
    }

    private func ask(for chunks: @escaping Response.Chunks) {
        phase = .awaitingAnswer
        Task(executorPreference: shard.loop) { [self] in
            do {
                let chunk = try await chunks()
                found { conversation.append(chunk, $0) }
            } catch {
                found { _ in close() }
            }
        }
    }

    /// What was awaited is there: says so, and goes on.
    private func found(_ say: (ResponseWriter) -> Void) {
        // Elsewhere the loop has ended, and the socket with it.
        guard shard.loop.isCurrent, case .awaitingAnswer = phase else { return }
        phase = .talking
        say(shard.writer)
        socketChanged()
    }

    /// nil: it may come, and is accounted for.
    private func refusalOfLargerBody() -> Response? {
        guard largerBody == nil else { return nil }
        largerBody = shard.admission.beginLargerBody(of: client, at: shard.loop.now) { [shard, weak self] ticket in
            shard.loop.perform { self?.giveWay(ticket) }
        }
        return largerBody == nil ? shard.comeAgain(.largerBodiesFull, "Too many large bodies come at once.") : nil
    }

    /// Another body has taken the place of a slow one: its time is over.
    private func giveWay(_ ticket: LargerBodyPlaces.Ticket) {
        guard largerBody == ticket else { return }
        largerBody = nil
        socketTimedOut()
    }

    private func endLargerBody() {
        guard let ticket = largerBody.take() else { return }
        shard.admission.endLargerBody(ticket)
    }

    private func answer(
        _ request: Request, with response: Response, in conversation: inout Conversation, _ writer: ResponseWriter
    ) {
        endLargerBody()
        conversation.answer(request, with: response, isDraining: shard.isDraining, writer)
    }

    private func refuse(
        _ refusal: Refusal, _ status: Status, detail: String, in conversation: inout Conversation,
        _ writer: ResponseWriter
    ) {
        shard.metrics.refused(refusal)
        conversation.refuse(with: shard.options.refusal(status, refusal.code, detail), writer)
    }

    /// - Returns: nil where there is something to say first.
    private func end(
        _ ending: ConnectionState.Ending, in conversation: inout Conversation, _ writer: ResponseWriter
    ) -> Outcome? {
        switch ending {
        case .close: return .close
        case .refuse(let refusal, let status, let detail):
            refuse(refusal, status, detail: detail, in: &conversation, writer)
            return nil
        }
    }

    // MARK: The socket

    /// - Returns: false where there is no room now.
    private func isWritten(_ conversation: inout Conversation) throws(SocketFailed) -> Bool {
        guard !conversation.output.isEmpty else { return true }
        let socket = socket
        guard let answers = try conversation.write({ (bytes) throws(SocketFailed) in try socket.send(bytes) }) else {
            // From the first byte to the last: what trickles out does not prolong it.
            if !awaitsRoom { socket.alarm(at: shard.loop.now + shard.options.limits.writeDeadline) }
            awaitsRoom = true
            return false
        }
        awaitsRoom = false
        shard.metrics.answered(answers)
        return true
    }

    /// - Returns: nil where there is something to go on with.
    private func receive(
        in conversation: inout Conversation, at now: Deadline, _ writer: ResponseWriter
    ) throws(SocketFailed) -> Outcome? {
        if socket.mayHaveBytes {
            takeBuffers(for: &conversation)
            let (socket, limit) = (socket, Self.receiveBytesMax)
            let count = try conversation.receive { (buffer) throws(SocketFailed) in
                try socket.receive(into: &buffer, atMost: limit)
            }
            if let count {
                return count == 0 ? end(conversation.finished(at: now), in: &conversation, writer) : nil
            }
        }
        if shard.isDraining, conversation.isIdle, conversation.hasAnswered { return .close }
        if holdsBuffers, conversation.isIdle, !shard.keepsBuffers(of: self) { giveBuffersBack(of: &conversation) }
        setAlarm(for: &conversation, at: now)
        return .wait
    }

    private func setAlarm(for conversation: inout Conversation, at now: Deadline) {
        let deadline = conversation.waits(at: now, isScarce: shard.admission.isScarce)
        socket.alarm(at: shard.isDraining && conversation.isIdle ? min(deadline, now + Self.firstRequest) : deadline)
    }

    private func lingerOn() throws(SocketFailed) {
        giveBuffersBack(of: &conversation)
        endLargerBody()
        socket.finishSending()
        socket.alarm(at: shard.loop.now + Self.linger)
        phase = .lingering(unread: 0)
        try hear(after: 0)
    }

    /// Receives what nobody reads, until the client has finished too or has sent too much.
    private func hear(after unread: Int) throws(SocketFailed) {
        var unread = unread
        while unread < Self.lingerBytesMax {
            var ignored: [UInt8] = []
            guard let count = try socket.receive(into: &ignored, atMost: Self.receiveBytesMax) else {
                phase = .lingering(unread: unread)
                return
            }
            if count == 0 { break }
            unread += count
        }
        close()
    }

    // MARK: Memory

    /// No longer warm. Called by the shard with the next tick after ``Shard/keepsBuffers(of:)``.
    func rest() {
        isWarm = false
        if isIdle { giveBuffersBack(of: &conversation) }
    }

    /// A connection that waits long for its next request holds no memory for it.
    private func giveBuffersBack(of conversation: inout Conversation) {
        guard holdsBuffers else { return }
        holdsBuffers = false
        var lent = Buffers(reading: conversation.reader.giveBack())
        swap(&lent.writing, &conversation.output)
        // Where the client is gone, answers of its may be left: they are for nobody else.
        lent.writing.removeAll(keepingCapacity: true)
        shard.take(back: lent)
    }

    private func takeBuffers(for conversation: inout Conversation) {
        guard !holdsBuffers else { return }
        holdsBuffers = true
        var lent = shard.lend()
        swap(&lent.writing, &conversation.output)
        conversation.reader.take(lent.reading)
    }
}
