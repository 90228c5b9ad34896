import Keyturn
import Languages
import Mustache
import Palettes
import Templating
import Wording

/// A letter before it has a recipient.
struct LetterContent: Sendable {
    let subject: String
    let text: String
    let html: String
    var facts: LetterFacts?
    var links: [LetterLink]

    func letter(to recipient: Recipient, _ kind: LetterKind, _ lease: Lease) -> Letter {
        Letter(
            to: recipient, kind: kind, outboxID: lease.id, recordedAt: lease.recordedAt, subject: subject, text: text,
            html: html, facts: facts, links: links)
    }
}

/// Fills the letters' templates with words. HTML is escaped, text is not; every letter shares one frame. A paragraph of the text is one
/// line, however long: mail programs break lines where their window ends, in every script.
struct LetterWriter: Sendable {
    let site: Site
    private let texts: CurrentTexts
    private let languages: OfferedLanguages
    private let library: MustacheLibrary

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
    /// - Parameter moments: places of those that hold a moment by the calendar, which is shown small.
    func fill(
        _ letter: String, subject: Words.Key, in catalogue: Catalogue, _ values: [String: String],
        stressed: [Words.Key] = [], moments: Set<String> = []
    ) -> LetterContent {
        let words = catalogue["letters"]
        var values = values
        values["site"] = site.name
        values["siteURL"] = site.url
        values["supportURL"] = site.supportURL
        var model: [String: Any] = values
        model["t"] = words.texts.keys.reduce(into: [String: String]()) { $0[$1] = words.fill($1, values) }
        for key in stressed {
            model[key] = words.pieces(of: key, values).map { piece -> [String: Any] in
                guard let place = piece.place else { return ["plain": piece.text] }
                return ["apart": piece.text, "isMoment": moments.contains(place)]
            }
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
            subject: words.fill(subject, values), text: text, html: html, links: [])
    }
}
