/// The methods this server knows (RFC 9110 §9.3, RFC 5789).

/// Case-sensitive: `get` is another, unknown method.
package enum Method: String, Sendable {
    case get = "GET", head = "HEAD", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE"
    case options = "OPTIONS", trace = "TRACE", connect = "CONNECT"

    /// GET, or HEAD, which is answered as GET would be.
    package var isGetOrHead: Bool {
        switch self {
        case .get, .head: true
        default: false
        }
    }

    /// nil for any other bytes.
    init?(_ range: Range<Int>, of bytes: Span<UInt8>) {
        switch range.count {
        case 3 where bytes.matches(range, "GET"): self = .get
        case 4 where bytes.matches(range, "POST"): self = .post
        case 4 where bytes.matches(range, "HEAD"): self = .head
        case 3 where bytes.matches(range, "PUT"): self = .put
        case 5 where bytes.matches(range, "PATCH"): self = .patch
        case 6 where bytes.matches(range, "DELETE"): self = .delete
        case 7 where bytes.matches(range, "OPTIONS"): self = .options
        case 5 where bytes.matches(range, "TRACE"): self = .trace
        case 7 where bytes.matches(range, "CONNECT"): self = .connect
        default: return nil
        }
    }
}
