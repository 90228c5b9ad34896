package import Keyturn

/// A mail that the demo kept instead of sending it.
package struct DemoMail: Sendable {
    package let id: String
    package let to: String
    package let subject: String
    package let text: String
    package let html: String
    /// The addresses in the text, in their order.
    package let links: [String]
    package let at: Timestamp
    package init(
        id: String, to: String, subject: String, text: String, html: String, links: [String] = [], at: Timestamp
    ) {
        self.id = id
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
        self.links = links
        self.at = at
    }
}
