/// What a request's head says: who is asked for what, where the body ends, and whether the connection stays.

/// How long a body is: decided once, when the whole head is in (RFC 9112 §6.3).
package enum BodyFraming: Sendable, Equatable {
    case none
    case length(Int)
    case chunked

    func mayExceed(_ bytes: Int) -> Bool {
        switch self {
        case .none: false
        case .length(let length): length > bytes
        case .chunked: true
        }
    }
}

/// The request line and what follows from the fields. Ranges count from the first byte of the message.
struct RequestHead: Sendable {
    let method: Method
    let version: HTTPVersion
    private var pathExtent: Extent
    private let queryExtent: Extent?
    /// Whether the path has a percent sign, so that comparing its bytes is not enough.
    let isPathEncoded: Bool
    private(set) var framing = BodyFraming.none
    private(set) var keepsAlive = true
    private(set) var expectsContinue = false

    /// For requests that are made, not read.
    init(_ method: Method, path: Range<Int>, query: Range<Int>?, isPathEncoded: Bool) {
        self.method = method
        self.isPathEncoded = isPathEncoded
        pathExtent = Extent(path)
        queryExtent = query.map { Extent($0) }
        version = .http11
    }

    /// `method SP request-target SP HTTP-version`, single spaces (RFC 9112 §3).
    /// - Parameter isSecure: whether an absolute target must be `https:` or `http:`.
    init(parsing line: Range<Int>, of bytes: Span<UInt8>, isSecure: Bool) throws(HeadRefused) {
        var index = line.lowerBound
        while index < line.upperBound, bytes[index].isTokenByte { index += 1 }
        let methodRange = line.lowerBound..<index
        guard !methodRange.isEmpty, index < line.upperBound, bytes[index] == .space else { throw .methodNotToken }
        guard let end = bytes.firstIndex(of: .space, in: index + 1..<line.upperBound), end > index + 1 else {
            throw .targetMissing
        }
        version = try HTTPVersion(end + 1..<line.upperBound, of: bytes)
        guard let method = Method(methodRange, of: bytes), method != .connect, method != .trace else {
            throw .methodNotImplemented
        }
        self.method = method
        let target = try RequestTarget(parsing: index + 1..<end, of: bytes, method: method, isSecure: isSecure)
        pathExtent = Extent(target.path)
        queryExtent = target.query.map { Extent($0) }
        isPathEncoded = target.isPathEncoded
    }

    var path: Range<Int> {
        get { pathExtent.range }
        set { pathExtent = Extent(newValue) }
    }
    var query: Range<Int>? { queryExtent?.range }

    /// Takes over what the fields said, all of which are in.
    mutating func conclude(_ fields: RequestFields) throws(HeadRefused) {
        guard fields.hasHost || version == .http10 else { throw .hostMissing }
        framing = try fields.framing(in: version)
        keepsAlive = !fields.asksToClose && (version == .http11 || fields.asksToKeepAlive)
        // To 1.0 no interim answer is ever sent (RFC 9110 §10.1.1).
        guard version == .http11 else { return }
        guard !fields.hasUnknownExpectation else { throw .expectationUnknown }
        expectsContinue = fields.expectsContinue && announcesBody
    }

    var announcesBody: Bool {
        switch framing {
        case .none, .length(0): false
        case .length, .chunked: true
        }
    }
}

/// Gathers, field by field, what decides framing and persistence.
struct RequestFields: Sendable {
    private(set) var hasHost = false
    private(set) var asksToClose = false
    private(set) var asksToKeepAlive = false
    private(set) var expectsContinue = false
    private(set) var hasUnknownExpectation = false
    private var framingFields = FramingFields()

    @inline(__always) mutating func take(_ field: FieldLine, of bytes: Span<UInt8>) throws(HeadRefused) {
        switch field.name.count {
        case 4 where bytes.matches(field.name, ignoringCase: "host"):
            guard !hasHost else { throw .hostTwice }
            guard Authority(parsing: field.value, of: bytes) != nil else { throw .hostMalformed }
            hasHost = true
        case 6 where bytes.matches(field.name, ignoringCase: "expect"):
            forEachListElement(of: field.value, in: bytes) { element in
                if bytes.matches(element, ignoringCase: "100-continue") {
                    expectsContinue = true
                } else {
                    hasUnknownExpectation = true
                }
            }
        case 10 where bytes.matches(field.name, ignoringCase: "connection"):
            forEachListElement(of: field.value, in: bytes) { element in
                if bytes.matches(element, ignoringCase: "close") { asksToClose = true }
                if bytes.matches(element, ignoringCase: "keep-alive") { asksToKeepAlive = true }
            }
        case 14, 17: try framingFields.take(field, of: bytes)
        default: break
        }
    }

    func framing(in version: HTTPVersion) throws(HeadRefused) -> BodyFraming {
        try framingFields.framing(in: version)
    }
}

/// `Content-Length` and `Transfer-Encoding`, the two fields that a message could be read in two ways by.
struct FramingFields: Sendable {
    private var contentLength: Int?
    private var codings = TransferCodings.absent
    private enum TransferCodings { case absent, chunked, chunkedLast, other }

    @inline(__always) mutating func take(_ field: FieldLine, of bytes: Span<UInt8>) throws(HeadRefused) {
        if bytes.matches(field.name, ignoringCase: "content-length") {
            guard contentLength == nil else { throw .contentLengthTwice }
            switch DecimalNumber(parsing: field.value, of: bytes) {
            case .value(let length): contentLength = length
            case .notDigits: throw .contentLengthNotDigits
            case .overflow: throw .contentLengthOverflow
            }
        } else if bytes.matches(field.name, ignoringCase: "transfer-encoding") {
            takeCodings(field.value, of: bytes)
        }
    }

    private mutating func takeCodings(_ list: Range<Int>, of bytes: Span<UInt8>) {
        if codings == .absent, bytes.matches(list, ignoringCase: "chunked") {
            codings = .chunked
            return
        }
        var chunkedBefore = codings == .chunked || codings == .chunkedLast
        var isRefused = false
        // What a list without elements leaves it at: the field is there, and does not end with chunked.
        var last = TransferCodings.other
        forEachListElement(of: list, in: bytes) { element in
            // Nothing may follow chunked, itself included.
            isRefused = isRefused || chunkedBefore
            chunkedBefore = bytes.matches(element, ignoringCase: "chunked")
            last = chunkedBefore ? .chunkedLast : .other
        }
        codings = isRefused ? .other : last
    }

    func framing(in version: HTTPVersion) throws(HeadRefused) -> BodyFraming {
        guard codings != .absent else { return contentLength.map { .length($0) } ?? .none }
        guard contentLength == nil else { throw .contentLengthWithTransferEncoding }
        guard version == .http11 else { throw .transferEncodingInHTTP10 }
        switch codings {
        case .chunked: return .chunked
        case .chunkedLast: throw .transferCodingUnknown
        case .absent, .other: throw .transferEncodingNotChunkedLast
        }
    }
}
