import Keyturn

extension Letter {
    /// Names the templates whose message would not show the reset link, with a device and a support address and without: what is wrong
    /// then is wrong for every person, and no mail says so.
    /// - Parameter templates: in the place of ours, by file name.
    /// - Throws: a template that does not parse.
    package static func templatesWithoutLink(_ templates: [String: [UInt8]]) throws -> [String] {
        let now = Timestamp(seconds: 1_767_268_800)
        let link = ResetLink(token: "sample", issuer: "https://accounts.example.com", expiresAt: now + .seconds(1800))
        var lacking: Set<String> = []
        for isFull in [true, false] {
            let site = Site(
                name: "Example", url: "https://accounts.example.com", supportURL: isFull ? "https://example.com" : nil)
            let request = ResetRequest(
                email: EmailAddress(stored: "ann@example.com"), language: nil,
                device: isFull ? "Firefox on Linux" : nil)
            let writer = try LetterWriter(site: site, templates: templates)
            let letters = [
                ("reset-link", writer.resetLink(link, for: request, askedAt: now, at: now)),
                ("invitation", writer.invitation(link, in: nil, at: now)),
                ("password-expired", writer.passwordExpired(link, in: nil, at: now)),
            ]
            for (name, letter) in letters {
                if !letter.html.contains(link.url) { lacking.insert("\(name).html.mustache") }
                if !letter.text.contains(link.url) { lacking.insert("\(name).text.mustache") }
            }
        }
        // In the order in which they are written above.
        return ["reset-link", "invitation", "password-expired"].flatMap {
            ["\($0).html.mustache", "\($0).text.mustache"]
        }
        .filter(lacking.contains)
    }
}
