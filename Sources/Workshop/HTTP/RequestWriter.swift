/// Serialises the requests of a client (RFC 9112 §3, §6).

package enum RequestWriter {
    /// A whole request, `Host` first. A body, or a method that usually has one, gets its `Content-Length`.
    /// - Parameter target: in origin form, percent-encoded.
    /// - Returns: nil where target, host or a value holds bytes that could end its line or is malformed.
    package static func bytes(
        _ method: Method, target: String, host: String, fields: [(FieldName, String)], body: [UInt8]
    ) -> [UInt8]? {
        guard isOriginForm(target), isAuthority(host) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512 + body.count)
        bytes.append(contentsOf: method.rawValue.utf8)
        bytes.append(.space)
        bytes.append(contentsOf: target.utf8)
        bytes.append(" HTTP/1.1\r\nHost: ")
        bytes.append(contentsOf: host.utf8)
        bytes.append("\r\n")
        for (name, value) in fields {
            guard !value.utf8.contains(where: \.isControl) else { return nil }
            bytes.append(name.literal)
            bytes.append(": ")
            bytes.append(contentsOf: value.utf8)
            bytes.append("\r\n")
        }
        if !body.isEmpty || [.post, .put, .patch].contains(method) {
            bytes.append("Content-Length: ")
            bytes.append(decimal: body.count)
            bytes.append("\r\n")
        }
        bytes.append("\r\n")
        bytes.append(contentsOf: body)
        return bytes
    }

    private static func isOriginForm(_ target: String) -> Bool {
        let bytes = Array(target.utf8)
        guard bytes.first == UInt8(ascii: "/") else { return false }
        return (try? RequestTarget(parsing: bytes.indices, of: bytes.span, method: .get, isSecure: false)) != nil
    }

    private static func isAuthority(_ host: String) -> Bool {
        let bytes = Array(host.utf8)
        return Authority(parsing: bytes.indices, of: bytes.span) != nil
    }
}
