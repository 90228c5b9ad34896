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
    /// What a client may still send after the last answer, and for how long, before it is cut off. Where its kernel has not
    /// acknowledged all of that answer, it has ``HTTPServerLimits/writeDeadline``.
    private static let lingerBytesMax = 256 * 1024
    private static let linger: Duration = .seconds(2)
    /// Of a request that is not whole, and of responses that wait for room: so much any connection may hold, whatever the others hold.
    /// Ordinary heads and forms, and what the kernel could not take of an ordinary page.
    private static let unfinishedBytesFree = 4 * 1024
    private static let unsentBytesFree = 16 * 1024

    /// How long an ending server waits for the first request of a connection that it has just taken.
    private static let firstRequest: Duration = .seconds(1)

    private enum Phase { case shakingHands, talking, awaitingAnswer, lingering(Lingering), closed }

    /// We have finished sending.
    private struct Lingering {
        /// What the close is counted as if all goes well.
        let cause: CloseCause
        /// Until then what was sent may be acknowledged.
        let deliveredBy: Deadline
        /// What came meanwhile, and was thrown away.
        var unread = 0
        /// The client has finished sending, too.
        var hasFinished = false
    }

    let client: Client
    /// Admitted, or only to be told that there is no room.
    let isAdmitted: Bool
    private let socket: Socket
    private let shard: Shard
    private var phase = Phase.shakingHands
    /// nil where the loop closed it.
    private(set) var closeCause: CloseCause?
    private var conversation: Conversation
    /// To be answered when what was gathered before has been written.
    private var held: Request?
    private var awaitsRoom = false
    private var holdsBuffers = false
    /// One of those that ``HTTPServerLimits/largerBodiesAtOnce`` bounds.
    private var largerBody: LargerBodyPlaces.Ticket?
    /// What is taken of ``Admission/unfinished`` and ``Admission/unsent``.
    private var unfinishedBytes = 0
    private var unsentBytes = 0
    /// Its place among the idle ones of its shard.
    var idlePlace: Int?
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

    /// Gives its seat up to a newcomer, unless it has just been asked something.
    /// - Returns: whether it is closed.
    func makeRoom() -> Bool {
        socket.lookAgain()
        socketChanged()
        if case .closed = phase { return true }
        guard idlePlace != nil else { return false }
        close(.scarce)
        return true
    }

    /// - Parameter cause: counts where none was given before. Where the client did not keep the time it had, what is still on its way
    ///   goes with it: it would be left to the kernel, beyond every limit of ours.
    func close(_ cause: CloseCause) {
        let cause = closeCause ?? cause
        closeCause = cause
        switch cause {
        case .slow: socket.reset()
        case .answered, .client, .handshakeFailed, .reset, .broken: socket.closeNow()
        case .idle, .scarce, .lingering, .handshakeSlow, .stopped:
            if socket.isDelivered { socket.closeNow() } else { socket.reset() }
        }
    }

    // MARK: What the socket says

    func socketChanged() {
        do throws(SocketFailed) {
            switch phase {
            case .shakingHands:
                guard try socket.shakeHands() else {
                    return socket.awaitsFirstByte ? shard.becameIdle(self) : shard.becameBusy(self)
                }
                shard.becameBusy(self)
                phase = .talking
                try talk()
            case .talking: try talk()
            case .lingering(let lingering): try hear(lingering)
            case .awaitingAnswer, .closed: return
            }
        } catch {
            // The other end is gone or was refused by the layer, so no response can reach it.
            close(cause(of: error))
        }
    }

    private func cause(of failure: SocketFailed) -> CloseCause {
        if failure.isUnacknowledged { return .slow }
        guard case .shakingHands = phase else { return .reset }
        switch failure {
        case .closed: return .client
        case .system where socket.awaitsFirstByte: return .reset
        default: return .handshakeFailed
        }
    }

    func socketTimedOut() {
        switch phase {
        // An alarm that was set while the request was awaited.
        case .awaitingAnswer, .closed: return
        case .shakingHands: close(socket.awaitsFirstByte ? .idle : .handshakeSlow)
        case .lingering(let lingering): lingerTimedOut(lingering)
        case .talking:
            if awaitsRoom { return close(.slow) }
            let (ending, writer) = (conversation.timedOut, shard.writer)
            if end(ending, in: &conversation, writer) { return close(socket.isDelivered ? .idle : .slow) }
            socketChanged()
        }
    }

    func socketClosed() {
        phase = .closed
        giveBuffersBack(of: &conversation)
        endRequest()
        endWaitForRoom()
        shard.left(self)
    }

    // MARK: Talking

    /// What is left to do when the talk ends for now. It may come back to the conversation, which must be free then.
    private enum Outcome {
        /// For bytes, for room, or for the end of the time.
        case wait
        case ask(Request)
        case askForMore(Response.Chunks)
        /// All is said.
        case finish(CloseCause)
        /// All is said, and the client may still be sending.
        case linger(CloseCause)
    }

    private func talk() throws(SocketFailed) {
        let now = shard.loop.now
        let writer = shard.writer(at: now)
        switch try talk(in: &conversation, at: now, writer) {
        case .wait: return
        case .ask(let request): ask(for: request)
        case .askForMore(let chunks): ask(for: chunks)
        case .finish(let cause): try finish(cause)
        case .linger(let cause): try linger(cause)
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
                let early = shard.responder.refuseEarly(request)
                if conversation.decide(on: request, early: early, writer), let early {
                    sends(early, to: request, since: now)
                }
            case .answer(let request):
                // Answers that are known at once are gathered; they do not wait for one that is not.
                guard let known = shard.responder.respondAtOnce(to: request) else {
                    return try askOnceWritten(request, in: &conversation)
                }
                sends(known, to: request, since: now)
                answer(request, with: known, in: &conversation, writer)
            case .answerEarly(let request, let early):
                sends(early, to: request, since: now)
                answer(request, with: early, in: &conversation, writer)
            case .refuse(let refusal, let status, let detail):
                refuse(refusal, status, detail: detail, in: &conversation, after: .now - now, writer)
            case .write: guard try isWritten(&conversation) else { return .wait }
            case .ask(let chunks): return try isWritten(&conversation) ? .askForMore(chunks) : .wait
            case .receive(let ofLargeBody):
                if let refusal = refusal(ofLargeBody, unfinishedBytes: conversation.unfinishedBytes) {
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
                return lingers ? .linger(.answered) : .finish(.answered)
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
                found { _ in close(.broken) }
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

    /// More of a request is to come: what has come of it is accounted for.
    /// - Returns: nil where there is room for it.
    private func refusal(_ isLargeBody: Bool, unfinishedBytes bytes: Int) -> Response? {
        let more = bytes - Self.unfinishedBytesFree - unfinishedBytes
        if more > 0 {
            guard shard.admission.unfinished.take(more, for: client) else {
                return shard.comeAgain(.bodiesFull, "Too many requests come slowly at once.")
            }
            unfinishedBytes += more
        }
        return isLargeBody ? refusalOfLargerBody() : nil
    }

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

    /// Its memory is another's: it is answered, or will not be.
    private func endRequest() {
        if unfinishedBytes > 0 {
            shard.admission.unfinished.giveBack(unfinishedBytes, of: client)
            unfinishedBytes = 0
        }
        guard let ticket = largerBody.take() else { return }
        shard.admission.endLargerBody(ticket)
    }

    private func answer(
        _ request: Request, with response: Response, in conversation: inout Conversation, _ writer: ResponseWriter
    ) {
        endRequest()
        conversation.answer(request, with: response, isDraining: shard.isDraining, writer)
    }

    /// Counts a response that the responder gave without being awaited.
    private func sends(_ response: Response, to request: Request, since whole: Deadline) {
        shard.responder.sends(response.status, to: request, after: .now - whole)
    }

    private func refuse(
        _ refusal: Refusal, _ status: Status, detail: String, in conversation: inout Conversation,
        after duration: Duration, _ writer: ResponseWriter
    ) {
        shard.metrics.refused(refusal)
        shard.responder.serverSends(status, after: duration)
        conversation.refuse(with: shard.options.refusal(status, refusal.code, detail), writer)
    }

    /// - Returns: false where there is something to say first.
    private func end(
        _ ending: ConnectionState.Ending, in conversation: inout Conversation, _ writer: ResponseWriter
    ) -> Bool {
        switch ending {
        case .close: return true
        case .refuse(let refusal, let status, let detail):
            let waited = conversation.waited(at: shard.loop.now)
            refuse(refusal, status, detail: detail, in: &conversation, after: waited, writer)
            return false
        }
    }

    // MARK: The socket

    /// - Returns: false where there is no room now.
    private func isWritten(_ conversation: inout Conversation) throws(SocketFailed) -> Bool {
        guard !conversation.output.isEmpty else { return true }
        let socket = socket
        guard let answers = try conversation.write({ (bytes) throws(SocketFailed) in try socket.send(bytes) }) else {
            // From the first byte to the last: what trickles out does not prolong it.
            if !awaitsRoom {
                socket.alarm(at: shard.loop.now + shard.options.limits.writeDeadline)
                try holdUnsent(conversation.output.count)
            }
            awaitsRoom = true
            return false
        }
        if awaitsRoom { endWaitForRoom() }
        shard.metrics.answered(answers)
        return true
    }

    private func holdUnsent(_ bytes: Int) throws(SocketFailed) {
        let counted = bytes - Self.unsentBytesFree
        guard counted > 0 else { return }
        guard shard.admission.unsent.take(counted, for: client) else {
            closeCause = .slow
            throw .closed
        }
        unsentBytes = counted
    }

    private func endWaitForRoom() {
        awaitsRoom = false
        guard unsentBytes > 0 else { return }
        shard.admission.unsent.giveBack(unsentBytes, of: client)
        unsentBytes = 0
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
                shard.becameBusy(self)
                guard count == 0 else { return nil }
                return end(conversation.finished(at: now), in: &conversation, writer) ? .finish(.client) : nil
            }
        }
        if shard.isDraining, conversation.isIdle, conversation.hasAnswered { return .finish(.stopped) }
        if holdsBuffers, conversation.isIdle, !shard.keepsBuffers(of: self) { giveBuffersBack(of: &conversation) }
        setAlarm(for: &conversation, at: now)
        if conversation.isIdle { shard.becameIdle(self) }
        return .wait
    }

    private func setAlarm(for conversation: inout Conversation, at now: Deadline) {
        let deadline = conversation.waits(at: now, isScarce: shard.admission.isScarce)
        socket.alarm(at: shard.isDraining && conversation.isIdle ? min(deadline, now + Self.firstRequest) : deadline)
    }

    // MARK: The end

    /// Closes where the client has acknowledged everything. Else its kernel gets the rest first, while the connection keeps its place:
    /// one that is closed with unsent bytes would live on in our kernel, and be counted nowhere.
    private func finish(_ cause: CloseCause) throws(SocketFailed) {
        if socket.isDelivered { close(cause) } else { try linger(cause) }
    }

    private func linger(_ cause: CloseCause) throws(SocketFailed) {
        giveBuffersBack(of: &conversation)
        conversation.discard()
        endRequest()
        shard.becameBusy(self)
        socket.finishSending()
        let now = shard.loop.now
        socket.alarm(at: now + Self.linger)
        try hear(Lingering(cause: cause, deliveredBy: now + shard.options.limits.writeDeadline))
    }

    /// Receives and discards, until the client has finished too and has acknowledged everything, or has sent too much.
    private func hear(_ before: Lingering) throws(SocketFailed) {
        var lingering = before
        var ignored: [UInt8] = []
        while !lingering.hasFinished {
            guard lingering.unread < Self.lingerBytesMax else { return close(.lingering) }
            ignored.removeAll(keepingCapacity: true)
            guard let count = try socket.receive(into: &ignored, atMost: Self.receiveBytesMax) else { break }
            lingering.unread += count
            lingering.hasFinished = count == 0
        }
        if lingering.hasFinished, socket.isDelivered { return close(lingering.cause) }
        phase = .lingering(lingering)
    }

    private func lingerTimedOut(_ lingering: Lingering) {
        if socket.isDelivered { return close(lingering.hasFinished ? lingering.cause : .lingering) }
        let now = shard.loop.now
        guard now < lingering.deliveredBy else { return close(.slow) }
        socket.alarm(at: min(now + Self.linger, lingering.deliveredBy))
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
        // If the client is gone, responses to it may be left: they are dropped.
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
