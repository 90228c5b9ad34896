/// Which of the languages an installation speaks, and which one it speaks to those who ask for none of them.
package struct OfferedLanguages: Sendable, Equatable {
    package static let all = OfferedLanguages(Language.allCases, standard: .english)

    /// In the order in which they are listed for people.
    package let languages: [Language]
    package let standard: Language

    /// - Parameter standard: one of `languages`.
    package init(_ languages: [Language], standard: Language) {
        self.languages = languages
        self.standard = standard
    }

    /// The language with exactly this tag.
    package func named(_ tag: String) -> Language? {
        languages.first { $0.tag.utf8.elementsEqual(tag.utf8) }
    }

    /// The first of `tags` that is spoken here.
    /// - Parameter tags: in lower case, the most wanted first.
    package func first(of tags: [String]) -> Language? {
        tags.lazy.compactMap(Language.init(tag:)).first { languages.contains($0) }
    }

    /// - Parameter tag: in lower case; nil: not known.
    package func language(for tag: String?) -> Language { first(of: [tag].compactMap(\.self)) ?? standard }
}
