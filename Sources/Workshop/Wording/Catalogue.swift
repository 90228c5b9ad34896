import StrictJSON

/// All that is said in one language: sections of texts, and words for times.
package struct Catalogue: Sendable {
    package let language: Language
    /// What the language calls itself.
    package let name: String
    package let time: TimeWords
    private(set) var sections: [String: Words]

    /// - Parameter bytes: a JSON object: `name`, and sections of texts. A text is a string, or an object of plural forms.
    /// - Throws: where it is anything else.
    package init(_ language: Language, json bytes: [UInt8]) throws(CatalogueRefused) {
        guard let members = (try? JSON(parsing: bytes))?.objectValue else { throw .notJSON(language) }
        var sections: [String: Words] = [:]
        var name: String?
        for member in members {
            if let text = member.value.stringValue, member.name == "name" {
                name = text
            } else {
                sections[member.name] = try Self.words(language, of: member)
            }
        }
        guard let name, let times = sections["time"], let time = TimeWords(times) else {
            throw .missing(language, "name, or time")
        }
        self.language = language
        self.name = name
        self.time = time
        self.sections = sections
    }

    /// The texts of a section; none where there is no such section.
    package subscript(section: String) -> Words { sections[section] ?? Words(language: language) }

    func replacing(_ section: String, with words: Words) -> Catalogue {
        var catalogue = self
        catalogue.sections[section] = words
        return catalogue
    }

    private static func words(_ language: Language, of section: JSON.Member) throws(CatalogueRefused) -> Words {
        guard let members = section.value.objectValue else { throw .notText(language, section.name) }
        var texts: [String: String] = [:]
        var forms: [String: [Plural: String]] = [:]
        for member in members {
            if let text = member.value.stringValue {
                texts[member.name] = text
            } else {
                forms[member.name] = try pluralForms(language, of: member)
            }
        }
        return Words(language: language, texts: texts, forms: forms)
    }

    private static func pluralForms(_ language: Language, of text: JSON.Member) throws(CatalogueRefused)
        -> [Plural: String]
    {
        var forms: [Plural: String] = [:]
        for form in text.value.objectValue ?? [] {
            guard let plural = Plural(rawValue: form.name), let words = form.value.stringValue else {
                throw .notText(language, text.name)
            }
            forms[plural] = words
        }
        guard Set(forms.keys) == Set(language.plurals) else { throw .wrongForms(language, text.name) }
        return forms
    }
}

/// A catalogue for every language, each with the same keys and places as the English one.
package struct Catalogues: Sendable {
    private var catalogues: [Language: Catalogue]
    private let english: Catalogue

    /// - Throws: where a language is missing, or says less or other things than English.
    package init(_ files: [Language: [UInt8]]) throws(CatalogueRefused) {
        english = try Self.catalogue(.english, of: files)
        var catalogues: [Language: Catalogue] = [:]
        for language in Language.allCases {
            let catalogue = try Self.catalogue(language, of: files)
            try Self.check(catalogue, against: english)
            catalogues[language] = catalogue
        }
        self.catalogues = catalogues
    }

    // Every language has one: `init` saw to it.
    package internal(set) subscript(language: Language) -> Catalogue {
        get { catalogues[language] ?? english }
        set { catalogues[language] = newValue }
    }

    private static func catalogue(_ language: Language, of files: [Language: [UInt8]]) throws(CatalogueRefused)
        -> Catalogue
    {
        guard let bytes = files[language] else { throw .missing(language, "file") }
        return try Catalogue(language, json: bytes)
    }

    private static func check(_ catalogue: Catalogue, against model: Catalogue) throws(CatalogueRefused) {
        let language = catalogue.language
        for name in Set(catalogue.sections.keys).symmetricDifference(model.sections.keys) {
            throw .missing(language, name)
        }
        for (name, section) in model.sections {
            let words = catalogue[name]
            for key in Set(words.texts.keys).symmetricDifference(section.texts.keys) { throw .missing(language, key) }
            for key in Set(words.forms.keys).symmetricDifference(section.forms.keys) { throw .missing(language, key) }
            for (key, text) in section.texts where Words.places(in: words[key]) != Words.places(in: text) {
                throw .wrongPlaces(language, key)
            }
        }
    }
}

/// What is wrong with a catalogue, and in which key.
package enum CatalogueRefused: Error, Equatable {
    case notJSON(Language)
    case notText(Language, String)
    /// There in one language and not in the other.
    case missing(Language, String)
    /// Other places to fill than in English.
    case wrongPlaces(Language, String)
    /// Other plural forms than the language has.
    case wrongForms(Language, String)
}
