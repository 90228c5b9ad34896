/// The status codes of answers, with their phrases and status lines (RFC 9110 §15).

package struct Status: Sendable, Equatable {
    /// Three digits.
    package let code: Int

    package init(_ code: Int) {
        self.code = code
    }

    package static let ok = Status(200), created = Status(201), accepted = Status(202), noContent = Status(204),
        found = Status(302)
    package static let seeOther = Status(303), notModified = Status(304), permanentRedirect = Status(308)
    package static let badRequest = Status(400), unauthorized = Status(401), forbidden = Status(403)
    package static let notFound = Status(404), methodNotAllowed = Status(405), requestTimeout = Status(408)
    package static let conflict = Status(409), gone = Status(410), preconditionFailed = Status(412)
    package static let contentTooLarge = Status(413), uriTooLong = Status(414)
    package static let unsupportedMediaType = Status(415), expectationFailed = Status(417)
    package static let misdirectedRequest = Status(421), unprocessableContent = Status(422)
    package static let tooManyRequests = Status(429), headerFieldsTooLarge = Status(431)
    package static let internalServerError = Status(500), notImplemented = Status(501)
    package static let serviceUnavailable = Status(503), versionNotSupported = Status(505)

    /// What stands behind the code in the status line; empty for a code not listed here.
    package var reason: String {
        guard let line = statusLine else { return "" }
        return String(line.description.dropFirst(13).dropLast())
    }

    /// 1xx, 204 and 304 never have a body (RFC 9110 §6.4.1).
    var forbidsBody: Bool { code < 200 || code == 204 || code == 304 }

    /// The whole line, CRLF included; nil for a code not listed here.
    var statusLine: StaticString? {
        switch code {
        case 100: "HTTP/1.1 100 Continue\r\n"
        case 200: "HTTP/1.1 200 OK\r\n"
        case 201: "HTTP/1.1 201 Created\r\n"
        case 202: "HTTP/1.1 202 Accepted\r\n"
        case 204: "HTTP/1.1 204 No Content\r\n"
        case 301: "HTTP/1.1 301 Moved Permanently\r\n"
        case 302: "HTTP/1.1 302 Found\r\n"
        case 303: "HTTP/1.1 303 See Other\r\n"
        case 304: "HTTP/1.1 304 Not Modified\r\n"
        case 307: "HTTP/1.1 307 Temporary Redirect\r\n"
        case 308: "HTTP/1.1 308 Permanent Redirect\r\n"
        case 400: "HTTP/1.1 400 Bad Request\r\n"
        case 401: "HTTP/1.1 401 Unauthorized\r\n"
        case 403: "HTTP/1.1 403 Forbidden\r\n"
        case 404: "HTTP/1.1 404 Not Found\r\n"
        case 405: "HTTP/1.1 405 Method Not Allowed\r\n"
        case 408: "HTTP/1.1 408 Request Timeout\r\n"
        case 409: "HTTP/1.1 409 Conflict\r\n"
        case 410: "HTTP/1.1 410 Gone\r\n"
        case 412: "HTTP/1.1 412 Precondition Failed\r\n"
        case 413: "HTTP/1.1 413 Content Too Large\r\n"
        case 414: "HTTP/1.1 414 URI Too Long\r\n"
        case 415: "HTTP/1.1 415 Unsupported Media Type\r\n"
        case 417: "HTTP/1.1 417 Expectation Failed\r\n"
        case 421: "HTTP/1.1 421 Misdirected Request\r\n"
        case 422: "HTTP/1.1 422 Unprocessable Content\r\n"
        case 429: "HTTP/1.1 429 Too Many Requests\r\n"
        case 431: "HTTP/1.1 431 Request Header Fields Too Large\r\n"
        case 500: "HTTP/1.1 500 Internal Server Error\r\n"
        case 501: "HTTP/1.1 501 Not Implemented\r\n"
        case 502: "HTTP/1.1 502 Bad Gateway\r\n"
        case 503: "HTTP/1.1 503 Service Unavailable\r\n"
        case 504: "HTTP/1.1 504 Gateway Timeout\r\n"
        case 505: "HTTP/1.1 505 HTTP Version Not Supported\r\n"
        default: nil
        }
    }
}
