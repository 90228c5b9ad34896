/// The names of header fields (RFC 9110 §5.1).

/// A token, compared in ASCII without case. Only a literal makes one, so no name ever comes from input.
package struct FieldName: Sendable, Hashable, ExpressibleByStringLiteral {
    let literal: StaticString

    package init(stringLiteral literal: StaticString) {
        // A literal of our own code, made again with every look at a request: the builds that tests run look at it, and no other.
        assert(literal.withUTF8Buffer { unsafe !$0.isEmpty && $0.allSatisfy(\.isTokenByte) })
        self.literal = literal
    }

    package var text: String { literal.description }

    package static func == (left: FieldName, right: FieldName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8) { $0.lowercased == $1.lowercased }
    }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte.lowercased) }
    }

    /// Whether these bytes are this name: no allocation.
    @inline(__always) func names(_ range: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        guard range.count == literal.utf8CodeUnitCount else { return false }
        // The pointer is the literal's own, valid for ever, and read only within its length.
        let expected = unsafe literal.utf8Start
        for offset in 0..<range.count
        where unsafe bytes[range.lowerBound + offset].lowercased != expected[offset].lowercased { return false }
        return true
    }
}
