/// Where a server is, read strictly from a setting.

internal import HTTP

/// Scheme, host, port, and what comes before every path. `https://api.example.com`, `https://[::1]:8443/base`;
/// `http://` only to loopback, for everywhere else it would carry keys in the clear.
package struct Origin: Sendable, Equatable {
    package let isSecure: Bool
    /// In lower case; an IPv6 address without its brackets.
    package let host: String
    package let port: UInt16
    /// Empty, or begins with `/` and does not end with it.
    package let basePath: String
    /// Whether `host` is an address rather than a name.
    let address: IPAddress?

    /// nil for anything else: user info, query, fragment, empty labels, numbers that are no address, `..` in the path.
    package init?(parsing url: String) {
        var rest = Array(url.utf8)[...]
        if rest.removePrefix("https://") {
            isSecure = true
        } else if rest.removePrefix("http://") {
            isSecure = false
        } else {
            return nil
        }
        let authority = rest.prefix { $0 != UInt8(ascii: "/") }
        guard let (hostText, port) = Self.split(authority, defaultPort: isSecure ? 443 : 80),
            let (host, address) = Self.host(hostText), let basePath = Self.basePath(rest.dropFirst(authority.count))
        else { return nil }
        self.host = host
        self.address = address
        self.port = port
        self.basePath = basePath
        guard isSecure || isLoopback else { return nil }
    }

    /// Whether it is this machine, by its name or its address.
    package var isLoopback: Bool { address?.isLoopback ?? (host == "localhost") }

    /// As in a URL: the port only where it is not the scheme's own.
    package var hostField: String {
        let bracketed = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? bracketed : "\(bracketed):\(port)"
    }

    /// As a proxy is asked for it: always with the port.
    var authority: String { "\(host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host):\(port)" }

    static func authority(ofProxy url: String) -> (host: String, port: UInt16)? {
        var rest = Array(url.utf8)[...]
        guard rest.removePrefix("http://") else { return nil }
        if rest.last == UInt8(ascii: "/") { rest.removeLast() }
        guard let (hostText, port) = split(rest, defaultPort: 80), let (host, _) = host(hostText) else { return nil }
        return (host, port)
    }

    private static func split(
        _ authority: ArraySlice<UInt8>, defaultPort: UInt16
    ) -> (host: ArraySlice<UInt8>, port: UInt16)? {
        let hostEnd: Int
        if authority.first == UInt8(ascii: "[") {
            guard let bracket = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            hostEnd = bracket + 1
        } else {
            hostEnd = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
        }
        let host = authority[..<hostEnd]
        guard hostEnd < authority.endIndex else { return (host, defaultPort) }
        let digits = authority[(hostEnd + 1)...]
        guard authority[hostEnd] == UInt8(ascii: ":"), (1...5).contains(digits.count), digits.allSatisfy(\.isDigit),
            let port = UInt16(text(digits)), port > 0
        else { return nil }
        return (host, port)
    }

    private static func host(_ bytes: ArraySlice<UInt8>) -> (String, IPAddress?)? {
        if bytes.first == UInt8(ascii: "[") {
            let inner = text(bytes.dropFirst().dropLast())
            guard inner.utf8.contains(UInt8(ascii: ":")), let address = IPAddress(parsing: inner) else { return nil }
            return (inner.lowercasedASCII, address)
        }
        let name = text(bytes).lowercasedASCII
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.allSatisfy(isLabel), let last = labels.last else { return nil }
        // `127.1` and `0x7f000001` are addresses to some resolvers: only the dotted form is one here.
        guard last.first?.isDigit == true else { return (name, nil) }
        guard let address = IPAddress(parsing: name) else { return nil }
        return (name, address)
    }

    /// RFC 1123 §2.1.
    private static func isLabel(_ label: Substring.UTF8View) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
            && label.allSatisfy { $0.isDigit || $0.isLowercaseLetter || $0 == hyphen }
    }

    /// RFC 3986 §3.3, without percent-encoding, which no API needs before its path.
    private static func basePath(_ bytes: ArraySlice<UInt8>) -> String? {
        let path = bytes.last == UInt8(ascii: "/") ? bytes.dropLast() : bytes
        let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        for segment in segments {
            guard !segment.isEmpty, segment.contains(where: { $0 != UInt8(ascii: ".") }),
                segment.allSatisfy({
                    $0.isDigit || $0.isLowercaseLetter || ($0 | 0x20).isLowercaseLetter || "-._~".utf8.contains($0)
                })
            else { return nil }
        }
        return text(path)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension ArraySlice<UInt8> {
    /// Compared in ASCII without case.
    fileprivate mutating func removePrefix(_ prefix: StaticString) -> Bool {
        let expected = Array(prefix.description.utf8)
        guard starts(with: expected, by: { $0.lowercasedASCII == $1 }) else { return false }
        removeFirst(expected.count)
        return true
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
    fileprivate var isLowercaseLetter: Bool { (0x61...0x7A).contains(self) }
    fileprivate var lowercasedASCII: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}

extension String {
    /// Only A–Z: `lowercased()` turns the Kelvin sign into a `k`.
    fileprivate var lowercasedASCII: String { String(decoding: utf8.map(\.lowercasedASCII), as: UTF8.self) }
}

extension IPAddress {
    /// 127.0.0.0/8 and ::1.
    var isLoopback: Bool { bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1] }
}
