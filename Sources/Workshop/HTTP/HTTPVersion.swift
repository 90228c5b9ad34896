/// The versions of the protocol that are spoken here (RFC 9112 §2.3).

package enum HTTPVersion: Sendable {
    case http10, http11

    /// `HTTP/1.` and one digit. A minor version above 1 is read as 1.1, the highest that is known here (RFC 9110 §2.5).
    /// - Throws: `.versionUnknown` for another major version.
    init(_ range: Range<Int>, of bytes: Span<UInt8>) throws(HeadRefused) {
        guard range.count == 8 else { throw .versionMalformed }
        if bytes.matches(range, "HTTP/1.1") {
            self = .http11
        } else if bytes.matches(range, "HTTP/1.0") {
            self = .http10
        } else {
            let major = range.lowerBound + 5
            guard bytes.matches(range.lowerBound..<major, "HTTP/"), bytes[major].isDigit,
                bytes[major + 1] == UInt8(ascii: "."), bytes[major + 2].isDigit
            else { throw .versionMalformed }
            guard bytes[major] == UInt8(ascii: "1") else { throw .versionUnknown }
            self = .http11
        }
    }
}
