import Keyturn

/// What a carrier puts on the wire. Made only from a ``Letter`` or a ``TestLetter``, so no other road leads out of the house.
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
    /// The outbox row; nil for a test letter.
    let outboxID: Int64?
    let facts: LetterFacts?

    init(_ letter: Letter) {
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
        outboxID = letter.outboxID.number
        facts = letter.facts
    }

    init(_ letter: TestLetter) {
        to = letter.to.text
        mailable = letter.to.mailable
        subject = letter.subject
        text = letter.text
        html = letter.html
        category = "test"
        outboxID = nil
        facts = nil
    }
}
