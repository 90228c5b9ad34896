import Languages
import Testing

@testable import Wording

@Suite struct `The words of a language` {
    private let words = Words(
        language: .polish, texts: ["greeting": "Dla {name}: {what}.", "broken": "a {b c", "empty": "{name}"],
        forms: ["days": [.one: "{count} dzień", .few: "{count} dni", .many: "{count} dni", .other: "{count} dnia"]])

    @Test func `have their places filled, once`() {
        #expect(words.fill("greeting", ["name": "{what}", "what": "tak"]) == "Dla {what}: tak.")
        #expect(words.fill("greeting", ["name": "Ann"]) == "Dla Ann: {what}.")
        #expect(words.fill("broken", ["b c": "x"]) == "a {b c")
        #expect(words.fill("none", [:]) == "none")
    }

    @Test func `come in pieces for markup`() {
        #expect(
            words.pieces(of: "greeting", ["name": "Ann", "what": "tak"]) == [
                .init(place: nil, text: "Dla "), .init(place: "name", text: "Ann"), .init(place: nil, text: ": "),
                .init(place: "what", text: "tak"), .init(place: nil, text: "."),
            ])
        #expect(words.pieces(of: "empty", ["name": "Ann"]) == [.init(place: "name", text: "Ann")])
    }

    @Test func `stand in the form the number wants`() {
        #expect([1, 2, 5, 22].map { words.count("days", $0) } == ["1 dzień", "2 dni", "5 dni", "22 dni"])
        #expect(words.allForms("days").map(\.plural) == [.one, .few, .many, .other])
    }
}

@Suite struct `The catalogues` {
    private static let english = """
        {"name": "English", "time": {"months": "1 2 3 4 5 6 7 8 9 10 11 12"},
         "pages": {"hello": "Hello {name}", "days": {"one": "{count} day", "other": "{count} days"}}}
        """

    private func refusal(_ change: (String) -> String) -> CatalogueRefused? {
        var files: [Language: [UInt8]] = [:]
        for language in Language.allCases {
            let forms = language.plurals.map { "\"\($0.rawValue)\": \"{count} days\"" }.joined(separator: ", ")
            let text = Self.english.replacing(#""one": "{count} day", "other": "{count} days""#, with: forms)
            files[language] = Array((language == .german ? change(text) : text).utf8)
        }
        do throws(CatalogueRefused) {
            _ = try Catalogues(files)
            return nil
        } catch {
            return error
        }
    }

    @Test func `are refused where one misses or adds a key, a place or a form`() {
        #expect(refusal { $0 } == nil)
        #expect(refusal { $0 + "}" } == .notJSON(.german))
        #expect(refusal { $0.replacing("hello", with: "hallo") }.map { "\($0)".contains("german") } == true)
        #expect(refusal { $0.replacing(#""hello": "Hello {name}","#, with: "") } == .missing(.german, "hello"))
        #expect(
            refusal { $0.replacing(#""pages": {"#, with: #""pages": {"more": "", "#) } == .missing(.german, "more"))
        #expect(refusal { $0.replacing("{name}", with: "{nmae}") } == .wrongPlaces(.german, "hello"))
        #expect(refusal { $0.replacing(#""one": "{count} days", "#, with: "") } == .wrongForms(.german, "days"))
        #expect(
            refusal { $0.replacing(#""hello": "Hello {name}""#, with: #""hello": 1"#) } == .wrongForms(.german, "hello")
        )
        #expect(refusal { $0.replacing("11 12", with: "11") } == .missing(.german, "name, or time"))
    }

    @Test func `of the binary say everything in every language`() throws {
        let catalogues = try Languages.catalogues()
        for language in Language.allCases {
            let catalogue = catalogues[language]
            #expect(catalogue.language == language)
            for (name, section) in catalogue.sections {
                for (key, text) in section.texts { #expect(!text.isEmpty, "\(language) \(name).\(key)") }
            }
        }
        #expect(Set(Language.allCases.map { catalogues[$0].name }).count == Language.allCases.count)
    }

    /// Nobody was asked to translate the brands, but every sentence.
    @Test func `leave no sentence in English`() throws {
        let catalogues = try Languages.catalogues()
        for language in Language.allCases where language != .english {
            for (name, section) in catalogues[.english].sections {
                for (key, text) in section.texts where text.contains(" ") && !text.hasPrefix("{") {
                    #expect(catalogues[language][name][key] != text, "\(language) \(name).\(key)")
                }
            }
        }
    }
}

@Suite struct `Words for times` {
    private func time(_ language: Language) throws -> TimeWords { try Languages.catalogues()[language].time }

    @Test(
        arguments: [
            (0, "1 January 1970, 00:00 UTC"), (951_782_400, "29 February 2000, 00:00 UTC"),
            (951_868_799, "29 February 2000, 23:59 UTC"),
            (1_772_323_199, "28 February 2026, 23:59 UTC"), (1_772_323_200, "1 March 2026, 00:00 UTC"),
            (4_107_542_399, "28 February 2100, 23:59 UTC"), (4_107_542_400, "1 March 2100, 00:00 UTC"),
            (1_798_761_599, "31 December 2026, 23:59 UTC"), (-5, "1 January 1970, 00:00 UTC"),
            (Int64.max, "31 December 9999, 23:59 UTC"),
        ] as [(Int64, String)])
    func `write a moment as people do`(seconds: Int64, words: String) throws {
        #expect(try time(.english).moment(secondsSince1970: seconds) == words)
    }

    @Test(arguments: [
        (0, "0 seconds"), (1, "1 second"), (45, "45 seconds"), (60, "1 minute"), (1800, "30 minutes"), (3600, "1 hour"),
        (5400, "1 hour 30 minutes"), (86_400, "1 day"), (90_061, "1 day 1 hour"), (172_800, "2 days"),
    ])
    func `write a span as people do`(seconds: Int, words: String) throws {
        #expect(try time(.english).span(.seconds(seconds)) == words)
    }

    @Test func `count a part of a second as a whole one`() throws {
        #expect(try time(.english).span(.milliseconds(1_799_400)) == "30 minutes")
        #expect(try time(.english).span(.milliseconds(1)) == "1 second")
        #expect(try time(.english).span(.seconds(-1)) == "0 seconds")
    }

    @Test(
        arguments: [
            (.german, "1. März 2026, 00:00 Uhr UTC", "1 Tag 2 Stunden"),
            (.french, "1er mars 2026 à 00:00 UTC", "1 jour 2 heures"),
            (.polish, "1 marca 2026 r., 00:00 UTC", "1 dzień 2 godziny"),
            (.ukrainian, "1 березня 2026 року, 00:00 UTC", "1 день 2 години"),
            (.japanese, "2026年3月1日 00:00 UTC", "1日2時間"),
            (.arabic, "1 مارس 2026، الساعة 00:00 بالتوقيت العالمي", "يوم واحد وساعتين"),
            (.hebrew, "1 במרץ 2026 בשעה 00:00 UTC", "יום אחד ועוד שעתיים"),
        ] as [(Language, String, String)])
    func `write both as each language does`(language: Language, moment: String, span: String) throws {
        #expect(try time(language).moment(secondsSince1970: 1_772_323_200) == moment)
        #expect(try time(language).span(.seconds(93_600)) == span)
    }
}
