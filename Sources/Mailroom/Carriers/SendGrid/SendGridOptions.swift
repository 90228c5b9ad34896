/// Settings of ``SendGrid``, with their defaults.
package struct SendGridOptions: Sendable {
    /// Blanks and line ends around it are trimmed.
    package var apiKey: String
    package var from: Sender
    package var replyTo: String?
    /// Besides our own ("password-reset", "password-changed"); at most ``categoriesMax``, each of at most ``categoryBytesMax``.
    package var categories: [String] = []
    /// A dynamic template at SendGrid for letters with a link, which is filled with ``LetterFacts``; nil: our own letter.
    package var templateID: String?
    /// Without this a suppressed address is accepted with 202 and gets nothing.
    package var bypassSuppressions = true
    /// SendGrid checks the mail, answers 200 and sends nothing.
    package var sandbox = false
    /// SendGrid takes ten a mail, and one is ours.
    package static let categoriesMax = 9
    package static let categoryBytesMax = 255
    package init(apiKey: String, from: Sender) {
        self.apiKey = apiKey
        self.from = from
    }
}
