/// Reads the requests of one connection from the bytes it has received.

package struct RequestLimits: Sendable {
    package var head = HeadLimits()
    package var bodyBytes = 64 * 1024
    /// Paths that take more.
    package var largerBodies: [LargerBodies] = []

    package init() {}

    fileprivate func bodyBytes(of head: RequestHead, in message: Span<UInt8>) -> Int {
        let larger = largerBodies.first { larger in
            message.rest(of: head.path, behind: larger.prefix).map { message.isEquivalent($0, toPath: larger.path) }
                ?? false
        }
        return max(bodyBytes, larger?.bytes ?? 0)
    }
}

/// A path whose bodies may be larger than others', up to so many bytes.
package struct LargerBodies: Sendable {
    package let path: StaticString
    package let bytes: Int
    /// What stands before the path in every request.
    let prefix: [UInt8]

    /// - Parameter prefix: the path that everything lives below, such as `/account`; empty: at the root.
    package init(at path: StaticString, below prefix: String = "", bytes: Int) {
        (self.path, self.bytes, self.prefix) = (path, bytes, Array(prefix.utf8))
    }
}

/// Head or body refused: answer `status`, then close.
package enum RequestRefused: Error, Equatable {
    case head(HeadRefused)
    case body(BodyRefused)

    package var status: Status {
        switch self {
        case .head(let refused): refused.status
        case .body(let refused): refused.status
        }
    }

    /// One sentence for the client's developer: never a byte of what was sent.
    package var detail: String {
        switch self {
        case .head(let refused): refused.detail
        case .body(let refused): refused.detail
        }
    }
}

/// What the bytes received so far make.
package enum Reading: Sendable {
    /// Not a whole message: read more.
    case needsMore
    /// The head is whole and announces a body. Said once a request, before ``request(_:)``; this one's `body` is empty.
    /// Now is the time to refuse early, and else to send `100 Continue` where ``Request/expectsContinue`` asks for it
    /// and ``RequestReader/hasUnreadBytes`` is false.
    case announced(Request)
    /// Head and body are whole.
    case request(Request)
}

