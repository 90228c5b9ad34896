package import Keyturn
import Wording

/// "Your mail settings work": to an address the operator chose, and holds nothing personal. In English, as
/// all that operators read.
///
/// The only mail that needs no `Recipient`; so its words are all ours, and carriers take it on a way of its own.
package struct TestLetter: Sendable {
    package let to: EmailAddress
    package let subject: String
    package let text: String
    package let html: String

    /// - Throws: a template that does not parse.
    package init(to address: EmailAddress, site: Site, at now: Timestamp) throws {
        to = address
        let writer = try LetterWriter(site: site)
        let english = writer.catalogue(for: nil)
        let content = writer.fill(
            // Not in the catalogue: a text without a key stands for itself.
            "test", subject: "Test email from {site}", in: english,
            ["sent": english.time.moment(secondsSince1970: now.seconds)])
        (subject, text, html) = (content.subject, content.text, content.html)
    }
}
