/// Base64 of both alphabets (RFC 4648 §4, §5), strict: bytes have exactly one spelling, everything else is refused.

/// Base64url without padding (RFC 4648 §5, RFC 7515 §2).
package enum Base64URL {
    package static func encode(_ bytes: [UInt8]) -> String { Base64Coding.url.encode(bytes, padded: false) }

    /// - Returns: nil for padding, white space, foreign characters, or left-over bits that are not zero.
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? { Base64Coding.url.decode(text, padded: false) }

    package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? { decode(Array(text).span) }
}

/// Base64 with `+` and `/` (RFC 4648 §4), with or without its padding.
package enum Base64 {
    package static func encode(_ bytes: [UInt8], padded: Bool = true) -> String {
        Base64Coding.standard.encode(bytes, padded: padded)
    }

    /// - Parameter padded: whether `=` must fill up the last group; if not, there must be none.
    /// - Returns: nil for the other padding, white space, foreign characters, or left-over bits that are not zero.
    package static func decode(_ text: some Sequence<UInt8>, padded: Bool = true) -> [UInt8]? {
        Base64Coding.standard.decode(Array(text).span, padded: padded)
    }
}

/// One alphabet, in both directions.
private struct Base64Coding: Sendable {
    static let standard = Base64Coding(last: "+/")
    static let url = Base64Coding(last: "-_")

    private static let padding = UInt8(ascii: "=")
    /// Not a character of the alphabet: any bit above the sixth tells.
    private static let foreign: UInt8 = 0xff

    private let characters: [UInt8]
    private let values: [UInt8]

    private init(last: String) {
        characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(last)".utf8)
        var values = [UInt8](repeating: Base64Coding.foreign, count: 256)
        for (value, character) in characters.enumerated() { values[Int(character)] = UInt8(value) }
        self.values = values
    }

    func encode(_ bytes: [UInt8], padded: Bool) -> String {
        let groups = (bytes.count + 2) / 3
        return String(unsafeUninitializedCapacity: groups * 4) { output in
            var (written, read) = (0, 0)
            while read < bytes.count {
                let taken = min(3, bytes.count - read)
                var bits = 0
                for index in 0..<3 { bits = bits << 8 | (index < taken ? Int(bytes[read + index]) : 0) }
                for index in 0...taken {
                    output.initializeElement(at: written, to: characters[bits >> (18 - 6 * index) & 63])
                    written += 1
                }
                read += 3
            }
            guard padded else { return written }
            while written % 4 != 0 {
                output.initializeElement(at: written, to: Base64Coding.padding)
                written += 1
            }
            return written
        }
    }

    func decode(_ text: Span<UInt8>, padded: Bool) -> [UInt8]? {
        guard let count = padded ? charactersBeforePadding(text) : text.count, count % 4 != 1 else { return nil }
        var seen: UInt8 = 0
        var (bits, bitCount) = (0, 0)
        let bytes = [UInt8](unsafeUninitializedCapacity: count * 3 / 4) { output, written in
            for index in 0..<count {
                let value = values[Int(text[index])]
                seen |= value
                bits = (bits << 6 | Int(value & 63)) & 0xffff
                bitCount += 6
                if bitCount >= 8 {
                    bitCount -= 8
                    output.initializeElement(at: written, to: UInt8(truncatingIfNeeded: bits >> bitCount))
                    written += 1
                }
            }
        }
        // Left-over bits that are not zero would be a second spelling of the same bytes.
        guard seen < 64, bits & (1 << bitCount - 1) == 0 else { return nil }
        return bytes
    }

    /// - Returns: nil where the length is not that of whole groups, or the padding is too long.
    private func charactersBeforePadding(_ text: Span<UInt8>) -> Int? {
        guard text.count % 4 == 0 else { return nil }
        var count = text.count
        while count > 0, text[count - 1] == Base64Coding.padding { count -= 1 }
        return text.count - count <= 2 ? count : nil
    }
}
