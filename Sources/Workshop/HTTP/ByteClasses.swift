/// What one byte may be, by the grammar of RFC 9110 §5.6 and RFC 3986: ASCII only, never by Unicode's categories.

extension UInt8 {
    static let tab: UInt8 = 0x09, lineFeed: UInt8 = 0x0A, carriageReturn: UInt8 = 0x0D, space: UInt8 = 0x20

    @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }

    @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

    /// SP or HTAB: the only white space there is between the parts of a field (OWS).
    @inline(__always) var isBlank: Bool { self == .space || self == .tab }

    /// Not allowed in any line: C0 but HTAB, and DEL (RFC 9110 §5.5).
    @inline(__always) var isControl: Bool { self < 0x20 && self != .tab || self == 0x7F }

    @inline(__always) var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// 0…15; nil for anything but `0-9A-Fa-f`.
    @inline(__always) var hexValue: UInt8? {
        if isDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }

    /// `tchar` (RFC 9110 §5.6.2).
    // Most are letters, and those are quickly known.
    @inline(__always) var isTokenByte: Bool {
        isLetter || isIn(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)
    }

    /// `pchar`, `/` and `?`, but `%` not, which needs two digits behind it (RFC 3986 §3.3, §3.4).
    @inline(__always) var isTargetByte: Bool { isIn(low: 0xAFFF_FFD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFF) }

    /// `unreserved` and `sub-delims`, the bytes of a `reg-name`; `%` not (RFC 3986 §3.2.2), nor the comma, by which two
    /// `Host` fields would be joined.
    @inline(__always) var isRegisteredNameByte: Bool { isIn(low: 0x2BFF_6FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE) }

    /// One bit a byte, 0…63 and 64…127. No table in memory, no check of bounds; ByteClassesTests spell the sets out.
    @inline(__always) private func isIn(low: UInt64, high: UInt64) -> Bool {
        self < 0x80 && ((self < 0x40 ? low : high) &>> UInt64(self & 0x3F)) & 1 == 1
    }
}

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
