/// An answer, before it is written.

/// Fields are kept serialised, so that a prepared answer costs copies of bytes and nothing else. `Date`,
/// `Content-Length`, `Connection`, the server's common fields and the missing body of HEAD are the writer's business.
package struct Response: Sendable {
    package var status: Status
    package var body: [UInt8]
    package var caching: Caching = .noStore
    /// `Name: value` CRLF, as often as there are fields.
    private(set) var fields: [UInt8] = []

    /// What `Cache-Control` says (RFC 9111 §5.2.2).
    package enum Caching: Sendable, Equatable {
        case noStore
        case publicFor(seconds: Int)
        /// A year, and no question whether it has changed (RFC 8246).
        case immutable
    }

    package init(_ status: Status, contentType: String? = nil, body: [UInt8] = []) {
        self.status = status
        self.body = body
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
