import Foundation

/// How the part of an address after the `@` is compared: by the A-labels of its labels (RFC 5890 §2.3.2.1).
enum DomainName {
    /// In NFC, then lower-cased by Unicode's simple mapping, then encoded by RFC 3492. No other mapping of UTS 46 is made, so ß and ss
    /// stay two letters. A label that becomes plain ASCII by this (the Kelvin sign is a k then) stays as it is: a look-alike is another
    /// domain.
    /// - Parameter domain: at most 254 bytes.
    /// - Returns: the labels that have letters beyond ASCII as A-labels, all others as they are written.
    static func encoded(_ domain: Substring) -> String {
        domain.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { label in
            let label = Substring(label)
            return aLabel(of: label) ?? String(label)
        }.joined(separator: ".")
    }

    /// nil for a label of ASCII, and for one that becomes so.
    static func aLabel(of label: Substring) -> String? {
        guard !label.utf8.allSatisfy({ $0 < 128 }) else { return nil }
        var lowered = String.UnicodeScalarView()
        for scalar in String(label).precomposedStringWithCanonicalMapping.unicodeScalars {
            lowered.append(contentsOf: simplyLowered(scalar))
        }
        // Lower-casing can leave letters that NFC joins.
        let normal = String(lowered).precomposedStringWithCanonicalMapping
        guard !normal.utf8.allSatisfy({ $0 < 128 }), let encoded = Punycode.encode(normal) else { return nil }
        return "xn--" + encoded
    }

    /// The simple mapping is the full one but for İ, which is i there (UnicodeData.txt, SpecialCasing.txt).
    private static func simplyLowered(_ scalar: Unicode.Scalar) -> String.UnicodeScalarView {
        if scalar == "\u{130}" { return "i".unicodeScalars }
        return scalar.properties.lowercaseMapping.unicodeScalars
    }
}
