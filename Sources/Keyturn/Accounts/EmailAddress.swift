/// A mail address as it was typed or stored. Two are one if their bytes are, with A–Z lowered and the domain in A-labels (`DomainName`);
/// before the `@` Unicode is never folded.
package struct EmailAddress: Sendable, Hashable, CustomStringConvertible {
    /// As typed (blanks around it trimmed) or as stored.
    package let text: String
    /// With the domain in A-labels; nil if that is ``text``.
    private let encoded: String?

    /// Why a text is no address we can mail: refused rather than mended.
    package enum Refused: Error, Equatable {
        case empty
        case tooLong(limitBytes: Int)
        /// No `@`, or more than one.
        case noSingleAt
        /// Before the `@`: empty, over 64 bytes, or something else than atoms and dots (RFC 5321 §4.1.2); atoms may hold letters of any
        /// script (RFC 6531 §3.3). Dots may stand anywhere: old addresses of Japanese mobile providers have them side by side and at
        /// the ends. Quotes are refused: ``mailable`` adds them if they are needed.
        case localPart
        /// After the `@`: not labels of letters, digits and inner hyphens, of at most 63 bytes each as A-labels. One label alone is
        /// accepted: a host inside a company.
        case domain
        case controlCharacter
        /// A comma, semicolon, bar or blank inside: more than one address, or none.
        case separator
        /// Shows nothing or turns the text around: two addresses that look alike to everybody must not pass for one.
        case invisibleCharacter

        /// For an operator, as the end of a sentence.
        package var words: String {
            switch self {
            case .empty: "it is empty"
            case .tooLong(let limit): "it is longer than \(limit) bytes"
            case .noSingleAt: "it must contain exactly one @"
            case .localPart: "the part before the @ is not a valid mailbox name"
            case .domain: "the part after the @ is not a valid domain name"
            case .controlCharacter: "it contains a control character"
            case .separator: "it contains a space, comma, semicolon or vertical bar"
            case .invisibleCharacter: "it contains an invisible character"
            }
        }
    }

    /// The longest path of RFC 5321 §4.5.3.1.3 without its angle brackets.
    package static let limitBytes = 254
    static let localPartLimitBytes = 64
    /// RFC 1035 §2.3.4.
    static let labelLimitBytes = 63

    /// Trims blanks (space, tab and U+00A0) around the address and accepts or refuses what is left, byte for byte.
    package init(parsing text: String) throws(Refused) {
        let trimmed = Self.withoutOuterBlanks(text)
        guard !trimmed.isEmpty else { throw .empty }
        guard trimmed.utf8.count <= Self.limitBytes else { throw .tooLong(limitBytes: Self.limitBytes) }
        try Self.refuseForeignCharacters(in: trimmed)
        let parts = trimmed.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .noSingleAt }
        guard Self.isLocalPart(Substring(parts[0])) else { throw .localPart }
        guard Self.isDomain(Substring(parts[1])) else { throw .domain }
        self.init(stored: String(trimmed))
        guard asciiSpelling.utf8.count <= Self.limitBytes else { throw .tooLong(limitBytes: Self.limitBytes) }
    }

    /// Trusted: it comes from our own table.
    package init(stored text: String) {
        self.text = text
        guard let domain = Self.domain(of: text), !domain.utf8.allSatisfy({ $0 < 128 }),
            domain.utf8.count <= Self.limitBytes
        else {
            encoded = nil
            return
        }
        let ascii = "\(text[..<domain.startIndex])\(DomainName.encoded(domain))"
        encoded = ascii.utf8.elementsEqual(text.utf8) ? nil : ascii
    }

    /// With the domain in A-labels, else as it was written.
    package var asciiSpelling: String { encoded ?? text }
    /// Whether the domain is not written in A-labels.
    package var isDomainEncoded: Bool { encoded != nil }
    /// Whether the domain can be written in another way than this.
    package var hasOtherSpellings: Bool {
        isDomainEncoded
            || Self.domain(of: text)?.utf8.split(separator: UInt8(ascii: ".")).contains { label in
                label.prefix(4).map(\.loweredInASCII).elementsEqual("xn--".utf8)
            } == true
    }

    /// The key it is compared and limited by: the domain in A-labels, A–Z lowered, all other bytes as they are.
    package var comparisonKey: String { String(decoding: comparisonBytes, as: UTF8.self) }
    /// The same as bytes.
    var comparisonBytes: [UInt8] { asciiSpelling.utf8.map(\.loweredInASCII) }

    /// What a mail server takes: the domain in A-labels, and before the `@` quotes if dots stand where RFC 5321 §4.1.2 has none.
    package var mailable: String {
        let ascii = asciiSpelling
        guard let at = ascii.utf8.lastIndex(of: UInt8(ascii: "@")), !Self.isDotAtom(ascii[..<at]) else { return ascii }
        let quoted = ascii[..<at].unicodeScalars.reduce(into: "") { quoted, scalar in
            if scalar == "\"" || scalar == "\\" { quoted.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
        return "\"\(quoted)\"\(ascii[at...])"
    }

    /// Whether it is written like another one, A–Z without case: of two accounts at one address the one that is spelled so is meant.
    package func isSpelled(like other: EmailAddress) -> Bool {
        text.utf8.lazy.map(\.loweredInASCII).elementsEqual(other.text.utf8.lazy.map(\.loweredInASCII))
    }

    /// Before the last `@`; the whole text where there is none.
    var localPart: Substring {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return Substring(text) }
        return text[..<at]
    }

    /// Never the address: a log line or error text that shows one by accident shows this.
    package var description: String { "EmailAddress(…)" }

    package static func == (a: EmailAddress, b: EmailAddress) -> Bool {
        a.asciiSpelling.utf8.lazy.map(\.loweredInASCII).elementsEqual(b.asciiSpelling.utf8.lazy.map(\.loweredInASCII))
    }

    package func hash(into hasher: inout Hasher) {
        // Eight bytes at a time: a hasher takes as long for one. With the length no two addresses give it the same.
        var (word, count): (UInt64, Int) = (0, 0)
        for byte in asciiSpelling.utf8 {
            word = word << 8 | UInt64(byte.loweredInASCII)
            count += 1
            if count.isMultiple(of: 8) {
                hasher.combine(word)
                word = 0
            }
        }
        hasher.combine(word)
        hasher.combine(count)
    }

    private static func withoutOuterBlanks(_ text: String) -> Substring {
        let isBlank: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\u{A0}" }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return Substring(scalars[first...last])
    }

    /// What stands after the last `@`; nil if there is none.
    private static func domain(of text: String) -> Substring? {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        return text[text.utf8.index(after: at)...]
    }

    private static func refuseForeignCharacters(in text: Substring) throws(Refused) {
        for scalar in text.unicodeScalars where !scalar.isLetterOrDigitOfASCII {
            switch scalar {
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": throw .controlCharacter
            case " ", ",", ";", "|": throw .separator
            default: if scalar.isInvisible { throw .invisibleCharacter }
            }
        }
    }

    /// Atoms and dots, at least one atom.
    private static func isLocalPart(_ text: Substring) -> Bool {
        text.utf8.count <= localPartLimitBytes && text.unicodeScalars.allSatisfy { $0 == "." || $0.isAtomText }
            && text.unicodeScalars.contains { $0 != "." }
    }

    /// Atoms between single dots: RFC 5321 §4.1.2 `Dot-string`, `atext` widened by RFC 6531 §3.3.
    private static func isDotAtom(_ text: Substring) -> Bool {
        var isInAtom = false
        for scalar in text.unicodeScalars {
            guard scalar == "." ? isInAtom : scalar.isAtomText else { return false }
            isInAtom = scalar != "."
        }
        return isInAtom
    }

    private static func isDomain(_ text: Substring) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy({ isLabel(Substring($0)) }), let last = labels.last else { return false }
        // Digits alone at the end are an IPv4 address that lost its brackets (RFC 3696 §2).
        return !last.allSatisfy(\.isASCIIDigit)
    }

    /// Letters, digits, hyphens inside (RFC 1123 §2.1), and letters of any script as UTF-8 (RFC 5890 `U-label`).
    private static func isLabel(_ text: Substring) -> Bool {
        let hyphen = UInt8(ascii: "-")
        guard (1...limitBytes).contains(text.utf8.count), text.utf8.first != hyphen, text.utf8.last != hyphen
        else { return false }
        guard text.unicodeScalars.allSatisfy({ $0 == "-" || $0.isLetterOrDigitOfAddress }) else { return false }
        if text.utf8.allSatisfy({ $0 < 128 }) { return text.utf8.count <= labelLimitBytes }
        // Letters that only look like ASCII make no name of their own.
        return DomainName.aLabel(of: text).map { $0.utf8.count <= labelLimitBytes } ?? false
    }
}

