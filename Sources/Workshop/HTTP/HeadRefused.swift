/// Why a head was refused, and the limits it must keep.

/// The greatest head that is read. Line ends are not counted, but in `headBytes`.
package struct HeadLimits: Sendable {
    /// Request line or status line.
    package var startLineBytes = 8192
    /// Start line and fields together.
    package var headBytes = 32 * 1024
    /// One field line.
    package var fieldBytes = 8192
    package var fields = 100

    package init() {}
}

/// What is wrong with a head. After any of these the connection closes: nothing behind it can be trusted (RFC 9112 §2.2, §6.3).
package enum HeadRefused: Error, Equatable, CaseIterable {
    // Lines
    case bareCarriageReturn, bareLineFeed, controlByte, emptyLinesBeforeRequest
    // Request line
    case methodNotToken, methodNotImplemented, targetMissing, targetMalformed, targetPercentEncoding, targetMisdirected
    case versionMalformed, versionUnknown
    // Status line
    case statusLineMalformed
    // Fields
    case fieldFolded, spaceBeforeColon, colonMissing, fieldNameNotToken
    // Host
    case hostMissing, hostTwice, hostMalformed
    // Framing
    case contentLengthNotDigits, contentLengthOverflow, contentLengthTwice, contentLengthWithTransferEncoding
    case transferEncodingInHTTP10, transferEncodingNotChunkedLast, transferCodingUnknown
    // Expectations
    case expectationUnknown
    // Limits
    case startLineTooLong, headTooLarge, fieldTooLarge, tooManyFields

    /// What to answer to a request.
    package var status: Status {
        switch self {
        case .startLineTooLong: .uriTooLong
        case .headTooLarge, .fieldTooLarge, .tooManyFields: .headerFieldsTooLarge
        case .methodNotImplemented, .transferCodingUnknown: .notImplemented
        case .versionUnknown: .versionNotSupported
        case .targetMisdirected: .misdirectedRequest
        case .expectationUnknown: .expectationFailed
        default: .badRequest
        }
    }

    /// One sentence for the client's developer: never a byte of what was sent.
    package var detail: String {
        switch self {
        case .bareCarriageReturn: "A carriage return without a line feed."
        case .bareLineFeed: "A line feed without a carriage return."
        case .controlByte: "A control character in the head."
        case .emptyLinesBeforeRequest: "More than one empty line before the request."
        case .methodNotToken: "The method is not a token."
        case .methodNotImplemented: "The method is not implemented."
        case .targetMissing: "The request line has no target."
        case .targetMalformed: "The request target has a form or a character that is not allowed."
        case .targetPercentEncoding: "A percent sign in the path without two hexadecimal digits."
        case .targetMisdirected: "The request target has a scheme that is not served at this address."
        case .versionMalformed: "The request line does not end with a version."
        case .versionUnknown: "Only HTTP/1.0 and HTTP/1.1 are supported."
        case .statusLineMalformed: "The status line is malformed."
        case .fieldFolded: "A field line begins with white space."
        case .spaceBeforeColon: "White space between a field name and its colon."
        case .colonMissing: "A field line without a colon."
        case .fieldNameNotToken: "A field name is not a token."
        case .hostMissing: "The Host field is missing."
        case .hostTwice: "The Host field appears more than once."
        case .hostMalformed: "The Host field is not a host with an optional port."
        case .contentLengthNotDigits: "Content-Length is not a number."
        case .contentLengthOverflow: "Content-Length is too large."
        case .contentLengthTwice: "Content-Length appears more than once."
        case .contentLengthWithTransferEncoding: "Content-Length and Transfer-Encoding together."
        case .transferEncodingInHTTP10: "Transfer-Encoding does not exist in HTTP/1.0."
        case .transferEncodingNotChunkedLast: "Transfer-Encoding does not end with chunked, once."
        case .transferCodingUnknown: "The only transfer coding understood is chunked."
        case .expectationUnknown: "The only expectation understood is 100-continue."
        case .startLineTooLong: "The request line is too long."
        case .headTooLarge: "The head is too large."
        case .fieldTooLarge: "A field is too large."
        case .tooManyFields: "There are too many fields."
        }
    }
}
