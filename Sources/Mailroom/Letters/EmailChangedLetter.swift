import Keyturn
import Wording

/// "Your email address was changed", to the address that the account had before. Holds no link and not the new address: the mailbox may
/// be in other hands.
extension LetterWriter {
    func emailChanged(to recipient: Recipient, lease: Lease) -> Letter {
        emailChanged(at: lease.recordedAt, in: nil).letter(to: recipient, .emailChanged, lease)
    }

    func emailChanged(at changed: Timestamp, in language: String?) -> LetterContent {
        let catalogue = catalogue(for: language)
        return fill(
            "email-changed", subject: "movedSubject", in: catalogue,
            ["changed": catalogue.time.moment(secondsSince1970: changed.seconds)])
    }
}
