import Keyturn
import TestKit
import Testing

@testable import Mailroom

@Suite struct `A MIME message` {
    private func mail(
        to: String = "Ann@example.com", subject: String = "Reset your password", text: String = "Hello\n",
        html: String = "<p>Hello</p>"
    ) throws -> Mail {
        return Mail(
            Letter(
                to: try #require(Recipient(User.ann.with(email: to))), kind: .resetLink, outboxID: OutboxID(7),
                subject: subject,
                text: text, html: html), reference: "ref-1")
    }

    private func message(_ mail: Mail, from sender: Sender = Sender(email: "no-reply@example.org", name: "Example"))
        -> String?
    {
        var rest = ["id1", "bound"].makeIterator()
        return MIMEMessage(mail, from: sender, at: .noon, chance: { rest.next() ?? "x" }).map {
            String(decoding: $0.bytes, as: UTF8.self)
        }
    }

    @Test func `has text before HTML, quoted-printable, and the header of a letter that no person wrote`() throws {
        #expect(
            message(try mail()) == """
                Date: Thu, 01 Jan 2026 12:00:00 +0000
                From: "Example" <no-reply@example.org>
                To: <Ann@example.com>
                Subject: Reset your password
                Message-ID: <id1@example.org>
                Auto-Submitted: auto-generated
                X-Auto-Response-Suppress: All
                X-Entity-Ref-ID: ref-1
                MIME-Version: 1.0
                Content-Type: multipart/alternative;
                 boundary="=_bound"

                --=_bound
                Content-Type: text/plain; charset=utf-8
                Content-Transfer-Encoding: quoted-printable

                Hello

                --=_bound
                Content-Type: text/html; charset=utf-8
                Content-Transfer-Encoding: quoted-printable

                <p>Hello</p>

                --=_bound--

                """)
    }

    private static let evil = [
        "a\r\nBcc: eve@example.net", "a\nBcc: eve@example.net", "a\rBcc: eve@example.net", "a\r\n\r\n<html>", "\u{0}x",
        "a\u{2028}Bcc: x", "a\u{85}Bcc: x", "a\u{B}\u{C}b", "\n", "=?UTF-8?Q?=0D=0ABcc:_x?=",
        String(repeating: "ä", count: 2000), String(repeating: "a", count: 2000), "\" <eve@example.net>, \"",
    ]

    /// What the header of a message consists of: the names of its fields.
    private func names(_ message: String) -> [String] {
        let head = message.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).prefix { !$0.isEmpty }
        return head.filter { $0.first != 0x20 }.map { String(decoding: $0.prefix { $0 != 0x3A }, as: UTF8.self) }
    }

    @Test(arguments: evil)
    func `gets no field and no recipient from words, whatever they are`(words: String) throws {
        let expected = names(try #require(message(try mail())))
        let written = try #require(
            message(try mail(subject: words), from: Sender(email: "no-reply@example.org", name: words)))
        #expect(names(written) == expected)
        let head = written.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).prefix { !$0.isEmpty }
        for line in head {
            #expect(line.count <= 78)
            #expect(line.allSatisfy { (0x20...0x7E).contains($0) })
        }
        // One sender: what stands in the name is a quoted string or encoded words.
        let from = String(decoding: Array(head.joined(separator: [0x0A])), as: UTF8.self)
        #expect(from.contains("<no-reply@example.org>"))
    }

    @Test(arguments: [
        "a@b\r\nBcc: eve@example.net", "a b@example.com", "a@example.com,eve@example.net", "<a@example.com>", "a", "",
        "a@example.com\u{0}", "(a)@example.com", "a\\b@example.com",
    ])
    func `is not made for an address that would be more than one`(address: String) throws {
        #expect(message(try mail(to: address)) == nil)
        #expect(message(try mail(), from: Sender(email: address, name: "")) == nil)
    }

    @Test func `takes addresses beyond ASCII, and local parts in quotes, as they are`() throws {
        #expect(try #require(message(try mail(to: "用户@example.com"))).contains("To: <用户@example.com>\n"))
        let written = try #require(message(try mail(to: "mobile..0511@example.com")))
        #expect(written.contains("To: <\"mobile..0511\"@example.com>\n"))
    }

    @Test func `carries a link of 340 characters whole, in lines that no server cuts`() throws {
        let link =
            "https://accounts.example.com/reset-password?token=" + String(repeating: "eyJh-_.9A", count: 33).prefix(290)
        let written = try #require(message(try mail(text: "\(link)\n", html: "<a href=\"\(link)\">x</a>")))
        #expect(written.utf8.split(separator: 0x0A).allSatisfy { $0.count <= 76 })
        let text = written.replacing("=\n", with: "").replacing("=3D", with: "=").replacing("=2E", with: ".")
        #expect(text.contains("\n\(link)\n") && text.contains("<a href=\"\(link)\">"))
    }

    @Test func `has an id and a boundary that no other message has`() throws {
        let sender = Sender(email: "no-reply@example.org", name: "")
        let messages = try (0..<50).map { _ in try #require(MIMEMessage(try mail(), from: sender, at: .noon)) }
        #expect(Set(messages.map(\.id)).count == 50)
        #expect(Set(messages.map(\.bytes)).count == 50)
    }
}
