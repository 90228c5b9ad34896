import Mustache
import Templating

/// Fills the embedded templates. HTML is escaped, text is not; every letter shares one frame.
struct LetterWriter: Sendable {
    let site: Site
    private let library: MustacheLibrary

    /// - Throws: where a template does not parse.
    init(site: Site) throws {
        self.site = site
        let html: [String: [UInt8]] = [
            "frame.html": PackageResources.frame_html_mustache,
            "reset-link.html": PackageResources.reset_link_html_mustache,
            "password-changed.html": PackageResources.password_changed_html_mustache,
            "test.html": PackageResources.test_html_mustache,
        ]
        let text: [String: [UInt8]] = [
            "reset-link.text": PackageResources.reset_link_text_mustache,
            "password-changed.text": PackageResources.password_changed_text_mustache,
            "test.text": PackageResources.test_text_mustache,
        ]
        let plain = try text.mapValues { try MustacheTemplate(string: String(decoding: $0, as: UTF8.self)) }
        library = MustacheLibrary(templates: try html.mapValues(HTMLTemplate.parsed).merging(plain) { $1 })
    }

    /// - Parameter words: what the template names; the site's are always there.
    func fill(_ letter: String, _ words: [String: String]) -> (text: String, html: String) {
        var words = words
        words["site"] = site.name
        words["siteURL"] = site.url
        words["supportURL"] = site.supportURL
        // Both names stand in the table above.
        let text = library.render(words, withTemplate: "\(letter).text") ?? ""
        let html = library.render(words, withTemplate: "\(letter).html") ?? ""
        return (text, html)
    }
}
