/// An address of a web page, read strictly: `https://host[:port][/path][?query][#fragment]`, or `http://` on this machine.
package struct WebAddress: Sendable, Equatable {
    /// `https://app.example.com:8443`: scheme, host and port as they stand, without the scheme's own port, in lower case.
    package let origin: String
    /// Scheme, host and port, byte for byte as they stand.
    package let authority: String
    /// Empty, or begins with `/`; as it stands, without query and fragment.
    package let path: String
    package let hasQuery: Bool
    package let hasFragment: Bool

    /// - Parameter allowsHTTP: `http://` to any host.
    /// - Returns: nil unless it is printable ASCII without blanks and `\`, with a host that is a name or an address, and without user info.
    package init?(parsing text: String, allowsHTTP: Bool = false) {
        let bytes = Array(text.utf8)
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }),
            let scheme = ["https://", "http://"].first(where: { bytes.starts(with: $0.utf8) })
        else { return nil }
        let end = bytes[scheme.utf8.count...].firstIndex { "/?#".utf8.contains($0) } ?? bytes.count
        let (host, port) = Self.split(bytes[scheme.utf8.count..<end])
        let ownPort = scheme == "https://" ? "443" : "80"
        guard Self.isHost(host), Self.isPort(port) else { return nil }
        guard scheme == "https://" || allowsHTTP || Self.isLoopback(host) else { return nil }
        let name = String(decoding: host.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        let number = port.map { String(decoding: $0, as: UTF8.self) }
        origin = scheme + name + (number.flatMap { $0 == ownPort ? nil : ":" + $0 } ?? "")
        authority = String(decoding: bytes[..<end], as: UTF8.self)
        let pathEnd = bytes[end...].firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? bytes.count
        path = String(decoding: bytes[end..<pathEnd], as: UTF8.self)
        let hash = bytes[pathEnd...].firstIndex(of: UInt8(ascii: "#"))
        hasQuery = bytes[pathEnd..<(hash ?? bytes.count)].contains(UInt8(ascii: "?"))
        hasFragment = hash != nil
    }

    /// - Returns: the host, and what stands behind the colon after it; nil without a colon.
    private static func split(_ authority: ArraySlice<UInt8>) -> (host: ArraySlice<UInt8>, port: ArraySlice<UInt8>?) {
        let behindBracket = authority.lastIndex(of: UInt8(ascii: "]")).map { $0 + 1 } ?? authority.startIndex
        guard let colon = authority[behindBracket...].firstIndex(of: UInt8(ascii: ":")) else { return (authority, nil) }
        return (authority[..<colon], authority[(colon + 1)...])
    }

    private static func isPort(_ digits: ArraySlice<UInt8>?) -> Bool {
        guard let digits else { return true }
        guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }), digits.first != 0x30
        else {
            return false
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 65_535
    }

    /// Letters, digits, hyphens and dots; or an IPv6 address in brackets.
    private static func isHost(_ host: ArraySlice<UInt8>) -> Bool {
        if host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]") {
            let inner = host.dropFirst().dropLast()
            return inner.contains(UInt8(ascii: ":")) && inner.count <= 45
                && inner.allSatisfy { isDigitOrLetter($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
        }
        let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return host.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.count) && label.allSatisfy { isDigitOrLetter($0) || $0 == UInt8(ascii: "-") }
            }
    }

    private static func isDigitOrLetter(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// `localhost`, 127.0.0.0/8 in four numbers, `::1`.
    private static func isLoopback(_ host: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: host, as: UTF8.self)
        if text == "localhost" || text == "[::1]" { return true }
        let numbers = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0].elementsEqual("127".utf8)
            && numbers.allSatisfy { (1...3).contains($0.count) && $0.allSatisfy { (0x30...0x39).contains($0) } }
    }
}
