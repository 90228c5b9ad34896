/// Addresses of the other end, and ranges of them, read strictly: one address has few ways to be written.

/// An IPv4 or IPv6 address, without port or zone. IPv4-mapped IPv6 (`::ffff:1.2.3.4`) is IPv4.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// The first and last eight bytes as numbers; an IPv4 address stands in the last four.
    fileprivate let high: UInt64
    fileprivate let low: UInt64
    package let isIPv4: Bool

    package static let loopback = IPAddress(high: 0, low: 0x7F00_0001, isIPv4: true)

    private init(high: UInt64, low: UInt64, isIPv4: Bool) {
        self.high = high
        self.low = low
        self.isIPv4 = isIPv4
    }

    /// IPv6; mapped addresses become IPv4.
    private init(high: UInt64, low: UInt64) {
        let isMapped = high == 0 && low >> 32 == 0xFFFF
        self.init(high: high, low: isMapped ? low & 0xFFFF_FFFF : low, isIPv4: isMapped)
    }

    /// 4 or 16 bytes, in network order; nil for any other number of them.
    package init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: self.init(high: 0, low: Self.number(bytes[...]), isIPv4: true)
        case 16: self.init(high: Self.number(bytes[..<8]), low: Self.number(bytes[8...]))
        default: return nil
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Dotted decimal without leading zeros, or the forms of RFC 4291 §2.2; no zone, no brackets, no white space.
    package init?(parsing text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes.indices, of: bytes.span)
    }

    init?(_ range: Range<Int>, of bytes: Span<UInt8>) {
        if bytes.firstIndex(of: UInt8(ascii: ":"), in: range) != nil {
            self.init(ipv6: range, of: bytes)
        } else {
            guard let number = Self.ipv4(range, of: bytes) else { return nil }
            self.init(high: 0, low: UInt64(number), isIPv4: true)
        }
    }

    private static func ipv4(_ range: Range<Int>, of bytes: Span<UInt8>) -> UInt32? {
        var index = range.lowerBound
        var number: UInt32 = 0
        for part in 0..<4 {
            if part > 0 {
                guard index < range.upperBound, bytes[index] == UInt8(ascii: ".") else { return nil }
                index += 1
            }
            let start = index
            var value: UInt32 = 0
            while index < range.upperBound, index - start < 3, bytes[index].isDigit {
                value = value * 10 + UInt32(bytes[index] &- 0x30)
                index += 1
            }
            guard index > start, value <= 255, index - start == 1 || bytes[start] != UInt8(ascii: "0") else {
                return nil
            }
            number = number << 8 | value
        }
        return index == range.upperBound ? number : nil
    }

    init?(ipv6 range: Range<Int>, of bytes: Span<UInt8>) {
        let colon = UInt8(ascii: ":")
        var groups = IPv6Groups()
        var index = range.lowerBound
        if index + 1 < range.upperBound, bytes[index] == colon {
            guard bytes[index + 1] == colon else { return nil }
            groups.gap = 0
            index += 2
        }
        while index < range.upperBound {
            let start = index
            var value: UInt64 = 0
            while index < range.upperBound, index - start < 4, let digit = bytes[index].hexValue {
                value = value << 4 | UInt64(digit)
                index += 1
            }
            guard index > start else { return nil }
            if index < range.upperBound, bytes[index] == UInt8(ascii: ".") {
                // The last four bytes may be written in decimal.
                guard let number = Self.ipv4(start..<range.upperBound, of: bytes) else { return nil }
                guard groups.append(UInt64(number >> 16)), groups.append(UInt64(number & 0xFFFF)) else { return nil }
                break
            }
            guard groups.append(value) else { return nil }
            if index == range.upperBound { break }
            guard bytes[index] == colon else { return nil }
            index += 1
            guard index < range.upperBound else { return nil }
            if bytes[index] == colon {
                guard groups.gap == nil else { return nil }
                groups.gap = groups.count
                index += 1
            }
        }
        guard let (high, low) = groups.joined else { return nil }
        self.init(high: high, low: low)
    }

    /// 4 or 16 bytes, in network order.
    package var bytes: [UInt8] {
        if isIPv4 { return stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: low >> UInt64($0)) } }
        return [high, low].flatMap { half in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> UInt64($0)) }
        }
    }

    /// Dotted decimal, or the canonical form of RFC 5952.
    package var description: String {
        if isIPv4 { return bytes.map { String($0) }.joined(separator: ".") }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - 16 * (index % 4)))
        }
        let gap = Self.longestZeros(in: groups)
        let text = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
        guard gap.count > 1 else { return text(groups[...]) }
        return text(groups[..<gap.lowerBound]) + "::" + text(groups[gap.upperBound...])
    }

    /// The first of the longest runs of zero groups.
    private static func longestZeros(in groups: [UInt16]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 {
                start = index + 1
            } else if index + 1 - start > longest.count {
                longest = start..<index + 1
            }
        }
        return longest
    }
}

