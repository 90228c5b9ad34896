/// A request as its answerer sees it.

/// A whole request: head and body. Shares the bytes of the connection; a `String` is made only when asked for.
package struct Request: Sendable {
    private let bytes: [UInt8]
    private let fields: [FieldLine]
    /// Where the message begins in `bytes`: all ranges count from there.
    private let base: Int
    private var head: RequestHead
    private let content: Content
    /// The address of the other end of the socket (a Unix socket counts as loopback).
    package let peer: IPAddress

    enum Content: Sendable {
        /// Part of the message as it came, or decoded from chunks.
        case range(Range<Int>), decoded([UInt8])
    }

    init(
        _ head: RequestHead, fields: [FieldLine], content: Content, of bytes: [UInt8], at base: Int,
        from peer: IPAddress
    ) {
        self.head = head
        self.fields = fields
        self.content = content
        self.bytes = bytes
        self.base = base
        self.peer = peer
    }

    /// For tests and in-process use: nothing is checked.
    package init(
        _ method: Method, _ target: String, fields: [(FieldName, String)] = [], body: [UInt8] = [],
        peer: IPAddress = .loopback
    ) {
        var bytes = Array(target.utf8)
        let question = bytes.firstIndex(of: UInt8(ascii: "?"))
        let head = RequestHead(
            method, path: 0..<(question ?? bytes.count), query: question.map { $0 + 1..<target.utf8.count },
            isPathEncoded: bytes[..<(question ?? bytes.count)].contains(UInt8(ascii: "%")))
        var lines: [FieldLine] = []
        for (name, value) in fields {
            let start = bytes.count
            bytes.append(name.literal)
            let nameEnd = bytes.count
            bytes.append(contentsOf: value.utf8)
            lines.append(FieldLine(name: start..<nameEnd, value: nameEnd..<bytes.count))
        }
        self.init(head, fields: lines, content: .decoded(body), of: bytes, at: 0, from: peer)
    }

    package var method: Method { head.method }

    package var version: HTTPVersion { head.version }

    /// How the body was announced.
    package var framing: BodyFraming { head.framing }

    /// Whether the connection may stay open after the answer (RFC 9112 §9.3).
    package var keepsAlive: Bool { head.keepsAlive }

    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
    package var expectsContinue: Bool { head.expectsContinue }

    /// Without the query; begins with `/` (`*` only with OPTIONS). ASCII: percent-encoded, but for unreserved characters, which mean the
    /// same either way (RFC 3986 §6.2.2.2).
    package var path: String {
        if head.path.isEmpty { return method == .options && head.query == nil ? "*" : "/" }
        return String(decoding: bytes.span.decodingUnreserved(pathInBytes), as: UTF8.self)
    }

    /// True if the path is this one, however its unreserved characters are written: no allocation.
    /// - Parameter path: holds unreserved characters and `/` alone.
    package func path(is path: StaticString) -> Bool {
        if head.path.isEmpty { return path.description == self.path }
        guard head.isPathEncoded else { return bytes.span.matches(pathInBytes, path) }
        return bytes.span.isEquivalent(pathInBytes, toPath: path)
    }

    /// The same request as if its path began behind `prefix`: `/account/login` below `/account` is `/login`, and `/account` alone is `/`.
    /// Whole segments match, however their unreserved characters are written.
    /// - Parameter prefix: begins with `/` and does not end with it; unreserved characters and `/` alone.
    /// - Returns: nil if the path does not lie there.
    package func below(_ prefix: [UInt8]) -> Request? {
        guard !head.path.isEmpty, let rest = bytes.span.rest(of: pathInBytes, behind: prefix) else { return nil }
        var request = self
        if rest.isEmpty {
            // The first byte of the path is a slash.
            request.head.path = head.path.lowerBound..<head.path.lowerBound + 1
        } else {
            guard bytes[rest.lowerBound] == UInt8(ascii: "/") else { return nil }
            request.head.path = rest.lowerBound - base..<rest.upperBound - base
        }
        return request
    }

    private var pathInBytes: Range<Int> { base + head.path.lowerBound..<base + head.path.upperBound }

    /// What stands after the first `?`, undecoded; nil without one.
    package var query: String? { head.query.map(text) }

    /// The only value of the field, or several joined by `, `; nil where absent.
    package subscript(name: FieldName) -> String? {
        let message = bytes.span.extracting(base..<bytes.count)
        var found: String?
        for line in fields where name.names(line.name, of: message) {
            let value = message.text(line.value)
            if found == nil { found = value } else { found?.append(", \(value)") }
        }
        return found
    }

    /// True where the field stands there once, with exactly these bytes: no allocation.
    package func has(_ name: FieldName, exactly value: StaticString) -> Bool {
        let message = bytes.span.extracting(base..<bytes.count)
        var values = 0
        var isExact = false
        for line in fields where name.names(line.name, of: message) {
            values += 1
            isExact = message.matches(line.value, value)
        }
        return values == 1 && isExact
    }

    /// The field's values in order, a line each.
    package func values(of name: FieldName) -> [String] {
        let message = bytes.span.extracting(base..<bytes.count)
        var values: [String] = []
        for line in fields where name.names(line.name, of: message) { values.append(message.text(line.value)) }
        return values
    }

    /// Empty where none was announced.
    package var body: [UInt8] {
        switch content {
        case .range(let range): Array(bytes[base + range.lowerBound..<base + range.upperBound])
        case .decoded(let body): body
        }
    }

    private func text(_ range: Range<Int>) -> String {
        bytes.span.text(base + range.lowerBound..<base + range.upperBound)
    }
}