extension UInt8 {
    /// A–Z become a–z; every other byte, and so every other letter, stays what it is.
    var loweredInASCII: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
    var isASCIIDigit: Bool { (0x30...0x39).contains(self) }
}

extension Unicode.Scalar {
    /// Has no picture of its own, or changes those around it: formats, bidirectional marks, fillers, foreign blanks.
    fileprivate var isInvisible: Bool {
        guard !isASCII else { return false }
        if properties.isDefaultIgnorableCodePoint { return true }
        switch properties.generalCategory {
        case .format, .spaceSeparator, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }

    fileprivate var isLetterOrDigitOfASCII: Bool {
        ("a"..."z").contains(self) || ("0"..."9").contains(self) || ("A"..."Z").contains(self)
    }

    fileprivate var isAtomText: Bool {
        if isLetterOrDigitOfASCII { return true }
        return switch self {
        case "!", "#", "$", "%", "&", "'", "*", "+", "-", "/", "=", "?", "^", "_", "`", "{", "}", "~": true
        default: isLetterOrDigitOfAddress
        }
    }

    /// ASCII letters and digits; beyond ASCII letters, their marks and numbers, but no signs: a full-width comma is no letter.
    fileprivate var isLetterOrDigitOfAddress: Bool {
        if isASCII { return isLetterOrDigitOfASCII }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
            return true
        default: return false
        }
    }
}
