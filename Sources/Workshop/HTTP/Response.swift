/// An answer, before it is written.

/// Fields are kept serialised, so that a prepared answer costs copies of bytes and nothing else. `Date`,
/// `Content-Length`, `Connection`, the server's common fields and the missing body of HEAD are the writer's business.
package struct Response: Sendable {
    package var status: Status
    package var body: [UInt8]
    package var caching: Caching = .noStore
    /// Instead of `body`, if its length is not known before its end.
    package let chunks: Chunks?
    /// The server's common fields are left out: this answer has its own in their place.
    package var replacesCommonFields = false
    /// `Name: value` CRLF, as often as there are fields.
    private(set) var fields: [UInt8] = []

    /// What `Cache-Control` says (RFC 9111 §5.2.2).
    package enum Caching: Sendable, Equatable {
        /// Not kept, and not rewritten on the way either: what a CDN puts into a page, our policy forbids to run.
        case noStore
        case publicFor(seconds: Int)
        /// A year, and no question whether it has changed (RFC 8246).
        case immutable
    }

    /// A body piece by piece: asked for the next when the one before is on its way, so that no more than one is held; nil where
    /// there is no more. Where it throws, the connection is closed, and the client sees that the body is not whole (RFC 9112 §8);
    /// one of HTTP/1.0, which knows no chunks, does not.
    package typealias Chunks = @Sendable () async throws -> [UInt8]?

    package init(_ status: Status, contentType: String? = nil, body: [UInt8] = []) {
        self.init(status, contentType: contentType, body: body, chunks: nil)
    }

    package init(_ status: Status, contentType: String? = nil, chunks: @escaping Chunks) {
        self.init(status, contentType: contentType, body: [], chunks: chunks)
    }

    private init(_ status: Status, contentType: String?, body: [UInt8], chunks: Chunks?) {
        self.status = status
        self.body = body
        self.chunks = chunks
        if let contentType { add("Content-Type", contentType) }
    }

    /// Appends a field line. A value with a control byte is a bug of ours, never input, and the field is left out.
    package mutating func add(_ name: FieldName, _ value: String) {
        guard !value.utf8.contains(where: \.isControl) else { return }
        fields.append(name.literal)
        fields.append(": ")
        fields.append(contentsOf: value.utf8)
        fields.append("\r\n")
    }

    /// The memory that the body and the fields take, in bytes.
    package var bytesHeld: Int { body.capacity + fields.capacity }

    /// The body that follows piece by piece: none behind a head alone.
    package func chunks(answering request: Request) -> Chunks? {
        request.method == .head || status.forbidsBody ? nil : chunks
    }

    /// The same in memory of its own, for a thread of its own.
    package func copy() -> Response {
        var copy = self
        copy.body = body.map { $0 }
        copy.fields = fields.map { $0 }
        return copy
    }

    /// For tests: the first value of the field.
    package subscript(name: FieldName) -> String? {
        let bytes = fields.span
        var scanner = LineScanner()
        while let line = try? scanner.next(in: bytes), let field = try? FieldLine(parsing: line, of: bytes) {
            if name.names(field.name, of: bytes) { return bytes.text(field.value) }
        }
        return nil
    }
}
