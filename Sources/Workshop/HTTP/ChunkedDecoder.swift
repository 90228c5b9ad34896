/// Takes a chunked body apart (RFC 9112 §7.1).

/// Why a body was refused. The connection closes after it.
package enum BodyRefused: Error, Equatable {
    case tooLarge(limitBytes: Int)
    case chunkSizeMalformed, chunkSizeOverflow, chunkLineEnd, chunkDataEnd
    case chunkExtensionMalformed, chunkExtensionTooLong, chunkExtensionsTooLong
    case trailer(HeadRefused)

    /// What to answer to a request.
    package var status: Status {
        switch self {
        case .tooLarge: .contentTooLarge
        case .trailer(let refused): refused.status
        default: .badRequest
        }
    }

    /// One sentence for the client's developer: never a byte of what was sent.
    package var detail: String {
        switch self {
        case .tooLarge(let limitBytes): "The body is larger than \(limitBytes) bytes."
        case .chunkSizeMalformed: "A chunk size is not a hexadecimal number."
        case .chunkSizeOverflow: "A chunk size is too great a number."
        case .chunkLineEnd: "A chunk size does not end with CRLF."
        case .chunkDataEnd: "The data of a chunk do not end with CRLF."
        case .chunkExtensionMalformed: "A chunk extension is malformed."
        case .chunkExtensionTooLong, .chunkExtensionsTooLong: "There are too many chunk extensions."
        case .trailer(let refused): "In the trailers: \(refused.detail)"
        }
    }
}

/// The state between two reads. Every byte is looked at once; data are copied in runs.
package struct ChunkedDecoder: Sendable {
    /// One chunk-size line, the digits included.
    package static let sizeLineBytesMax = 1024
    /// The extensions of one body together.
    package static let extensionBytesMax = 16 * 1024
    /// 60 bits: enough for any body, and never an overflow.
    private static let sizeDigitsMax = 15
    private static let trailerLimits = {
        var limits = HeadLimits()
        limits.headBytes = 8 * 1024
        return limits
    }()

    private enum State {
        case size, extensionName, extensionNameRest, extensionValue, extensionToken, quoted, quotedPair, quotedEnd
        case sizeLineFeed, data, dataCarriageReturn, dataLineFeed, trailers, end
    }

    private let bodyBytesMax: Int
    private var state = State.size
    private var sizeDigits = 0
    /// While the size is read, the size; then what is still to come of the chunk.
    private var chunkBytes = 0
    private var lineBytes = 0
    private var extensionBytes = 0
    private var trailers = FieldScanner(after: LineScanner())

    package init(bodyBytesMax: Int) {
        self.bodyBytesMax = bodyBytesMax
    }

    /// The last byte of the message was consumed.
    package var isAtEnd: Bool { state == .end }

    /// Consumes bytes from the front, appends the body's to `body`, and stops behind the end of the message.
    /// - Returns: how many were consumed. The others must stand at the front of the next call's bytes: those of an
    ///   unfinished trailer section (at most 8 KiB), or what follows the message where ``isAtEnd``.
    package mutating func decode(_ bytes: Span<UInt8>, into body: inout [UInt8]) throws(BodyRefused) -> Int {
        var index = 0
        while index < bytes.count, state != .end {
            switch state {
            case .data:
                let run = min(chunkBytes, bytes.count - index)
                body.append(copying: bytes.extracting(index..<index + run))
                index += run
                chunkBytes -= run
                if chunkBytes == 0 { state = .dataCarriageReturn }
            case .trailers:
                return index + (try takeTrailers(bytes.extracting(index..<bytes.count)))
            default:
                try take(bytes[index], bodyBytes: body.count)
                index += 1
            }
        }
        return index
    }

    private mutating func take(_ byte: UInt8, bodyBytes: Int) throws(BodyRefused) {
        switch state {
        case .sizeLineFeed:
            guard byte == .lineFeed else { throw .chunkLineEnd }
            try beginChunk(bodyBytes: bodyBytes)
        case .dataCarriageReturn:
            guard byte == .carriageReturn else { throw .chunkDataEnd }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == .lineFeed else { throw .chunkDataEnd }
            state = .size
            (sizeDigits, chunkBytes, lineBytes) = (0, 0, 0)
        case .size:
            lineBytes += 1
            try takeSize(byte)
        default:
            lineBytes += 1
            extensionBytes += 1
            guard lineBytes <= Self.sizeLineBytesMax else { throw .chunkExtensionTooLong }
            guard extensionBytes <= Self.extensionBytesMax else { throw .chunkExtensionsTooLong }
            try takeExtension(byte)
        }
    }

    private mutating func takeSize(_ byte: UInt8) throws(BodyRefused) {
        if let digit = byte.hexValue {
            sizeDigits += 1
            guard sizeDigits <= Self.sizeDigitsMax else { throw .chunkSizeOverflow }
            chunkBytes = chunkBytes << 4 | Int(digit)
            return
        }
        guard sizeDigits > 0 else { throw .chunkSizeMalformed }
        switch byte {
        case .carriageReturn: state = .sizeLineFeed
        case UInt8(ascii: ";"): state = .extensionName
        case .lineFeed: throw .chunkLineEnd
        default: throw .chunkSizeMalformed
        }
    }

    /// `;name`, `;name=token` or `;name="quoted"`, without the white space that only broken senders write.
    private mutating func takeExtension(_ byte: UInt8) throws(BodyRefused) {
        switch state {
        case .extensionName where byte.isTokenByte: state = .extensionNameRest
        case .extensionNameRest where byte.isTokenByte: break
        case .extensionNameRest where byte == UInt8(ascii: "="): state = .extensionValue
        case .extensionValue where byte.isTokenByte: state = .extensionToken
        case .extensionValue where byte == UInt8(ascii: "\""): state = .quoted
        case .extensionToken where byte.isTokenByte: break
        case .quoted where byte == UInt8(ascii: "\""): state = .quotedEnd
        case .quoted where byte == UInt8(ascii: "\\"): state = .quotedPair
        case .quoted where !byte.isControl: break
        case .quotedPair where !byte.isControl: state = .quoted
        case .extensionNameRest where byte == UInt8(ascii: ";"), .extensionToken where byte == UInt8(ascii: ";"),
            .quotedEnd where byte == UInt8(ascii: ";"):
            state = .extensionName
        case .extensionNameRest where byte == .carriageReturn, .extensionToken where byte == .carriageReturn,
            .quotedEnd where byte == .carriageReturn:
            state = .sizeLineFeed
        default: throw byte == .lineFeed ? .chunkLineEnd : .chunkExtensionMalformed
        }
    }

    private mutating func beginChunk(bodyBytes: Int) throws(BodyRefused) {
        guard chunkBytes <= bodyBytesMax - bodyBytes else { throw .tooLarge(limitBytes: bodyBytesMax) }
        state = chunkBytes == 0 ? .trailers : .data
    }

    /// Trailers are checked like fields, and dropped: nothing here may be changed after the head.
    /// - Returns: how long the whole section is; 0 while it is not whole.
    private mutating func takeTrailers(_ bytes: Span<UInt8>) throws(BodyRefused) -> Int {
        do throws(HeadRefused) {
            while true {
                switch try trailers.next(in: bytes, limits: Self.trailerLimits) {
                case .field: continue
                case .needsMore: return 0
                case .end:
                    state = .end
                    return trailers.lines.lineStart
                }
            }
        } catch {
            throw .trailer(error)
        }
    }
}
