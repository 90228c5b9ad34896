package import Keyturn
package import Palettes
package import Templating

/// A finished mail to a `Recipient`.
package struct Letter: Sendable {
    package let to: Recipient
    package let kind: LetterKind
    /// The outbox row's id: what operators and the provider's custom arguments name.
    package let outboxID: OutboxID
    package let subject: String
    package let text: String
    package let html: String
    /// For a template that the provider keeps: letters with a link have one.
    package let facts: LetterFacts?
    /// Where it leads, each name once.
    package let links: [LetterLink]
    /// When its row began: when the request was recorded, or an operator let it be tried again.
    package let recordedAt: Timestamp
    package init(
        to: Recipient, kind: LetterKind, outboxID: OutboxID, recordedAt: Timestamp = Timestamp(seconds: 0),
        subject: String, text: String, html: String, facts: LetterFacts? = nil, links: [LetterLink] = []
    ) {
        self.to = to
        self.kind = kind
        self.outboxID = outboxID
        self.recordedAt = recordedAt
        self.links = links
        self.subject = subject
        self.text = text
        self.html = html
        self.facts = facts
    }
}

/// A link in a letter, by its purpose.
package struct LetterLink: Sendable, Equatable {
    /// The names that captured mails have for them.
    package enum Name: String, Sendable {
        case reset
        case notMe = "not_me"
        case forgotPassword = "forgot_password"
    }
    package let name: Name
    package let url: String
    package init(_ name: Name, _ url: String) { (self.name, self.url) = (name, url) }
}

/// What a letter with a link says, apart from our words.
package struct LetterFacts: Sendable, Equatable {
    package let link: String
    package let notMeLink: String
    /// In words, in the letter's language: "30 minutes".
    package let lifetime: String
    /// The site's name.
    package let site: String
    /// BCP 47.
    package let language: String
    package init(link: String, notMeLink: String, lifetime: String, site: String, language: String) {
        self.link = link
        self.notMeLink = notMeLink
        self.lifetime = lifetime
        self.site = site
        self.language = language
    }
}

/// The site the letters speak for, as configured.
package struct Site: Sendable {
    package let name: String
    /// The public URL, without a slash at its end.
    package let url: String
    package let supportURL: String?
    let palette: Palette
    package init(name: String, url: String, supportURL: String?, palette: Palette = .standard) {
        self.name = name
        self.url = url
        self.supportURL = supportURL
        self.palette = palette
    }
}

extension Letter {
    /// The templates of the letters, embedded in the binary.
    package static let templates = TemplateSet([
        .init("frame.html.mustache", PackageResources.frame_html_mustache),
        .init("reset-link.html.mustache", PackageResources.reset_link_html_mustache),
        .init("reset-link.text.mustache", PackageResources.reset_link_text_mustache),
        .init("password-changed.html.mustache", PackageResources.password_changed_html_mustache),
        .init("password-changed.text.mustache", PackageResources.password_changed_text_mustache),
        .init("invitation.html.mustache", PackageResources.invitation_html_mustache),
        .init("invitation.text.mustache", PackageResources.invitation_text_mustache),
        .init("password-expired.html.mustache", PackageResources.password_expired_html_mustache),
        .init("password-expired.text.mustache", PackageResources.password_expired_text_mustache),
        .init("email-changed.html.mustache", PackageResources.email_changed_html_mustache),
        .init("email-changed.text.mustache", PackageResources.email_changed_text_mustache),
        .init("sign-in-elsewhere.html.mustache", PackageResources.sign_in_elsewhere_html_mustache),
        .init("sign-in-elsewhere.text.mustache", PackageResources.sign_in_elsewhere_text_mustache),
        .init("test.html.mustache", PackageResources.test_html_mustache),
        .init("test.text.mustache", PackageResources.test_text_mustache),
    ])
}
