import StrictJSON

/// What an installation says in other words than ours, in one language: the texts of a file, checked.
package struct OwnTexts: Sendable, Equatable {
    /// Of the file.
    package static let bytesMax = 256 << 10
    /// Of one text, in Unicode code points.
    package static let charactersMax = 2000
    /// The sections of a catalogue that may be changed.
    static let sections = ["pages", "letters"]

    fileprivate struct Change: Sendable, Equatable {
        let section: String
        let key: Words.Key
        /// nil if the text has one form.
        let plural: Plural?
        let text: String
    }

    fileprivate let changes: [Change]

    /// - Parameter bytes: a flat JSON object in UTF-8. A key is that of a text (`forgotTitle`), with its section before it if only that one
    ///   is meant (`letters.resetTitle`), and with a plural form behind it if it has several (`waitMinutes.other`).
    /// - Parameter original: our catalogue of that language.
    /// - Throws: the first that is refused, with its key.
    package init(_ bytes: [UInt8], over original: Catalogue) throws(OwnTextsRefused) {
        guard bytes.count <= Self.bytesMax else { throw OwnTextsRefused("is larger than \(Self.bytesMax >> 10) KiB") }
        guard let members = (try? JSON(parsing: bytes))?.objectValue else {
            throw OwnTextsRefused("is not a JSON object in UTF-8, with each name once")
        }
        var changes: [Change] = []
        for member in members {
            guard let text = member.value.stringValue else {
                throw OwnTextsRefused(member.name, "must be a text: the file is flat")
            }
            let places = Self.places(of: member.name, in: original)
            guard !places.isEmpty else { throw OwnTextsRefused(member.name, "unknown key") }
            for place in places {
                try Self.check(text, for: member.name, instead: place.text)
                changes.append(Change(section: place.section, key: place.key, plural: place.plural, text: text))
            }
        }
        self.changes = changes
    }

    /// Where the texts of that name stand, and what they say now. One name may stand in both sections.
    private static func places(of name: String, in original: Catalogue) -> [Change] {
        let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        let isSection = sections.contains(parts[0])
        let rest = isSection ? Array(parts.dropFirst()) : parts
        guard (1...2).contains(rest.count) else { return [] }
        return (isSection ? [parts[0]] : sections).compactMap { section in
            let words = original[section]
            guard rest.count == 2 else {
                return words.texts[rest[0]].map { Change(section: section, key: rest[0], plural: nil, text: $0) }
            }
            guard let plural = Plural(rawValue: rest[1]), let text = words.forms[rest[0]]?[plural] else { return nil }
            return Change(section: section, key: rest[0], plural: plural, text: text)
        }
    }

    private static func check(_ text: String, for name: String, instead original: String) throws(OwnTextsRefused) {
        guard text.unicodeScalars.count <= charactersMax else {
            throw OwnTextsRefused(name, "is longer than \(charactersMax) characters")
        }
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw OwnTextsRefused(name, "is empty")
        }
        let hasLines = original.unicodeScalars.contains("\n")
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A where hasLines: continue
            case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029:
                throw OwnTextsRefused(name, "contains a control character")
            case 0x202A...0x202E, 0x2066...0x2069:
                throw OwnTextsRefused(name, "contains a character that overrides the direction of writing")
            default: continue
            }
        }
        let (asked, given) = (Set(Words.places(in: original)), Set(Words.places(in: text)))
        guard asked == given else {
            let names = asked.sorted().map { "{\($0)}" }.joined(separator: ", ")
            throw OwnTextsRefused(
                name,
                names.isEmpty ? "must have no placeholder" : "must have the placeholders of the original: \(names)")
        }
    }
}

/// What is wrong with a file of texts: the key, if it is one text, and why.
package struct OwnTextsRefused: Error, Equatable {
    /// As it stands in the file.
    package let key: String?
    package let reason: String

    init(_ reason: String) { (key, self.reason) = (nil, reason) }
    init(_ key: String, _ reason: String) { (self.key, self.reason) = (key, reason) }
}

extension Catalogues {
    /// With an installation's own texts in the place of ours.
    package func changed(by texts: [Language: OwnTexts]) -> Catalogues {
        var catalogues = self
        for (language, texts) in texts {
            catalogues[language] = texts.changes.reduce(self[language]) { catalogue, change in
                catalogue.replacing(change.section, change.key, change.plural, with: change.text)
            }
        }
        return catalogues
    }
}

extension Catalogue {
    fileprivate func replacing(_ section: String, _ key: Words.Key, _ plural: Plural?, with text: String) -> Catalogue {
        let words = self[section]
        var (texts, forms) = (words.texts, words.forms)
        if let plural { forms[key]?[plural] = text } else { texts[key] = text }
        return replacing(section, with: Words(language: language, texts: texts, forms: forms))
    }
}
