/// Reads the answer to a client's request, as strictly as a request is read (RFC 9112 §4, §6.3).

package enum ResponseRefused: Error, Equatable {
    case head(HeadRefused)
    case body(BodyRefused)
    /// The other end closed before the answer was whole.
    case truncated
    case tooManyInterim(limit: Int)
    /// 101 to a request that asked for no upgrade.
    case protocolSwitched
}

package struct ReceivedResponse: Sendable {
    package let status: Status
    package let body: [UInt8]
    /// Whether the connection may be used again.
    package let keepsAlive: Bool
    /// False where only the beginning of the body is here.
    package let isWhole: Bool
    /// What the lines are places in.
    private let bytes: [UInt8]
    private let start: Int
    private let lines: [FieldLine]

    fileprivate init(
        _ head: ResponseHead, body: [UInt8], keepsAlive: Bool, isWhole: Bool, bytes: [UInt8], start: Int,
        lines: [FieldLine]
    ) {
        status = head.status
        self.body = body
        self.keepsAlive = keepsAlive
        self.isWhole = isWhole
        self.bytes = bytes
        self.start = start
        self.lines = lines
    }

    /// In the order they came. Made into texts only when they are read: of a provider's dozen one or two are ever looked at.
    package var fields: [(name: String, value: String)] {
        let head = bytes.span.extracting(start..<bytes.count)
        var fields: [(name: String, value: String)] = []
        for line in lines { fields.append((head.text(line.name), head.text(line.value))) }
        return fields
    }

    /// The first value of the field, name compared in ASCII without case.
    package subscript(name: FieldName) -> String? {
        let head = bytes.span.extracting(start..<bytes.count)
        for line in lines where name.names(line.name, of: head) { return head.text(line.value) }
        return nil
    }
}

/// Reads the one answer to one request; make a new one for each. Interim answers (1xx) are skipped. A body is cut at its limit:
/// the head says what the answer means.
package struct ResponseReader: Sendable {
    package static let interimMax = 8

    /// What came from the socket: append, and at the end only.
    package var received: [UInt8] = []

    private let method: Method
    private let bodyBytesMax: Int
    private let limits: HeadLimits
    private var start = 0
    private var interimCount = 0
    private var lines = LineScanner()
    private var phase = Phase.startLine
    private var fields: [FieldLine] = []
    private var decoded: [UInt8] = []
    /// The head of the answer itself, once it is whole.
    private var head: ResponseHead?

    private enum Phase: Sendable {
        case startLine
        case fields(ResponseHead, FieldScanner)
        /// - Parameter end: of what is read, counted from the head's first byte.
        case length(ResponseHead, end: Int, isCut: Bool)
        case chunks(ResponseHead, ChunkedDecoder, from: Int)
        case untilClose(ResponseHead)
        case refused(ResponseRefused)
    }

    /// - Parameter bodyBytesMax: bytes of a body that are kept; a longer one is cut, and its connection is not used again.
    /// - Parameter method: of the request: HEAD has an answer without a body, and what follows the head of one to CONNECT is not HTTP.
    package init(answering method: Method, bodyBytesMax: Int, limits: HeadLimits = HeadLimits()) {
        self.method = method
        self.bodyBytesMax = bodyBytesMax
        self.limits = limits
    }

    /// The answer; nil where more must be read. Once it has thrown, it throws the same for ever.
    package mutating func next() throws(ResponseRefused) -> ReceivedResponse? {
        do throws(ResponseRefused) {
            return try advance()
        } catch {
            phase = .refused(error)
            throw error
        }
    }

    /// The other end has finished sending in good order: ends a body that has no length of its own.
    package mutating func finish() throws(ResponseRefused) -> ReceivedResponse {
        if let response = try next() { return response }
        guard case .untilClose(let head) = phase else { throw .truncated }
        return response(head, body: Array(received[(start + head.end)...]), isReusable: false)
    }

    /// Whether the status line of the answer has come; an interim answer is not it, and asks for the rest of the request.
    package var hasBegun: Bool {
        if case .fields(let head, _) = phase { head.status.code >= 200 } else { self.head != nil }
    }

    /// Whether the head of the answer is whole: what it means is decided.
    package var isDecided: Bool { head != nil }

    /// The answer with as much of its body as came, for one whose body does not come to its end; nil while its head is not whole.
    package var begun: ReceivedResponse? {
        guard let head else { return nil }
        var body = decoded
        switch phase {
        case .length, .untilClose: body = Array(received[(start + head.end)...].prefix(bodyBytesMax))
        default: break
        }
        return response(head, body: body, isReusable: false, isWhole: false)
    }

    private mutating func advance() throws(ResponseRefused) -> ReceivedResponse? {
        while true {
            switch phase {
            case .startLine, .fields:
                guard let head = try readHead() else { return nil }
                try begin(head)
            case .length(let head, let end, let isCut):
                guard received.count - start >= end else { return nil }
                let body = Array(received[start + head.end..<start + end])
                return response(
                    head, body: body, isReusable: !isCut && received.count - start == end, isWhole: !isCut)
            case .chunks(let head, let decoder, let from): return try readChunks(head, decoder, from)
            case .untilClose(let head): return received.count - start - head.end > bodyBytesMax ? begun : nil
            case .refused(let refused): throw refused
            }
        }
    }

    private mutating func readHead() throws(ResponseRefused) -> ResponseHead? {
        do throws(HeadRefused) {
            return try scanHead()
        } catch {
            throw .head(error)
        }
    }

    private mutating func scanHead() throws(HeadRefused) -> ResponseHead? {
        let received = received
        let bytes = received.span.extracting(start..<received.count)
        var (head, scanner): (ResponseHead, FieldScanner)
        if case .fields(let begunHead, let begunScanner) = phase {
            (head, scanner) = (begunHead, begunScanner)
        } else {
            guard let line = try lines.next(in: bytes) else {
                guard lines.pendingBytes <= limits.startLineBytes else { throw .startLineTooLong }
                return nil
            }
            guard line.count <= limits.startLineBytes else { throw .startLineTooLong }
            head = try ResponseHead(parsing: line, of: bytes, answering: method)
            scanner = FieldScanner(after: lines)
            fields = []
        }
        while true {
            switch try scanner.next(in: bytes, limits: limits) {
            case .needsMore:
                phase = .fields(head, scanner)
                return nil
            case .field(let field):
                try head.take(field, of: bytes)
                fields.append(field)
            case .end:
                try head.conclude(end: scanner.lines.lineStart)
                return head
            }
        }
    }

    private mutating func begin(_ head: ResponseHead) throws(ResponseRefused) {
        guard head.status.code != 101 else { throw .protocolSwitched }
        if head.status.code < 200 {
            interimCount += 1
            guard interimCount <= Self.interimMax else { throw .tooManyInterim(limit: Self.interimMax) }
            start += head.end
            lines = LineScanner()
            phase = .startLine
            return
        }
        self.head = head
        switch head.body {
        case .length(let length):
            phase = .length(head, end: head.end + min(length, bodyBytesMax), isCut: length > bodyBytesMax)
        // Cut here and not there: a refused chunk would be lost whole.
        case .chunked: phase = .chunks(head, ChunkedDecoder(bodyBytesMax: .max), from: head.end)
        case .untilClose: phase = .untilClose(head)
        }
    }

    private mutating func readChunks(
        _ head: ResponseHead, _ decoder: ChunkedDecoder, _ from: Int
    ) throws(ResponseRefused) -> ReceivedResponse? {
        var decoder = decoder
        let consumed: Int
        do throws(ResponseRefused) {
            consumed = try decode(with: &decoder, from)
        } catch {
            // What lies behind the cut is not looked at, whether or not it came in the same piece.
            guard decoded.count > bodyBytesMax else { throw error }
            return cut(head)
        }
        if decoded.count > bodyBytesMax { return cut(head) }
        guard decoder.isAtEnd else {
            received.removeSubrange(start + from..<start + from + consumed)
            phase = .chunks(head, decoder, from: from)
            return nil
        }
        return response(head, body: decoded, isReusable: received.count - start == from + consumed)
    }

    private func cut(_ head: ResponseHead) -> ReceivedResponse {
        response(head, body: Array(decoded.prefix(bodyBytesMax)), isReusable: false, isWhole: false)
    }

    private mutating func decode(with decoder: inout ChunkedDecoder, _ from: Int) throws(ResponseRefused) -> Int {
        let received = received
        do throws(BodyRefused) {
            return try decoder.decode(received.span.extracting(start + from..<received.count), into: &decoded)
        } catch {
            throw .body(error)
        }
    }

    /// Bytes after a response that no request asked for make the connection useless.
    private func response(
        _ head: ResponseHead, body: [UInt8], isReusable: Bool, isWhole: Bool = true
    ) -> ReceivedResponse {
        ReceivedResponse(
            head, body: body, keepsAlive: isReusable && head.keepsAlive, isWhole: isWhole, bytes: received,
            start: start, lines: fields)
    }
}

