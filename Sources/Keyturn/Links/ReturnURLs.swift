import StrictJSON

/// Where an app may ask that a person is led afterwards (`app.returnURLs`): what `return_to` says is shown only if it is in this list.
package struct ReturnURLs: Sendable, Equatable {
    /// Of a value that is asked for.
    package static let bytesMax = 512

    package static let none = ReturnURLs()

    private struct Entry: Sendable, Equatable {
        let authority: String
        /// Decoded; begins with `/`.
        let path: [UInt8]

        func admits(_ asked: Entry) -> Bool {
            guard sameBytes(authority, asked.authority), asked.path.starts(with: path) else { return false }
            return asked.path.count == path.count || path.last == UInt8(ascii: "/")
                || asked.path[path.count] == UInt8(ascii: "/")
        }
    }

    private let entries: [Entry]

    private init() { entries = [] }

    /// - Parameter urls: each `https://host[:port][/path]`, or `http://` on this machine, the host in lower case; no query and no fragment.
    /// - Returns: nil if one of them is not.
    package init?(_ urls: [String]) {
        var entries: [Entry] = []
        for url in urls {
            guard url.utf8.count <= Self.bytesMax, let address = WebAddress(parsing: url), !address.hasQuery,
                !address.hasFragment, let entry = Self.entry(address),
                !address.authority.utf8.contains(where: { (0x41...0x5A).contains($0) })
            else { return nil }
            entries.append(entry)
        }
        self.entries = entries
    }

    /// Scheme, host and port must equal those of an entry byte for byte; the path must equal the entry's, or lie below it at a `/`, after
    /// one percent-decoding, and have no segment `.` or `..`.
    /// - Returns: `asked` itself, or nil if it is not admitted. Costs the same few comparisons for every value, and reads nothing.
    package func admit(_ asked: String?) -> String? {
        guard let asked, asked.utf8.count <= Self.bytesMax, let address = WebAddress(parsing: asked),
            !address.hasFragment, let wanted = Self.entry(address)
        else { return nil }
        return entries.contains { $0.admits(wanted) } ? asked : nil
    }

    private static func entry(_ address: WebAddress) -> Entry? {
        guard let path = decoded(address.path),
            path.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") })
        else { return nil }
        let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard !segments.contains(where: { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }) else {
            return nil
        }
        return Entry(authority: address.authority, path: path.isEmpty ? [UInt8(ascii: "/")] : path)
    }

    /// - Returns: nil if a `%` lacks its two hexadecimal digits.
    private static func decoded(_ path: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = path.utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(hexValue), let low = rest.next().flatMap(hexValue) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
