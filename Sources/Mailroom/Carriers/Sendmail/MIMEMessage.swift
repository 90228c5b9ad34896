import HTTP
import Keyturn

/// A mail as it is handed to a mail program (RFC 5322, RFC 2045 and 2046): text and HTML beside each other, lines that end with LF, which
/// the program makes into what SMTP wants. No line is longer than 998 bytes, and none of the body longer than 76.
struct MIMEMessage: Sendable {
    /// With its angle brackets.
    let id: String
    let bytes: [UInt8]

    /// - Parameter chance: makes the id and the boundary, which no other message has.
    /// - Returns: nil if an address cannot stand in a header.
    init?(_ mail: Mail, from sender: Sender, at now: Timestamp, chance: () -> String = { LeaseToken.randomName() }) {
        guard let to = HeaderText.address(mail.mailable), let from = HeaderText.address(sender.email) else {
            return nil
        }
        let id = "<\(chance())@\(Self.domain(of: from))>"
        self.id = id
        // `=_` is in no line of quoted-printable text.
        let boundary = "=_\(chance())"
        var lines = [
            "Date: \(Self.date(now))", "From: \(Self.mailbox(from, sender.name))", "To: <\(to)>",
            "Subject: \(HeaderText.unstructured(mail.subject, column: 9))", "Message-ID: \(id)",
        ]
        lines += mail.headers.map { "\($0.name): \(HeaderText.unstructured($0.value, column: $0.name.utf8.count + 2))" }
        lines += ["MIME-Version: 1.0", "Content-Type: multipart/alternative;", " boundary=\"\(boundary)\"", ""]
        var bytes = Array(lines.joined(separator: "\n").utf8) + [0x0A]
        // What a program shows that cannot choose comes first (RFC 2046 §5.1.4).
        for (type, text) in [("text/plain", mail.text), ("text/html", mail.html)] {
            let head =
                "--\(boundary)\nContent-Type: \(type); charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
            bytes += Array(head.utf8) + QuotedPrintable.encode(text) + [0x0A]
        }
        self.bytes = bytes + Array("--\(boundary)--\n".utf8)
    }

    private static func mailbox(_ address: String, _ name: String) -> String {
        guard !name.isEmpty else { return "<\(address)>" }
        let phrase = HeaderText.phrase(name, column: 6)
        let last = phrase.utf8.split(separator: 0x0A).last?.count ?? 0
        let isShort = last + address.utf8.count + 9 <= 76
        return "\(phrase)\(isShort ? " " : "\n ")<\(address)>"
    }

    /// Of the sender's address: what stands behind the `@` of an id has to be a name of ours.
    private static func domain(of address: String) -> String {
        let domain = address.utf8.split(separator: UInt8(ascii: "@")).last.map { String(Substring($0)) } ?? ""
        // An id beyond ASCII is lost on the way.
        return domain.utf8.allSatisfy { $0 < 0x80 } ? domain : "keyturn.invalid"
    }

    /// `Thu, 01 Jan 2026 12:00:00 +0000`
    private static func date(_ now: Timestamp) -> String {
        String(HTTPDate.format(secondsSince1970: now.seconds).dropLast(3)) + "+0000"
    }
}