/// The status line and what follows from the fields.
struct ResponseHead: Sendable {
    enum Body: Sendable { case length(Int), chunked, untilClose }

    let status: Status
    private let version: HTTPVersion
    private let method: Method
    private(set) var body = Body.untilClose
    /// The length of the head, the empty line included.
    private(set) var end = 0
    private var framing = FramingFields()
    private var asksToClose = false
    private var asksToKeepAlive = false

    /// `HTTP-version SP 3DIGIT SP [ reason ]`; the last space may be missing where the reason is, as many servers do.
    init(parsing line: Range<Int>, of bytes: Span<UInt8>, answering method: Method) throws(HeadRefused) {
        self.method = method
        guard line.count >= 12, bytes[line.lowerBound + 8] == .space else { throw .statusLineMalformed }
        version = try HTTPVersion(line.lowerBound..<line.lowerBound + 8, of: bytes)
        let code = line.lowerBound + 9..<line.lowerBound + 12
        guard case .value(let number) = DecimalNumber(parsing: code, of: bytes), (100...599).contains(number),
            line.count == 12 || bytes[code.upperBound] == .space
        else { throw .statusLineMalformed }
        status = Status(number)
    }

    mutating func take(_ field: FieldLine, of bytes: Span<UInt8>) throws(HeadRefused) {
        // In an answer to CONNECT they mean nothing (RFC 9110 §9.3.6).
        if method != .connect { try framing.take(field, of: bytes) }
        guard bytes.matches(field.name, ignoringCase: "connection") else { return }
        forEachListElement(of: field.value, in: bytes) { element in
            if bytes.matches(element, ignoringCase: "close") { asksToClose = true }
            if bytes.matches(element, ignoringCase: "keep-alive") { asksToKeepAlive = true }
        }
    }

    mutating func conclude(end: Int) throws(HeadRefused) {
        self.end = end
        let announced = try framing.framing(in: version)
        body =
            if status.forbidsBody || method == .head || method == .connect {
                .length(0)
            } else {
                switch announced {
                case .none: .untilClose
                case .length(let length): .length(length)
                case .chunked: .chunked
                }
            }
    }

    var keepsAlive: Bool { !asksToClose && (version == .http11 || asksToKeepAlive) }
}
