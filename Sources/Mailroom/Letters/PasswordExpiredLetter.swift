import Keyturn
import Wording

/// "Your password has expired": an operator or the app demands a new one, and here is the link to choose it.
extension LetterWriter {
    func passwordExpired(_ link: ResetLink, to recipient: Recipient, lease: Lease, at now: Timestamp) -> Letter {
        passwordExpired(link, in: nil, at: now).letter(to: recipient, .passwordExpired, lease)
    }

    func passwordExpired(_ link: ResetLink, in language: String?, at now: Timestamp) -> LetterContent {
        withLink("password-expired", subject: "expiredSubject", link, in: language, at: now)
    }
}
