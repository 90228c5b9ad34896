/// Bytes in a row: compared, trimmed, read as text or number, and appended.

extension Span<UInt8> {
    /// Where the first byte stands that no line may hold; `count` where there is none. Looks at eight at a time.
    @inline(__always) func firstControl(from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops = ones << 7
        var index = start
        while index + 8 <= count {
            // Bounds are checked by the call, and every pattern of bits is a number.
            let word = unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let belowSpace = (word &- ones &* 0x20) & ~word
            let delete = word ^ (ones &* 0x7F)
            // The lowest bit is exact: a borrow can only mark bytes above one that is marked rightly.
            let marked = (belowSpace | ((delete &- ones) & ~delete)) & tops
            guard marked != 0 else {
                index += 8
                continue
            }
            index += marked.trailingZeroBitCount / 8
            guard self[index] == .tab else { return index }
            index += 1
        }
        while index < count, !self[index].isControl { index += 1 }
        return index
    }

    /// Equal byte for byte.
    @inline(__always) func matches(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        // The pointer is the literal's own, valid for ever, and read only within its length.
        let expected = unsafe text.utf8Start
        for offset in 0..<range.count where unsafe self[range.lowerBound + offset] != expected[offset] { return false }
        return true
    }

    /// Equal but for the case of ASCII letters. `lowercase` has none in upper case.
    @inline(__always) func matches(_ range: Range<Int>, ignoringCase lowercase: StaticString) -> Bool {
        guard range.count == lowercase.utf8CodeUnitCount else { return false }
        // As above: a literal, read within its length.
        let expected = unsafe lowercase.utf8Start
        for offset in 0..<range.count where unsafe self[range.lowerBound + offset].lowercased != expected[offset] {
            return false
        }
        return true
    }

    /// The octet that `%` and the two hexadecimal digits behind it stand for; nil if they are not there before `end`.
    @inline(__always) func percentEncodedOctet(at index: Int, before end: Int) -> UInt8? {
        guard index + 2 < end, self[index] == UInt8(ascii: "%"), let high = self[index + 1].hexValue,
            let low = self[index + 2].hexValue
        else { return nil }
        return high << 4 | low
    }

    /// The same path by RFC 3986 §6.2.2.2: equal if every percent-encoded octet that need not be encoded is read as what it stands for.
    /// Any other encoded octet, such as `%2F`, makes another path.
    /// - Parameter path: holds unreserved characters and `/` alone.
    func isEquivalent(_ range: Range<Int>, toPath path: StaticString) -> Bool {
        if matches(range, path) { return true }
        guard range.count > path.utf8CodeUnitCount, range.count <= 3 * path.utf8CodeUnitCount else { return false }
        // The pointer is the literal's own, valid for ever, and read only within its length.
        let expected = unsafe path.utf8Start
        var index = range.lowerBound
        for offset in 0..<path.utf8CodeUnitCount {
            guard index < range.upperBound else { return false }
            var byte = self[index]
            index += 1
            if byte == UInt8(ascii: "%") {
                guard let octet = percentEncodedOctet(at: index - 1, before: range.upperBound), octet.isUnreserved
                else { return false }
                byte = octet
                index += 2
            }
            guard unsafe byte == expected[offset] else { return false }
        }
        return index == range.upperBound
    }

    /// What stands behind `prefix` at the front of the range, however the unreserved characters in it are written; nil if the range does
    /// not begin with it.
    func rest(of range: Range<Int>, behind prefix: [UInt8]) -> Range<Int>? {
        var index = range.lowerBound
        for expected in prefix {
            guard index < range.upperBound else { return nil }
            var byte = self[index]
            index += 1
            if byte == UInt8(ascii: "%") {
                guard let octet = percentEncodedOctet(at: index - 1, before: range.upperBound), octet.isUnreserved
                else { return nil }
                byte = octet
                index += 2
            }
            guard byte == expected else { return nil }
        }
        return index..<range.upperBound
    }

    /// The bytes without the percent-encoding that need not be there.
    func decodingUnreserved(_ range: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            if let octet = percentEncodedOctet(at: index, before: range.upperBound), octet.isUnreserved {
                bytes.append(octet)
                index += 3
            } else {
                bytes.append(self[index])
                index += 1
            }
        }
        return bytes
    }

    /// The range without blanks at both ends.
    @inline(__always) func trimmed(_ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, self[lower].isBlank { lower += 1 }
        while upper > lower, self[upper - 1].isBlank { upper -= 1 }
        return lower..<upper
    }

    @inline(__always) func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        for index in range where self[index] == byte { return index }
        return nil
    }

    /// The bytes as text. Bytes that are no UTF-8 are read as ISO 8859-1 (RFC 9110 §5.5), so that none is lost or merged.
    func text(_ range: Range<Int>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for index in range { bytes.append(self[index]) }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var latin = String.UnicodeScalarView()
        for byte in bytes { latin.append(Unicode.Scalar(byte)) }
        return String(latin)
    }
}

extension [UInt8] {
    /// Appends one run of bytes.
    @inline(__always) mutating func append(copying bytes: Span<UInt8>) {
        // The pointer lives as long as the call, and `append` copies what it points to.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    @inline(__always) mutating func append(_ text: StaticString) {
        // A literal's bytes, valid for ever.
        unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// In decimal. `number` is not negative.
    mutating func append(decimal number: Int) {
        if number >= 10 { append(decimal: number / 10) }
        append(0x30 + UInt8(truncatingIfNeeded: number % 10))
    }
}

/// `1*DIGIT` (leading zeros are legal), checked digit by digit.
enum DecimalNumber: Equatable {
    case value(Int), notDigits, overflow

    init(parsing range: Range<Int>, of bytes: Span<UInt8>) {
        guard !range.isEmpty else {
            self = .notDigits
            return
        }
        var value = 0
        var hasOverflowed = false
        for index in range {
            guard bytes[index].isDigit else {
                self = .notDigits
                return
            }
            let (tens, first) = value.multipliedReportingOverflow(by: 10)
            let (sum, second) = tens.addingReportingOverflow(Int(bytes[index] &- 0x30))
            hasOverflowed = hasOverflowed || first || second
            value = sum
        }
        self = hasOverflowed ? .overflow : .value(value)
    }
}
