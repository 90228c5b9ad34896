package import Keyturn

/// A finished mail to a ``Recipient``.
package struct Letter: Sendable {
    package let to: Recipient
    package let kind: LetterKind
    /// The outbox row's id: what operators and the provider's custom arguments name.
    package let requestID: Int64
    package let subject: String
    package let text: String
    package let html: String
    package init(to: Recipient, kind: LetterKind, requestID: Int64, subject: String, text: String, html: String) {
        self.to = to
        self.kind = kind
        self.requestID = requestID
        self.subject = subject
        self.text = text
        self.html = html
    }
}

/// The site the letters speak for, as configured.
package struct Site: Sendable {
    package let name: String
    /// The public URL, without a slash at its end.
    package let url: String
    package let supportURL: String?
    package init(name: String, url: String, supportURL: String?) {
        self.name = name
        self.url = url
        self.supportURL = supportURL
    }
}
