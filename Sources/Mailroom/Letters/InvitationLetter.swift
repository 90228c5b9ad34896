import Keyturn
import Wording

/// "Choose your password": an account was made for the person, who has no password yet. Holds a link that works for days.
extension LetterWriter {
    func invitation(
        _ link: ResetLink, to recipient: Recipient, in language: String?, lease: Lease, at now: Timestamp
    ) -> Letter {
        invitation(link, in: language, at: now).letter(to: recipient, .invitation, lease)
    }

    func invitation(_ link: ResetLink, in language: String?, at now: Timestamp) -> LetterContent {
        withLink("invitation", subject: "inviteSubject", link, in: language, at: now)
    }

    /// A letter about a link that the person did not ask for.
    func withLink(
        _ letter: String, subject: Words.Key, _ link: ResetLink, in language: String?, at now: Timestamp
    ) -> LetterContent {
        let catalogue = catalogue(for: language)
        let lifetime = catalogue.time.span(link.expiresAt - now)
        var content = fill(
            letter, subject: subject, in: catalogue,
            [
                "url": link.url, "lifetime": lifetime,
                "expires": catalogue.time.moment(secondsSince1970: link.expiresAt.seconds),
            ], stressed: ["resetWorks"])
        content.facts = LetterFacts(
            link: link.url, notMeLink: link.notMeURL, lifetime: lifetime, site: site.name,
            language: catalogue.language.tag)
        return content
    }
}
