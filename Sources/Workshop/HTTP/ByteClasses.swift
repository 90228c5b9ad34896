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

    /// `unreserved`: percent-encoded or not, such a byte means the same (RFC 3986 §2.3).
    @inline(__always) var isUnreserved: Bool {
        isLetter || isDigit || isIn(low: 0x0000_6000_0000_0000, high: 0x4000_0000_8000_0000)
    }

    /// One bit a byte, 0…63 and 64…127. No table in memory, no check of bounds; ByteClassesTests spell the sets out.
    @inline(__always) private func isIn(low: UInt64, high: UInt64) -> Bool {
        self < 0x80 && ((self < 0x40 ? low : high) &>> UInt64(self & 0x3F)) & 1 == 1
    }
}
