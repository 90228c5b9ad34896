import Keyturn
import Wording

/// "You sign in without a password": the answer to a request for an account that has none. It carries no link.
extension LetterWriter {
    func signInElsewhere(to recipient: Recipient, for request: ResetRequest, lease: Lease) -> Letter {
        signInElsewhere(in: request.language).letter(to: recipient, .resetLink, lease)
    }

    /// - Parameter language: BCP 47, in lower case; nil if unknown.
    func signInElsewhere(in language: String?) -> LetterContent {
        fill("sign-in-elsewhere", subject: "elsewhereSubject", in: catalogue(for: language), [:])
    }
}
