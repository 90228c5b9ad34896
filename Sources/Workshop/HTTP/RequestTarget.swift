/// The four forms of a request target, and the authority in it and in `Host` (RFC 9112 §3.2, RFC 3986).

/// Where path and query stand. The path is empty where an absolute target has none: `/`, or `*` with OPTIONS.
struct RequestTarget {
    private(set) var path: Range<Int>
    private(set) var query: Range<Int>?
    /// Whether the path has a percent sign.
    private(set) var isPathEncoded = false

    init(parsing target: Range<Int>, of bytes: Span<UInt8>, method: Method, isSecure: Bool) throws(HeadRefused) {
        if bytes[target.lowerBound] == UInt8(ascii: "/") {
            self = try RequestTarget(pathAndQuery: target, of: bytes)
        } else if bytes.matches(target, "*") {
            guard method == .options else { throw .targetMalformed }
            path = target
        } else {
            let start = try Self.authorityStart(of: target, in: bytes, isSecure: isSecure)
            var end = start
            while end < target.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
            guard Authority(parsing: start..<end, of: bytes) != nil else { throw .targetMalformed }
            self = try RequestTarget(pathAndQuery: end..<target.upperBound, of: bytes)
        }
    }

    /// Behind `http://` or `https://`. Any other form, the authority alone too, belongs to methods that are not here.
    private static func authorityStart(
        of target: Range<Int>, in bytes: Span<UInt8>, isSecure: Bool
    ) throws(HeadRefused) -> Int {
        let plainEnd = target.lowerBound + 7
        let secureEnd = target.lowerBound + 8
        if secureEnd <= target.upperBound, bytes.matches(target.lowerBound..<secureEnd, ignoringCase: "https://") {
            guard isSecure else { throw .targetMisdirected }
            return secureEnd
        }
        guard plainEnd <= target.upperBound, bytes.matches(target.lowerBound..<plainEnd, ignoringCase: "http://") else {
            throw .targetMalformed
        }
        guard !isSecure else { throw .targetMisdirected }
        return plainEnd
    }

    /// Checks every byte: what RFC 3986 does not allow in a path or a query is refused, never repaired. One thing is let pass in a query
    /// alone: a percent sign without its digits (`?off=50%`). A value that is asked for by its name is decoded strictly.
    private init(pathAndQuery range: Range<Int>, of bytes: Span<UInt8>) throws(HeadRefused) {
        var question: Int?
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            if byte.isTargetByte {
                if byte == UInt8(ascii: "?"), question == nil { question = index }
            } else if byte == UInt8(ascii: "%"), question != nil {
                // May be followed by anything.
            } else {
                guard byte == UInt8(ascii: "%") else { throw .targetMalformed }
                guard bytes.percentEncodedOctet(at: index, before: range.upperBound) != nil else {
                    throw .targetPercentEncoding
                }
                isPathEncoded = isPathEncoded || question == nil
                index += 2
            }
            index += 1
        }
        path = range.lowerBound..<(question ?? range.upperBound)
        query = question.map { $0 + 1..<range.upperBound }
    }
}

/// `uri-host [ ":" port ]`, the host not empty and no user before it (RFC 9110 §4.2, §7.2). A name has at most 255 octets, and its
/// labels have 1 to 63 (RFC 1034 §3.1); the root's dot may stand at its end.
struct Authority {
    /// The octets of a name, as it was sent, without the port.
    private static let nameBytesMax = 255
    /// The octets of a label, decoded.
    private static let labelBytesMax = 63

    /// nil where malformed.
    init?(parsing range: Range<Int>, of bytes: Span<UInt8>) {
        guard !range.isEmpty else { return nil }
        let colon: Int
        if bytes[range.lowerBound] == UInt8(ascii: "[") {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]"), in: range),
                IPAddress(ipv6: range.lowerBound + 1..<bracket, of: bytes) != nil
            else { return nil }
            colon = bracket + 1
        } else {
            guard let end = Self.endOfName(range, of: bytes), end > range.lowerBound else { return nil }
            colon = end
        }
        guard colon < range.upperBound else { return }
        guard bytes[colon] == UInt8(ascii: ":"), Self.isPort(colon + 1..<range.upperBound, of: bytes) else {
            return nil
        }
    }

    /// Behind the last byte of a `reg-name` or IPv4 address; nil if a percent sign lacks its digits, or the name or a label has a length
    /// that cannot be.
    private static func endOfName(_ range: Range<Int>, of bytes: Span<UInt8>) -> Int? {
        var index = range.lowerBound
        var labelBytes = 0
        while index < range.upperBound {
            let byte: UInt8
            if bytes[index].isRegisteredNameByte {
                byte = bytes[index]
                index += 1
            } else if bytes[index] == UInt8(ascii: "%") {
                guard let octet = bytes.percentEncodedOctet(at: index, before: range.upperBound) else { return nil }
                byte = octet
                index += 3
            } else {
                break
            }
            if byte == UInt8(ascii: ".") {
                guard labelBytes > 0 else { return nil }
                labelBytes = 0
            } else {
                labelBytes += 1
                guard labelBytes <= labelBytesMax else { return nil }
            }
        }
        return index - range.lowerBound <= nameBytesMax ? index : nil
    }

    /// `*DIGIT`, at most 65535.
    private static func isPort(_ range: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        var port = 0
        for index in range {
            guard bytes[index].isDigit else { return false }
            port = port * 10 + Int(bytes[index] &- 0x30)
            guard port <= 65535 else { return false }
        }
        return true
    }
}