/// The bytes of one connection that wait to be read, and how far reading has come. No byte is looked at twice, however
/// slowly they come. A ``Request`` shares this storage: keep none while more is received, or the storage is copied.
/// In the steady state nothing is allocated.
package struct RequestReader: ~Copyable, Sendable {
    /// What came from the socket: append, and at the end only.
    package var received: [UInt8] = []

    private let peer: IPAddress
    private let isSecure: Bool
    private let limits: RequestLimits
    /// Where the message that is being read begins. Every other position counts from here.
    private var start = 0
    private var phase = Phase.startLine
    private var hasSkippedEmptyLine = false
    private var lines = LineScanner()
    private var scanner = FieldScanner(after: LineScanner())
    private var fields: [FieldLine] = []
    private var decoded: [UInt8] = []
    /// Of the request that is being read or was refused; nil where its request line was not understood.
    package private(set) var method: Method?
    /// The body that is being read may be larger than ``RequestLimits/bodyBytes``.
    package private(set) var expectsLargeBody = false

    private enum Phase: Sendable {
        case startLine
        case fields(RequestHead, RequestFields)
        case length(RequestHead, body: Range<Int>)
        case chunks(RequestHead, ChunkedDecoder, from: Int)
        case refused(RequestRefused)
    }

    /// - Parameter isSecure: the connection speaks TLS; an absolute request target must have that scheme.
    package init(from peer: IPAddress, isSecure: Bool = false, limits: RequestLimits = RequestLimits()) {
        self.peer = peer
        self.isSecure = isSecure
        self.limits = limits
    }

    /// Nothing of a next request has come.
    package var isIdle: Bool {
        if case .startLine = phase { return start == received.count }
        return false
    }

    /// The head is whole and the body is not.
    package var isInBody: Bool {
        switch phase {
        case .length, .chunks: true
        case .startLine, .fields, .refused: false
        }
    }

    /// More than ``RequestLimits/bodyBytes`` has come of the body that is being read.
    package var holdsLargeBody: Bool {
        expectsLargeBody && bodyBytes > limits.bodyBytes
    }

    /// How much of the body that is being read is in, without what its chunks need besides.
    package var bodyBytes: Int {
        switch phase {
        case .length(_, let body): received.count - start - body.lowerBound
        case .chunks: decoded.count
        case .startLine, .fields, .refused: 0
        }
    }

    /// What has come of a request that is not whole.
    package var unfinishedBytes: Int {
        if case .chunks = phase { return received.count - start + decoded.count }
        return received.count - start
    }

    /// Gives the memory up: nothing more will be read.
    package mutating func discard() {
        (received, fields, decoded) = ([], [], [])
        start = 0
    }

    /// Whether bytes behind the head that was announced are already here.
    package var hasUnreadBytes: Bool {
        switch phase {
        case .startLine: start < received.count
        case .length(_, let body): start + body.lowerBound < received.count
        case .chunks(_, _, let from): start + from < received.count
        case .fields, .refused: false
        }
    }

    /// The memory a reader works in. It holds nothing while it is not lent.
    package struct Storage: Sendable {
        fileprivate var received: [UInt8] = []
        fileprivate var fields: [FieldLine] = []
        fileprivate var decoded: [UInt8] = []

        package init() {}

        /// Bytes it holds on to.
        package var capacity: Int {
            received.capacity + decoded.capacity + fields.capacity * MemoryLayout<FieldLine>.stride
        }
    }

    /// Hands over the storage and keeps none: call where ``isIdle``, before a wait that may be long. Where it is not, an
    /// empty one is handed over and nothing changes.
    package mutating func giveBack() -> Storage {
        var storage = Storage()
        guard isIdle else { return storage }
        start = 0
        received.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        decoded.removeAll(keepingCapacity: true)
        swap(&storage.received, &received)
        swap(&storage.fields, &fields)
        swap(&storage.decoded, &decoded)
        return storage
    }

    /// Works in `storage` from here on. Call where ``giveBack()`` was called before, or nothing was received yet.
    package mutating func take(_ storage: consuming Storage) {
        guard received.isEmpty, isIdle else { return }
        received = storage.received
        fields = storage.fields
        decoded = storage.decoded
    }

    /// The next message of those received. Once it has thrown, it throws the same for ever.
    package mutating func next() throws(RequestRefused) -> Reading {
        if isIdle { return waitForMore() }
        do throws(RequestRefused) {
            switch phase {
            case .startLine, .fields: return try readHead()
            case .length(let head, let body): return readBody(of: head, body)
            case .chunks(let head, let decoder, let from): return try readChunks(of: head, decoder, from)
            case .refused(let refused): throw refused
            }
        } catch {
            phase = .refused(error)
            throw error
        }
    }

    private mutating func readHead() throws(RequestRefused) -> Reading {
        let head: RequestHead?
        do throws(HeadRefused) {
            head = try scanHead()
        } catch {
            throw .head(error)
        }
        guard let head else { return waitForMore() }
        let end = scanner.lines.lineStart
        let limit = limits.bodyBytes(of: head, in: received.span.extracting(start..<received.count))
        expectsLargeBody = limit > limits.bodyBytes && head.framing.mayExceed(limits.bodyBytes)
        switch head.framing {
        case .none, .length(0):
            return finish(head, .range(end..<end), end: end)
        case .length(let length):
            guard length <= limit else { throw .body(.tooLarge(limitBytes: limit)) }
            phase = .length(head, body: end..<end + length)
        case .chunked:
            decoded.removeAll(keepingCapacity: true)
            phase = .chunks(head, ChunkedDecoder(bodyBytesMax: limit), from: end)
        }
        return .announced(request(head, .range(end..<end)))
    }

    /// The head, whose last line the scanner has passed; nil until it is whole.
    private mutating func scanHead() throws(HeadRefused) -> RequestHead? {
        // A second reference, so that the bytes may be read while the rest of `self` changes.
        let received = received
        var (head, facts): (RequestHead, RequestFields)
        if case .fields(let begunHead, let begunFacts) = phase {
            (head, facts) = (begunHead, begunFacts)
        } else {
            guard let line = try scanStartLine(of: received) else { return nil }
            head = try RequestHead(
                parsing: line, of: received.span.extracting(start..<received.count), isSecure: isSecure)
            method = head.method
            facts = RequestFields()
            scanner = FieldScanner(after: lines)
            fields.removeAll(keepingCapacity: true)
        }
        let bytes = received.span.extracting(start..<received.count)
        while true {
            switch try scanner.next(in: bytes, limits: limits.head) {
            case .needsMore:
                phase = .fields(head, facts)
                return nil
            case .field(let field):
                try facts.take(field, of: bytes)
                fields.append(field)
            case .end:
                try head.conclude(facts)
                return head
            }
        }
    }

    private mutating func scanStartLine(of received: [UInt8]) throws(HeadRefused) -> Range<Int>? {
        while true {
            guard let line = try lines.next(in: received.span.extracting(start..<received.count)) else {
                guard lines.pendingBytes <= limits.head.startLineBytes else { throw .startLineTooLong }
                return nil
            }
            guard line.isEmpty else {
                guard line.count <= limits.head.startLineBytes else { throw .startLineTooLong }
                return line
            }
            // Some clients send a line end after a body; one is forgiven (RFC 9112 §2.2).
            guard !hasSkippedEmptyLine else { throw .emptyLinesBeforeRequest }
            hasSkippedEmptyLine = true
            start += 2
            lines = LineScanner()
        }
    }

    private mutating func readBody(of head: RequestHead, _ body: Range<Int>) -> Reading {
        guard received.count - start >= body.upperBound else { return waitForMore() }
        return finish(head, .range(body), end: body.upperBound)
    }

    private mutating func readChunks(
        of head: RequestHead, _ decoder: ChunkedDecoder, _ from: Int
    ) throws(RequestRefused) -> Reading {
        var decoder = decoder
        let consumed = try decode(with: &decoder, from)
        guard decoder.isAtEnd else {
            // What was taken apart is not needed again; the head stays.
            received.removeSubrange(start + from..<start + from + consumed)
            phase = .chunks(head, decoder, from: from)
            return waitForMore()
        }
        return finish(head, .decoded(decoded), end: from + consumed)
    }

    private mutating func decode(with decoder: inout ChunkedDecoder, _ from: Int) throws(RequestRefused) -> Int {
        let received = received
        do throws(BodyRefused) {
            return try decoder.decode(received.span.extracting(start + from..<received.count), into: &decoded)
        } catch {
            throw .body(error)
        }
    }

    private mutating func finish(_ head: RequestHead, _ content: Request.Content, end: Int) -> Reading {
        let request = request(head, content)
        start += end
        phase = .startLine
        method = nil
        lines = LineScanner()
        hasSkippedEmptyLine = false
        return .request(request)
    }

    /// Moves what is unfinished to the front, so that the storage never grows beyond one message.
    private mutating func waitForMore() -> Reading {
        if start > 0 {
            if start == received.count {
                received.removeAll(keepingCapacity: true)
            } else {
                received.removeSubrange(0..<start)
            }
            start = 0
        }
        return .needsMore
    }

    private func request(_ head: RequestHead, _ content: Request.Content) -> Request {
        Request(head, fields: fields, content: content, of: received, at: start, from: peer)
    }
}
