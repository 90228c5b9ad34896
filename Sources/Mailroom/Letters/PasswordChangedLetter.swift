import Keyturn

/// "Your password was changed": so that nobody loses an account without hearing of it.
extension LetterWriter {
    func passwordChanged(to recipient: Recipient, lease: Lease) -> Letter {
        let (text, html) = fill(
            "password-changed",
            ["changed": TimeWords.moment(lease.recordedAt), "forgotLink": "\(site.url)/forgot-password"])
        return Letter(
            to: recipient, kind: .passwordChanged, requestID: lease.id,
            subject: "Your \(site.name) password was changed",
            text: text, html: html)
    }
}
