import Keyturn
import Wording

/// "Your password was changed": so that nobody loses an account without hearing of it.
extension LetterWriter {
    func passwordChanged(to recipient: Recipient, lease: Lease) -> Letter {
        let catalogue = catalogue(for: nil)
        let (text, html) = fill(
            "password-changed", in: catalogue,
            [
                "changed": catalogue.time.moment(secondsSince1970: lease.recordedAt.seconds),
                "forgotLink": "\(site.url)/forgot-password",
            ])
        return Letter(
            to: recipient, kind: .passwordChanged, requestID: lease.id,
            subject: catalogue["letters"].fill("changedSubject", ["site": site.name]), text: text, html: html)
    }
}
