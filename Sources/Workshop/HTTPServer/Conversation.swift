/// One connection's side of HTTP/1.1, from its first request to its last answer, without a socket, a clock or a task.
import HTTP
import Sockets

/// It is given the bytes that came and the answers that were found, and says what is to be done next. Requests that came together are
/// answered in their order, and their answers gathered.
struct Conversation: ~Copyable {
    /// Gathered answers are written when they are this long; no more is read while they wait for room.
    static let gatheredBytesMax = 64 * 1024

    enum Step {
        /// More bytes are needed: say ``receive(_:)``. The body that they belong to may have grown large.
        case receive(ofLargeBody: Bool)
        /// The head is whole, its body may not be: say ``decide(on:early:_:)``.
        case decide(Request)
        /// Say ``answer(_:with:isDraining:_:)``.
        case answer(Request)
        /// The same, with the answer that was decided on before the body came.
        case answerEarly(Request, Response)
        /// What came cannot be read: say ``refuse(with:_:)``.
        case refuse(Refusal, Status, detail: String)
        /// Enough has been gathered to be written first.
        case write
        /// The answer's body comes piece by piece: write what was gathered, and say ``append(_:_:)`` with the next piece.
        case ask(Response.Chunks)
        /// The last answer has been gathered. A client that may still be sending is heard for a while: closing with unread bytes makes
        /// the kernel reset the connection, and the answer may be lost on its way.
        case end(lingers: Bool)
    }

    var reader: RequestReader
    /// Answers to be written, in order.
    var output: [UInt8] = []
    /// How many of them are the application's.
    private var answers: UInt64 = 0
    /// How much of them was sent.
    private var sent = 0
    private var state: ConnectionState
    /// The answer that was decided on before the body came.
    private var early: Response?
    private var ending: Step?
    /// Of the answer that was gathered last.
    private var body: (rest: Response.Chunks, version: HTTPVersion)?

    init(with client: Client, isSecure: Bool, limits: HTTPServerLimits, at now: Deadline) {
        state = ConnectionState(limits, at: now)
        reader = RequestReader(from: client.address, isSecure: isSecure, limits: RequestLimits(limits))
    }

    /// Between two requests, or before the first, with nothing left to be written.
    var isIdle: Bool { reader.isIdle && ending == nil && body == nil && output.isEmpty }

    /// Whether anything was answered yet.
    var hasAnswered: Bool { state.hasAnswered }

    mutating func next(_ writer: ResponseWriter, isDraining: Bool) -> Step {
        if let body { return .ask(body.rest) }
        while ending == nil, output.count < Self.gatheredBytesMax {
            do throws(RequestRefused) {
                switch try reader.next() {
                case .needsMore: return .receive(ofLargeBody: reader.holdsLargeBody)
                case .announced(let request): return .decide(request)
                case .request(let request):
                    guard let early = early.take() else { return .answer(request) }
                    return .answerEarly(request, early)
                }
            } catch {
                return .refuse(Refusal(error.status), error.status, detail: error.detail)
            }
        }
        return ending ?? .write
    }

    // MARK: What was found

    /// - Parameter early: the answer where it is known without the body. A client that waits for the word to send it is told so instead
    ///   of being told to go on, as is one whose body may be large; any other body is read first, so that the connection can stay.
    /// - Returns: whether `early` is the answer: else it is to be given when the body is whole, or another if that never is.
    mutating func decide(on request: Request, early: Response?, _ writer: ResponseWriter) -> Bool {
        let isWaitedFor = request.expectsContinue && !reader.hasUnreadBytes
        if let early, isWaitedFor || reader.expectsLargeBody {
            gather(early, answering: request, closes: true, writer)
            ending = .end(lingers: true)
            return true
        }
        self.early = early
        if isWaitedFor { writer.appendContinue(to: &output) }
        return false
    }

    mutating func answer(_ request: Request, with response: Response, isDraining: Bool, _ writer: ResponseWriter) {
        let endsBody = response.chunks == nil || request.version == .http11
        let closes = state.answers(keepsAlive: request.keepsAlive && endsBody, isDraining: isDraining)
        gather(response, answering: request, closes: closes, writer)
        // A client that did not ask for the end may have sent the next request already, though it is not here yet.
        if closes { ending = .end(lingers: request.keepsAlive || !reader.isIdle) }
    }

    private mutating func gather(
        _ response: Response, answering request: Request, closes: Bool, _ writer: ResponseWriter
    ) {
        writer.append(response, to: request.method, in: request.version, closes: closes, to: &output)
        answers += 1
        body = response.chunks(answering: request).map { ($0, request.version) }
    }

    /// - Parameter chunk: nil where there is no more.
    mutating func append(_ chunk: [UInt8]?, _ writer: ResponseWriter) {
        guard let version = body?.version else { return }
        if let chunk {
            writer.append(chunk: chunk, in: version, to: &output)
        } else {
            writer.appendLastChunk(in: version, to: &output)
            body = nil
        }
    }

    /// - Parameter response: without chunks.
    mutating func refuse(with response: Response, _ writer: ResponseWriter) {
        writer.append(response, to: reader.method, in: nil, closes: true, to: &output)
        ending = .end(lingers: true)
    }

    // MARK: Receiving and writing

    /// - Parameter take: appends what came, and returns how much.
    /// - Returns: what `take` does.
    mutating func receive<Failure>(_ take: (inout [UInt8]) throws(Failure) -> Int?) throws(Failure) -> Int? {
        try take(&reader.received)
    }

    /// Hands over what has been gathered, in as many pieces as are taken.
    /// - Parameter send: returns how many of the bytes were taken; nil or 0 where there is no room now.
    /// - Returns: how many of the application's answers are written with it; nil where there was no room for all.
    mutating func write<Failure>(_ send: (Span<UInt8>) throws(Failure) -> Int?) throws(Failure) -> UInt64? {
        guard !output.isEmpty else { return 0 }
        while sent < output.count {
            guard let count = try send(output.span.extracting(sent...)), count > 0 else { return nil }
            sent += count
        }
        defer { answers = 0 }
        sent = 0
        output.removeAll(keepingCapacity: true)
        return answers
    }

    /// Of a request that is not whole.
    var unfinishedBytes: Int { reader.unfinishedBytes }

    /// Nothing more will be read.
    mutating func discard() { reader.discard() }

    // MARK: Waiting

    /// More bytes are needed, and none have come: how long to wait for them.
    /// - Parameter isScarce: whether connections are.
    mutating func waits(at now: Deadline, isScarce: Bool) -> Deadline {
        state.waits(for: phase, at: now)
        state.has(bodyBytes: reader.bodyBytes)
        return state.deadline(isScarce: isScarce)
    }

    /// How long they have been waited for.
    func waited(at now: Deadline) -> Duration { state.waited(at: now) }

    /// They did not come in time.
    var timedOut: ConnectionState.Ending { state.timedOut }

    /// None will come any more. The client may still read.
    mutating func finished(at now: Deadline) -> ConnectionState.Ending {
        state.waits(for: phase, at: now)
        return state.finished
    }

    private var phase: ConnectionState.Phase { reader.isIdle ? .idle : reader.isInBody ? .body : .head }
}

extension RequestLimits {
    init(_ limits: HTTPServerLimits) {
        self.init()
        head.startLineBytes = limits.requestLineBytes
        head.headBytes = limits.headBytes
        head.fieldBytes = limits.fieldBytes
        head.fields = limits.fields
        bodyBytes = limits.bodyBytes
        largerBodies = limits.largerBodies
    }
}
