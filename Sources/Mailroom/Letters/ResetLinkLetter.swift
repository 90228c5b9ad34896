import Keyturn
import Wording

/// "Here is the link you asked for": with the link, until when it works, who asked, and what to do if it was somebody else.
extension LetterWriter {
    func resetLink(
        _ link: ResetLink, to recipient: Recipient, for request: ResetRequest, lease: Lease, at now: Timestamp,
        returning returnURLs: ReturnURLs = .none
    ) -> Letter {
        resetLink(link, for: request, askedAt: lease.recordedAt, at: now, returning: returnURLs).letter(
            to: recipient, .resetLink, lease)
    }

    /// - Parameter returnURLs: what the request's ``ResetRequest/returnTo`` may say now.
    func resetLink(
        _ link: ResetLink, for request: ResetRequest, askedAt: Timestamp, at now: Timestamp,
        returning returnURLs: ReturnURLs = .none
    ) -> LetterContent {
        let url = link.url(returningTo: returnURLs.admit(request.returnTo))
        let catalogue = catalogue(for: request.language)
        let words = catalogue["letters"]
        var values = [
            "url": url,
            "notMeLink": link.notMeURL,
            "link": words["notYouLink"],
            "lifetime": catalogue.time.span(link.expiresAt - now),
            "expires": catalogue.time.moment(secondsSince1970: link.expiresAt.seconds),
            "asked": catalogue.time.moment(secondsSince1970: askedAt.seconds),
        ]
        values["device"] = request.device.flatMap { Self.harmless($0) }.map { Self.named($0, in: words) }
        var content = fill(
            "reset-link", subject: "resetSubject", in: catalogue, values, stressed: ["resetWorks", "notYouOffer"],
            moments: ["expires"])
        content.links = [LetterLink(.reset, link.url), LetterLink(.notMe, link.notMeURL)]
        content.facts = LetterFacts(
            link: url, notMeLink: link.notMeURL, lifetime: catalogue.time.span(link.expiresAt - now),
            site: site.name, language: catalogue.language.tag)
        return content
    }

    /// Rough words such as "Firefox on Linux". Anything that could be read as an address or a link is left out: whoever types an
    /// address into the form must not be able to write to its owner.
    static func harmless(_ device: String) -> String? {
        let isPlain = device.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x20: true
            default: false
            }
        }
        return isPlain && (1...64).contains(device.utf8.count) ? device : nil
    }

    /// "Firefox on Linux" as the language says it; one name alone stays as it is.
    private static func named(_ device: String, in words: Words) -> String {
        let names = device.split(separator: " on ", maxSplits: 1).map(String.init)
        return names.count == 2 ? words.fill("device", ["browser": names[0], "system": names[1]]) : device
    }
}
