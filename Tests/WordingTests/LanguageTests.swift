import Testing

@testable import Wording

@Suite struct `A language` {
    @Test(
        arguments: [
            ("en", .english), ("de-at", .german), ("pt-br", .portuguese), ("zh-hans", .chinese), ("zh-cn", .chinese),
            ("zh", .chinese), ("zh-hant", nil), ("zh-tw", nil), ("zh-hant-hk", nil), ("iw", .hebrew),
            ("he-il", .hebrew), ("sr-latn-rs", nil), ("", nil), ("-de", nil), ("deu", nil),
        ] as [(String, Language?)])
    func `is found by its tag, whatever region stands behind it`(tag: String, language: Language?) {
        #expect(Language(tag: tag) == language)
    }

    @Test func `is written from right to left where it is Arabic or Hebrew`() {
        #expect(Language.allCases.filter(\.isRightToLeft) == [.arabic, .hebrew])
        #expect(Language.arabic.direction == "rtl")
        #expect(Language.hindi.direction == "ltr")
    }

    /// From the samples in CLDR's tables of plural rules.
    @Test(
        arguments: [
            (.english, [0: .other, 1: .one, 2: .other, 21: .other]),
            (.french, [0: .one, 1: .one, 2: .other, 1_000_000: .many]),
            (.spanish, [0: .other, 1: .one, 2: .other, 1_000_000: .many, 1_000_001: .other]),
            (.portuguese, [0: .one, 1: .one, 2: .other]),
            (.hindi, [0: .one, 1: .one, 2: .other]),
            (.japanese, [0: .other, 1: .other]),
            (.hebrew, [0: .other, 1: .one, 2: .two, 3: .other, 20: .other]),
            (
                .polish,
                [0: .many, 1: .one, 2: .few, 4: .few, 5: .many, 12: .many, 14: .many, 21: .many, 22: .few, 112: .many]
            ),
            (.ukrainian, [0: .many, 1: .one, 3: .few, 5: .many, 11: .many, 13: .many, 21: .one, 24: .few, 111: .many]),
            (
                .arabic,
                [
                    0: .zero, 1: .one, 2: .two, 3: .few, 10: .few, 11: .many, 99: .many, 100: .other, 102: .other,
                    103: .few,
                ]
            ),
        ] as [(Language, [Int64: Plural])])
    func `has its forms of the plural`(language: Language, forms: [Int64: Plural]) {
        for (count, plural) in forms { #expect(language.plural(of: count) == plural, "\(count)") }
        #expect(Set(forms.values).isSubset(of: language.plurals))
    }

    @Test func `never asks for a form it does not have`() {
        for language in Language.allCases {
            for count in Int64(0)...1200 { #expect(language.plurals.contains(language.plural(of: count))) }
        }
    }
}
