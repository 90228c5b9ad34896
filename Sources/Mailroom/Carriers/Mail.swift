import Cryptography
import Keyturn

/// What a carrier puts on the wire. Made only from a ``Letter`` or a ``TestLetter``, so that no other message leaves.
struct Mail: Sendable {
    /// As it is stored.
    let to: String
    /// As a mail server takes it: ``EmailAddress/mailable``.
    let mailable: String
    let subject: String
    let text: String
    let html: String
    /// What the provider groups its statistics by; never personal.
    let category: String
    /// What kind of message it is: a ``LetterKind``, or `test`.
    let kind: String
    /// Header fields that every carrier sets.
    let headers: [MailHeader]
    /// The same for every attempt of a row of the outbox to one account, and for no other mail: `mail_` and 32 hexadecimal digits.
    let id: String
    /// The outbox row; nil for a test letter.
    let outboxID: Int64?
    let facts: LetterFacts?
    let links: [LetterLink]

    /// - Parameter reference: of this mail alone.
    init(_ letter: Letter, reference: String = LeaseToken.randomName()) {
        to = letter.to.email.text
        mailable = letter.to.email.mailable
        subject = letter.subject
        text = letter.text
        html = letter.html
        category =
            switch letter.kind {
            case .resetLink: "password-reset"
            case .passwordChanged: "password-changed"
            case .invitation: "invitation"
            case .passwordExpired: "password-expired"
            case .emailChanged: "email-changed"
            }
        kind = letter.kind.rawValue
        headers = Self.headers(reference)
        id = Self.id(of: letter)
        outboxID = letter.outboxID.number
        facts = letter.facts
        links = letter.links
    }

    init(_ letter: TestLetter, reference: String = LeaseToken.randomName()) {
        to = letter.to.text
        mailable = letter.to.mailable
        subject = letter.subject
        text = letter.text
        html = letter.html
        category = "test"
        kind = "test"
        headers = Self.headers(reference)
        id = "mail_" + reference
        outboxID = nil
        facts = nil
        links = []
    }

    /// No holiday reply and no ticket system answers (RFC 3834 §5, and what Exchange heeds); and mailboxes fold no letter into a thread
    /// with an older one, under which the link that works would be hidden.
    private static func headers(_ reference: String) -> [MailHeader] {
        [
            MailHeader("Auto-Submitted", "auto-generated"), MailHeader("X-Auto-Response-Suppress", "All"),
            MailHeader("X-Entity-Ref-ID", reference),
        ]
    }

    /// Of the row, of when it began (a row is used again if a request comes while its message is under way), and of the account (an
    /// address may have several).
    private static func id(of letter: Letter) -> String {
        let row = "\(letter.outboxID.number) \(letter.recordedAt.milliseconds) \(letter.to.id.text)"
        return "mail_" + Hexadecimal.encode(Array(Digest.sha256(Array(row.utf8)).prefix(16)))
    }
}

/// A header field: printable ASCII.
struct MailHeader: Sendable, Equatable {
    let name: String
    let value: String
    init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
}
