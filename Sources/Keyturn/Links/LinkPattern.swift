/// How a reset link is written: what stands around its token. Ours, or that of a page of the app's (`links.reset`).
package struct LinkPattern: Sendable, Equatable {
    /// What stands for the token.
    package static let place = "{token}"
    /// In bytes, the place included.
    package static let bytesMax = 400

    package enum Refused: Error, Equatable {
        /// Not `https://` or, on this machine, `http://`; no host; user info; a character that no URL has.
        case notAddress
        case tooLong
        /// ``place`` is not there exactly once, in the query or behind `#`.
        case place
    }

    /// Scheme, host and port, as browsers write an origin.
    package let origin: String
    /// Servers and proxies see, and log, what stands in a query.
    package let isInQuery: Bool
    private let before: String
    /// The rest of the query or fragment that the token stands in.
    private let after: String
    /// A fragment behind a query with the token, with its `#`.
    private let fragment: String

    /// Our own page.
    /// - Parameter issuer: the public URL.
    init(below issuer: String) {
        (origin, isInQuery, before, after, fragment) = (issuer, true, "\(issuer)/reset-password?token=", "", "")
    }

    /// `https://app.example.com/new-password#token={token}`
    package init(parsing text: String) throws(Refused) {
        guard text.utf8.count <= Self.bytesMax else { throw .tooLong }
        guard let address = WebAddress(parsing: text) else { throw .notAddress }
        let hash = text.utf8.firstIndex(of: UInt8(ascii: "#")) ?? text.utf8.endIndex
        let question = text.utf8[..<hash].firstIndex(of: UInt8(ascii: "?")) ?? hash
        let places = text.ranges(of: Self.place)
        guard let place = places.first, places.count == 1, place.lowerBound > question else { throw .place }
        origin = address.origin
        isInQuery = place.lowerBound < hash
        before = String(text[..<place.lowerBound])
        after = String(isInQuery ? text[place.upperBound..<hash] : text[place.upperBound...])
        fragment = isInQuery ? String(text[hash...]) : ""
        guard !(before + after + fragment).utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") })
        else { throw .place }
    }

    /// `return_to` follows as a parameter of the query or fragment that the token stands in. If the token is no parameter there, as in
    /// `#/reset/{token}`, it begins the parameters.
    func url(token: String, returnTo: String?) -> String {
        guard let returnTo else { return before + token + after + fragment }
        let hasParameters = (before + after).utf8.drop { $0 != UInt8(ascii: isInQuery ? "?" : "#") }.contains(
            UInt8(ascii: "="))
        let parameter = (hasParameters ? "&" : "?") + "return_to=" + Self.encoded(returnTo)
        return before + token + after + parameter + fragment
    }

    /// All but unreserved characters (RFC 3986 §2.3) percent-encoded.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
