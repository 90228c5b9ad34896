import Keyturn
import TestKit
import Testing

@testable import Mailroom

@Suite struct `Every mail` {
    private func letter(
        _ kind: LetterKind = .resetLink, row: Int64 = 42, at recordedAt: Timestamp = .noon, to user: User = .ann
    ) throws -> Letter {
        Letter(
            to: try #require(Recipient(user)), kind: kind, outboxID: OutboxID(row), recordedAt: recordedAt,
            subject: "Reset", text: "Hello\n", html: "<p>Hello</p>",
            links: [LetterLink(.reset, "https://example.com/reset-password?token=aaa.bbb.ccc")])
    }

    private func testLetter() throws -> TestLetter {
        try TestLetter(
            to: EmailAddress(stored: "op@example.com"),
            site: Site(name: "Example", url: "https://example.com", supportURL: nil), at: .noon)
    }

    @Test func `says that no person wrote it, so that no machine answers`() throws {
        for mail in [Mail(try letter()), Mail(try letter(.passwordChanged)), Mail(try testLetter())] {
            #expect(mail.headers.contains(MailHeader("Auto-Submitted", "auto-generated")))
            #expect(mail.headers.contains(MailHeader("X-Auto-Response-Suppress", "All")))
        }
    }

    @Test func `differs from the one before it, so that no mailbox hides it in a thread`() throws {
        let references = try (0..<20).map { _ in
            try #require(Mail(try letter()).headers.first { $0.name == "X-Entity-Ref-ID" }?.value)
        }
        #expect(Set(references).count == 20)
        for reference in references {
            // Of chance alone, and short enough for a header.
            #expect((16...40).contains(reference.utf8.count))
            #expect(!reference.contains("@") && !reference.contains("."))
        }
    }

    @Test func `has one id for all attempts of a row, and another for every other mail`() throws {
        let id = Mail(try letter()).id
        #expect(Mail(try letter()).id == id)
        #expect(id.hasPrefix("mail_") && id.utf8.count == 37)
        // Another row, the row used again, another account of the address.
        #expect(Mail(try letter(row: 43)).id != id)
        #expect(Mail(try letter(at: .noon + .milliseconds(1))).id != id)
        #expect(Mail(try letter(to: .bob)).id != id)
        #expect(Mail(try testLetter()).id != Mail(try testLetter()).id)
    }
}
