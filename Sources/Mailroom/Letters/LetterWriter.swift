import Keyturn
import Languages
import Mustache
import Palettes
import Templating
import Wording

/// A letter before it is somebody's.
struct LetterContent: Sendable {
    let subject: String
    let text: String
    let html: String
    var facts: LetterFacts?

    func letter(to recipient: Recipient, _ kind: LetterKind, _ lease: Lease) -> Letter {
        Letter(to: recipient, kind: kind, outboxID: lease.id, subject: subject, text: text, html: html, facts: facts)
    }
}

/// Fills the letters' templates with words. HTML is escaped, text is not; every letter shares one frame.
struct LetterWriter: Sendable {
    let site: Site
    private let texts: CurrentTexts
    private let languages: OfferedLanguages
    private let library: MustacheLibrary

    /// Lines of text end here, so that they can be quoted in a mail of 78 columns (RFC 5322 §2.1.1).
    private static let columns = 72

    /// - Parameter templates: in the place of ours, by file name.
    /// - Parameter texts: nil: our own words.
    /// - Throws: where a template or a catalogue does not parse.
    init(
        site: Site, templates: [String: [UInt8]] = [:], texts: CurrentTexts? = nil, languages: OfferedLanguages = .all
    ) throws {
        self.site = site
        self.languages = languages
        self.texts = try texts ?? CurrentTexts(Languages.catalogues())
        library = try Letter.templates.library(templates)
    }

    /// The words of that language; of the installation's own if it does not speak that one.
    /// - Parameter tag: BCP 47, in lower case.
    func catalogue(for tag: String?) -> Catalogue { texts.catalogues[languages.language(for: tag)] }

    /// - Parameter values: what fills the places in the words; templates may name them too.
    /// - Parameter stressed: texts of which each place is shown apart: the template gets their pieces.
    func fill(
        _ letter: String, subject: Words.Key, in catalogue: Catalogue, _ values: [String: String],
        stressed: [Words.Key] = []
    ) -> LetterContent {
        let words = catalogue["letters"]
        var values = values
        values["site"] = site.name
        values["siteURL"] = site.url
        values["supportURL"] = site.supportURL
        var model: [String: Any] = values
        model["t"] = words.texts.keys.reduce(into: [String: String]()) { $0[$1] = words.fill($1, values) }
        for key in stressed {
            model[key] = words.pieces(of: key, values).map { [$0.place == nil ? "plain" : "apart": $0.text] }
        }
        model["language"] = catalogue.language.tag
        model["direction"] = catalogue.language.direction
        let isRightToLeft = catalogue.language.isRightToLeft
        model["start"] = isRightToLeft ? "right" : "left"
        model["end"] = isRightToLeft ? "left" : "right"
        model["accent"] = site.palette.accent.hex
        model["onAccent"] = site.palette.onAccent.hex
        model["darkAccent"] = site.palette.darkAccent.hex
        model["onDarkAccent"] = site.palette.onDarkAccent.hex
        // Both names are in the set of templates.
        let text = library.render(model, withTemplate: "\(letter).text") ?? ""
        let html = library.render(model, withTemplate: "\(letter).html") ?? ""
        return LetterContent(
            subject: words.fill(subject, values), text: isRightToLeft ? text : Self.wrapped(text), html: html)
    }

    /// Breaks long lines at blanks. Links stay whole, and so do languages that write without blanks. What is written from right to left is
    /// not broken: its letters join and its vowel marks take no column, so that lines cut here end anywhere on a screen.
    private static func wrapped(_ text: String) -> String {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return lines.map { wrapped(line: Substring($0)) }.joined(separator: "\n")
    }

    private static func wrapped(line: Substring) -> String {
        guard line.unicodeScalars.count > columns else { return String(line) }
        var (wrapped, column) = ("", 0)
        for word in line.utf8.split(separator: UInt8(ascii: " ")).map({ Substring($0) }) {
            let width = word.unicodeScalars.count
            if column > 0 {
                let fits = column + 1 + width <= columns
                wrapped += fits ? " " : "\n"
                column = fits ? column + 1 : 0
            }
            wrapped += word
            column += width
        }
        return wrapped
    }
}
