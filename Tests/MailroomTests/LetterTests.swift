import Foundation
import Keyturn
import TestKit
import Testing

@testable import Mailroom

@Suite struct `A letter` {
    private let link = ResetLink(
        token: "aaa.bbb.ccc", issuer: "https://example.com", expiresAt: .noon + .seconds(1800))

    private func writer(_ name: String = "Example", support: String? = nil) throws -> LetterWriter {
        try LetterWriter(site: Site(name: name, url: "https://example.com", supportURL: support))
    }

    private func lease(_ letter: PromisedLetter) -> Lease {
        Lease(
            id: 7, token: "t", letter: letter, attempts: 0, recordedAt: .noon - .seconds(65),
            expiresAt: .noon + .seconds(60))
    }

    private func resetLetter(_ name: String = "Example", device: String? = nil, support: String? = nil) throws -> Letter
    {
        let request = ResetRequest(email: EmailAddress(stored: "typed@example.com"), device: device)
        return try writer(name, support: support).resetLink(
            link, to: try #require(Recipient(.ann)), for: request, lease: lease(.resetLink(request)), at: .noon)
    }

    private func changedLetter(_ name: String = "Example") throws -> Letter {
        try writer(name).passwordChanged(to: try #require(Recipient(.ann)), lease: lease(.passwordChanged(User.ann.id)))
    }

    @Test func `has each link on a line of its own`() throws {
        let lines = try resetLetter().text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.contains("https://example.com/reset-password?token=aaa.bbb.ccc"))
        #expect(lines.contains("https://example.com/not-me?token=aaa.bbb.ccc"))
        #expect(try changedLetter().text.split(separator: "\n").contains("https://example.com/forgot-password"))
    }

    @Test func `says until when its link works and who asked`() throws {
        let letter = try resetLetter(device: "Firefox on Linux")
        for part in [letter.text, letter.html] {
            #expect(part.contains("30 minutes"))
            #expect(part.contains("1 January 2026, 12:30 UTC"))
            #expect(part.contains("1 January 2026, 11:58 UTC"))
            #expect(part.contains("Firefox on Linux"))
        }
        #expect(try changedLetter().text.contains("Changed: 1 January 2026, 11:58 UTC"))
    }

    @Test func `says what it is about, for whom and for which request`() throws {
        let letter = try resetLetter()
        #expect(letter.subject == "Reset your Example password")
        #expect(letter.to.email.text == "Ann@example.com")
        #expect(letter.requestID == 7)
        #expect(letter.kind == .resetLink)
        #expect(try changedLetter().subject == "Your Example password was changed")
    }

    @Test func `escapes HTML in HTML and nothing in text`() throws {
        for letter in [try resetLetter("<b>Tom & 'Co'</b>"), try changedLetter("<b>Tom & 'Co'</b>")] {
            #expect(letter.html.contains("&lt;b&gt;Tom &amp; &#39;Co&#39;&lt;/b&gt;"))
            #expect(!letter.html.contains("<b>Tom"))
            #expect(letter.text.contains("<b>Tom & 'Co'</b>"))
        }
        // A letter and the mark it wears are one grapheme, and none of the five.
        for letter in [try resetLetter("<\u{338}b>"), try changedLetter("<\u{338}b>")] {
            #expect(!letter.html.unicodeScalars.contains("\u{338}") || letter.html.utf8.contains("&lt;\u{338}b".utf8))
            #expect(!letter.html.utf8.contains("<\u{338}".utf8))
        }
    }

    @Test(arguments: ["evil.example", "a@b", "http://x", "x\nhttps", "<b>", "", String(repeating: "x", count: 65), "é"])
    func `leaves out a device that could be read as more than words`(device: String) throws {
        let (with, without) = (try resetLetter(device: device), try resetLetter())
        #expect(with.text == without.text)
        #expect(with.html == without.html)
    }

    @Test func `never shows what was typed`() throws {
        let letter = try resetLetter()
        #expect(!(letter.text + letter.html + letter.subject).contains("typed@"))
    }

    @Test func `names help where there is some`() throws {
        #expect(try resetLetter(support: "https://help.example.com").text.contains("Help: https://help.example.com"))
        #expect(try resetLetter(support: "https://help.example.com").html.contains(#"href="https://help.example.com""#))
        #expect(!(try resetLetter().text.contains("Help:")))
    }

    @Test func `is small, loads nothing from elsewhere and leaves no tag of a template behind`() throws {
        let test = try TestLetter(
            to: EmailAddress(stored: "op@example.com"),
            site: Site(name: "Example", url: "https://example.com", supportURL: nil), at: .noon)
        let letters = [
            try resetLetter(device: "Firefox on Linux", support: "https://help.example.com"), try changedLetter(),
        ]
        for (text, html) in letters.map({ ($0.text, $0.html) }) + [(test.text, test.html)] {
            #expect(text.utf8.count + html.utf8.count < 20_000)
            for foreign in ["<img", "<link", "<script", "src=", "url(", "@import", "http://", "{{", "}}"] {
                #expect(!html.contains(foreign), "\(foreign)")
            }
            #expect(!text.contains("{{"))
            #expect(text.hasPrefix("Hello,\n"))
            #expect(html.hasPrefix("<!DOCTYPE html>"))
            #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= 78 })
        }
        // For whoever wants to look at them.
        if let directory = ProcessInfo.processInfo.environment["KEYTURN_LETTERS_DIRECTORY"] {
            for (name, html) in [("reset", letters[0].html), ("changed", letters[1].html), ("test", test.html)] {
                try html.write(toFile: "\(directory)/\(name).html", atomically: true, encoding: .utf8)
            }
        }
    }

    @Test(
        arguments: [
            (0, "1 January 1970, 00:00 UTC"), (951_782_400, "29 February 2000, 00:00 UTC"),
            (951_868_799, "29 February 2000, 23:59 UTC"),
            (1_772_323_199, "28 February 2026, 23:59 UTC"), (1_772_323_200, "1 March 2026, 00:00 UTC"),
            (4_107_542_399, "28 February 2100, 23:59 UTC"), (4_107_542_400, "1 March 2100, 00:00 UTC"),
            (1_798_761_599, "31 December 2026, 23:59 UTC"), (-5, "1 January 1970, 00:00 UTC"),
            (Int64.max, "31 December 9999, 23:59 UTC"),
        ] as [(Int64, String)])
    func `writes a moment as people do`(seconds: Int64, words: String) {
        #expect(TimeWords.moment(Timestamp(seconds: seconds)) == words)
    }

    @Test(arguments: [
        (0, "0 seconds"), (1, "1 second"), (45, "45 seconds"), (60, "1 minute"), (1800, "30 minutes"), (3600, "1 hour"),
        (5400, "1 hour 30 minutes"), (86_400, "1 day"), (90_061, "1 day 1 hour"), (172_800, "2 days"),
    ])
    func `writes a span as people do`(seconds: Int, words: String) {
        #expect(TimeWords.span(.seconds(seconds)) == words)
    }

    @Test func `counts a part of a second as a whole one`() {
        #expect(TimeWords.span(.milliseconds(1_799_400)) == "30 minutes")
        #expect(TimeWords.span(.milliseconds(1)) == "1 second")
    }
}
