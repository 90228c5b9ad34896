/// The languages that have words, and the one that a reader asks for.
package enum Language: String, CaseIterable, Sendable {
    case english = "en"
    case german = "de"
    case french = "fr"
    case spanish = "es"
    case portuguese = "pt"
    case italian = "it"
    case dutch = "nl"
    case polish = "pl"
    case turkish = "tr"
    case ukrainian = "uk"
    case chinese = "zh"
    case japanese = "ja"
    case arabic = "ar"
    case hebrew = "he"
    case hindi = "hi"

    /// BCP 47.
    package var tag: String { rawValue }

    package var isRightToLeft: Bool { self == .arabic || self == .hebrew }

    /// As HTML's `dir` wants it.
    package var direction: String { isRightToLeft ? "rtl" : "ltr" }

    /// The language of a tag in lower case, whatever region or script stands behind it: `pt-br` is Portuguese, `zh-hans-cn` Chinese.
    /// Traditional Chinese is not: those who ask for it name what they read next.
    package init?(tag: String) {
        let subtags = tag.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false).map {
            Substring($0)
        }
        guard let first = subtags.first else { return nil }
        // What Hebrew was called until 1989, and some still call it.
        guard let language = Language(rawValue: first == "iw" ? "he" : String(first)) else { return nil }
        let isTraditional = subtags.dropFirst().contains { ["hant", "tw", "hk", "mo"].contains($0) }
        if language == .chinese, isTraditional { return nil }
        self = language
    }
}
