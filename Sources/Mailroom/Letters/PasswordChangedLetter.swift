import Keyturn
import Wording

/// "Your password was changed": so that nobody loses an account without hearing of it.
extension LetterWriter {
    func passwordChanged(to recipient: Recipient, in language: String?, lease: Lease) -> Letter {
        passwordChanged(at: lease.recordedAt, in: language).letter(to: recipient, .passwordChanged, lease)
    }

    /// - Parameter language: BCP 47, in lower case; nil where nobody knows.
    func passwordChanged(at changed: Timestamp, in language: String?) -> LetterContent {
        let catalogue = catalogue(for: language)
        let forgotLink = "\(site.url)/forgot-password"
        var content = fill(
            "password-changed", subject: "changedSubject", in: catalogue,
            ["changed": catalogue.time.moment(secondsSince1970: changed.seconds), "forgotLink": forgotLink])
        content.links = [LetterLink(.forgotPassword, forgotLink)]
        return content
    }
}
