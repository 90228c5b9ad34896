package import HTTP
package import Keyturn

/// Where a request comes from: the peer, or what proxies we trust say about it.
package struct ClientAddress: Sendable, Equatable {
    /// How many hops of a forwarding chain are looked at, from our side.
    package static let hopsMax = 32

    package let address: IPAddress

    /// What limits count by.
    package var counted: Client { Client(address: address.bytes) }

    /// The network it is in, for a log: the first 24 bits of an IPv4 address, 48 of an IPv6 one; the rest is zero.
    var network: String {
        let kept = address.bytes.count == 16 ? 6 : 3
        let bytes = address.bytes.prefix(kept) + [UInt8](repeating: 0, count: address.bytes.count - kept)
        return IPAddress(bytes: Array(bytes))?.description ?? ""
    }

    /// Walks the chain from right to left while the hops are trusted, and stops at the first that is not: whoever stands
    /// left of it may have written anything. A hop that is no address ends the walk at the proxy that reported it.
    ///
    /// A chain may come in `X-Forwarded-For` or in `Forwarded` (RFC 7239). A proxy writes one of them and may pass the visitor's own
    /// copy of the other; where the two disagree neither is believed, and the proxy itself counts as the client.
    package init(of request: Request, trusting proxies: [CIDR]) {
        guard !proxies.isEmpty, proxies.contains(where: { $0.contains(request.peer) }) else {
            address = request.peer
            return
        }
        let old = request["X-Forwarded-For"].map {
            Self.walk(Self.hops(xForwardedFor: $0), from: request.peer, trusting: proxies)
        }
        let new = request["Forwarded"].map {
            Self.walk(Self.hops(forwarded: $0), from: request.peer, trusting: proxies)
        }
        if let old, let new, old != new {
            address = request.peer
        } else {
            address = old ?? new ?? request.peer
        }
    }

    private static func walk(_ hops: [String], from peer: IPAddress, trusting proxies: [CIDR]) -> IPAddress {
        var reached = peer
        for hop in hops.reversed().prefix(hopsMax) {
            guard let address = Self.address(of: hop) else { return reached }
            reached = address
            guard proxies.contains(where: { $0.contains(address) }) else { return reached }
        }
        return reached
    }

    /// At every comma: this field knows no quotes, and one that a visitor wrote must not hide the hops behind it.
    private static func hops(xForwardedFor value: String) -> [String] {
        value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { trimmed(Substring($0)) }
    }

    /// The `for` parameters of `for=192.0.2.1;proto=https, for="[2001:db8::1]:443"`; an element without one is a hop that is no address.
    private static func hops(forwarded value: String) -> [String] {
        guard let elements = split(value, at: UInt8(ascii: ",")) else { return [] }
        return elements.map { element in
            let pairs = split(element, at: UInt8(ascii: ";")) ?? []
            let values = pairs.compactMap { pair -> String? in
                let parts = pair.split(separator: "=" as Character, maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, lowered(parts[0]) == "for" else { return nil }
                return unquoted(parts[1])
            }
            return values.count == 1 ? values[0] : ""
        }
    }

    /// Splits outside of quoted strings and trims blanks. - Returns: nil where a quote is not closed.
    private static func split(_ text: String, at separator: UInt8) -> [String]? {
        var pieces: [[UInt8]] = [[]]
        var isQuoted = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == separator, !isQuoted {
                pieces.append([])
            } else {
                pieces[pieces.count - 1].append(byte)
            }
        }
        return isQuoted ? nil : pieces.map { trimmed(Substring(decoding: $0, as: UTF8.self)) }
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let front = text.utf8.drop(while: isBlank)
        let end = front.reversed().drop(while: isBlank).count
        return String(front.prefix(end)) ?? ""
    }

    private static func lowered(_ text: Substring) -> String {
        String(decoding: text.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.utf8.count >= 2, text.utf8.first == UInt8(ascii: "\""), text.utf8.last == UInt8(ascii: "\"") else {
            return String(text)
        }
        return String(text.dropFirst().dropLast())
    }

    /// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
    private static func address(of hop: String) -> IPAddress? {
        let bytes = Array(hop.utf8)
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), isPort(bytes[(end + 1)...]) else { return nil }
            return IPAddress(parsing: String(decoding: bytes[1..<end], as: UTF8.self))
        }
        let colons = bytes.indices.filter { bytes[$0] == UInt8(ascii: ":") }
        guard colons.count == 1, isPort(bytes[colons[0]...]) else { return IPAddress(parsing: hop) }
        return IPAddress(parsing: String(decoding: bytes[..<colons[0]], as: UTF8.self))
    }

    /// Nothing, or a colon and one to five digits.
    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let colon = bytes.first else { return true }
        let digits = bytes.dropFirst()
        return colon == UInt8(ascii: ":") && (1...5).contains(digits.count)
            && digits.allSatisfy { (0x30...0x39).contains($0) }
    }
}
