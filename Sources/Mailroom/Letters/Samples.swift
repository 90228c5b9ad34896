import Keyturn
package import Wording

extension Letter {
    /// A letter as a preview shows it.
    package struct Sample: Sendable {
        /// Below the preview's folder, without its ending: `de/letter-reset-link`.
        package let path: String
        package let text: String
        package let html: String
    }

    /// As long as a real one, and signed by nobody.
    private static let token =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6InBhc3N3b3JkLXJlc2V0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmV4YW1wbGUuY29tIiwiYXV"
        + "kIjoicGFzc3dvcmQtcmVzZXQiLCJzdWIiOiI3IiwiaWF0IjoxNzY3MjY4ODAwLCJleHAiOjE3NjcyNzA2MDB9"
        + ".Vx3mQf0sT8nYk2RzLw5bJc7hDpE1uGaNi4oKvXtS9Zg"

    /// Every letter there is, in every language.
    /// - Throws: where a template cannot be read.
    package static func samples(
        site: Site, templates: [String: [UInt8]] = [:], texts: CurrentTexts? = nil
    ) throws -> [Sample] {
        let writer = try LetterWriter(site: site, templates: templates, texts: texts)
        let now = Timestamp(seconds: 1_767_268_800)
        let link = ResetLink(
            token: token, issuer: site.url, expiresAt: now + .seconds(1800))
        let invitation = ResetLink(
            token: token, issuer: site.url, expiresAt: now + ResetLinks.inviteLifetimeDefault)
        return Language.allCases.flatMap { language in
            let request = ResetRequest(
                email: EmailAddress(stored: "ann@example.com"), language: language.tag, device: "Firefox on Linux")
            let letters = [
                writer.resetLink(link, for: request, askedAt: now, at: now),
                writer.passwordChanged(at: now, in: language.tag),
                writer.invitation(invitation, in: language.tag, at: now),
                writer.passwordExpired(link, in: language.tag, at: now),
                writer.emailChanged(at: now, in: language.tag),
                writer.signInElsewhere(in: language.tag),
            ]
            let names = [
                "reset-link", "password-changed", "invitation", "password-expired", "email-changed",
                "sign-in-elsewhere",
            ]
            return zip(names, letters).map { name, letter in
                Sample(path: "\(language.tag)/letter-\(name)", text: letter.text, html: letter.html)
            }
        }
    }
}
