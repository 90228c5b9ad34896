import Keyturn

/// "Here is the link you asked for": with the link, until when it works, who asked, and what to do if it was somebody else.
extension LetterWriter {
    func resetLink(
        _ link: ResetLink, to recipient: Recipient, for request: ResetRequest, lease: Lease, at now: Timestamp
    ) -> Letter {
        var words = [
            "link": link.url,
            "notMeLink": link.notMeURL,
            "lifetime": TimeWords.span(link.expiresAt - now),
            "expires": TimeWords.moment(link.expiresAt),
            "asked": TimeWords.moment(lease.recordedAt),
        ]
        words["device"] = request.device.flatMap { Self.harmless($0) }
        let (text, html) = fill("reset-link", words)
        return Letter(
            to: recipient, kind: .resetLink, requestID: lease.id, subject: "Reset your \(site.name) password",
            text: text, html: html)
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
}
