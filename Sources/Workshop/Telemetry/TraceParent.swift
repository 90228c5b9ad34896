/// The caller's trace that a request belongs to (W3C Trace Context, level 1, §3.2): for log lines alone.
package struct TraceParent: Sendable, Equatable {
    /// 32 hexadecimal digits in lower case, not all zero.
    package let traceID: String
    /// 16 of them: the caller's span.
    package let parentID: String

    /// - Parameter field: of version 00 exactly as it must be; of a later one what this version would read of it.
    /// - Returns: nil for anything else, so that what stands in a log is hexadecimal and of known length.
    package init?(_ field: String) {
        let bytes = Array(field.utf8.prefix(Self.bytes + 1))
        let version = bytes.prefix(2)
        guard bytes.count >= Self.bytes, [2, 35, 52].allSatisfy({ bytes[$0] == Self.hyphen }), Self.isHex(version),
            !version.elementsEqual("ff".utf8), Self.isHex(bytes[53..<55]),
            bytes.count == Self.bytes || (bytes[Self.bytes] == Self.hyphen && !version.elementsEqual("00".utf8)),
            let traceID = Self.id(bytes[3..<35]), let parentID = Self.id(bytes[36..<52])
        else { return nil }
        (self.traceID, self.parentID) = (traceID, parentID)
    }

    private static let bytes = 55
    private static let hyphen = UInt8(ascii: "-")

    private static func id(_ digits: ArraySlice<UInt8>) -> String? {
        guard isHex(digits), digits.contains(where: { $0 != UInt8(ascii: "0") }) else { return nil }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func isHex(_ digits: ArraySlice<UInt8>) -> Bool {
        digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