/// The eight groups of an IPv6 address while they are read.
private struct IPv6Groups {
    private(set) var count = 0
    /// How many groups stand before `::`.
    var gap: Int?
    private var before: (high: UInt64, low: UInt64) = (0, 0)
    private var after: (high: UInt64, low: UInt64) = (0, 0)

    /// False where there are eight already.
    mutating func append(_ group: UInt64) -> Bool {
        guard count < 8 else { return false }
        if gap == nil {
            before = Self.shifted(before, adding: group)
        } else {
            after = Self.shifted(after, adding: group)
        }
        count += 1
        return true
    }

    private static func shifted(_ number: (high: UInt64, low: UInt64), adding group: UInt64) -> (
        high: UInt64, low: UInt64
    ) {
        (number.high << 16 | number.low >> 48, number.low << 16 | group)
    }

    /// nil where groups are missing; `::` stands for one group at least.
    var joined: (high: UInt64, low: UInt64)? {
        guard let gap else { return count == 8 ? before : nil }
        guard count < 8 else { return nil }
        var front = before
        for _ in gap..<8 { front = Self.shifted(front, adding: 0) }
        return (front.high | after.high, front.low | after.low)
    }
}

/// A range of addresses: `10.0.0.0/8`, `2001:db8::/32`; an address alone is a range of one.
package struct CIDR: Sendable, Hashable {
    private let address: IPAddress
    private let prefixBits: Int

    /// nil where malformed, too long a prefix, or bits set behind the prefix (`10.0.0.1/8`): a likely slip.
    package init?(parsing text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(parsing: String(Substring(parts[0]))) else { return nil }
        var bits = address.isIPv4 ? 32 : 128
        if parts.count == 2 {
            let digits = Array(parts[1])
            guard case .value(let value) = DecimalNumber(parsing: digits.indices, of: digits.span), value <= bits,
                digits.count == 1 || digits[0] != UInt8(ascii: "0")
            else { return nil }
            bits = value
        }
        self.address = address
        prefixBits = bits
        guard masked(address) == (address.high, address.low) else { return nil }
    }

    /// An IPv4 address is never in a range of IPv6 addresses, nor the other way.
    package func contains(_ other: IPAddress) -> Bool {
        other.isIPv4 == address.isIPv4 && masked(other) == (address.high, address.low)
    }

    private func masked(_ address: IPAddress) -> (UInt64, UInt64) {
        // Shifts of 64 bits and more give 0.
        if address.isIPv4 { return (0, address.low & (UInt64(0xFFFF_FFFF) << UInt64(32 - prefixBits))) }
        let highMask = prefixBits >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(prefixBits))
        let lowMask = prefixBits <= 64 ? 0 : UInt64.max << UInt64(128 - prefixBits)
        return (address.high & highMask, address.low & lowMask)
    }
}
