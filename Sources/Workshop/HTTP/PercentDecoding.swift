/// Percent-encoding, read strictly (RFC 3986 §2.1).

package enum PercentDecoding {
    /// nil where a `%` lacks its two hexadecimal digits. Decode once, after splitting.
    /// - Parameter plusIsSpace: as in forms.
    package static func decode(_ bytes: some Sequence<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var decoded: [UInt8] = []
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next()?.hexValue, let low = rest.next()?.hexValue else { return nil }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(.space)
            default: decoded.append(byte)
            }
        }
        return decoded
    }
}
