import Foundation
import Keyturn
import Languages
import TestKit
import Testing
import Wording

@testable import Mailroom

@Suite struct `A letter` {
    private let link = ResetLink(
        token: "aaa.bbb.ccc", issuer: "https://example.com", expiresAt: .noon + .seconds(1800))

    private func writer(_ name: String = "Example", support: String? = nil) throws -> LetterWriter {
        try LetterWriter(site: Site(name: name, url: "https://example.com", supportURL: support))
    }

    private func lease(_ letter: PromisedMessage) -> Lease {
        Lease(
            id: OutboxID(7), token: LeaseToken("t"), letter: letter, attempts: 0, recordedAt: .noon - .seconds(65),
            expiresAt: .noon + .seconds(60))
    }

    private func resetLetter(_ name: String = "Example", device: String? = nil, support: String? = nil) throws -> Letter
    {
        let request = ResetRequest(email: EmailAddress(stored: "typed@example.com"), device: device)
        return try writer(name, support: support).resetLink(
            link, to: try #require(Recipient(.ann)), for: request, lease: lease(.resetLink(request)), at: .noon)
    }

    private func changedLetter(_ name: String = "Example") throws -> Letter {
        try writer(name).passwordChanged(
            to: try #require(Recipient(.ann)), in: nil, lease: lease(.passwordChanged(User.ann.id)))
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

    @Test func `tells a template of the provider's what it says`() throws {
        #expect(
            try resetLetter().facts
                == LetterFacts(
                    link: "https://example.com/reset-password?token=aaa.bbb.ccc",
                    notMeLink: "https://example.com/not-me?token=aaa.bbb.ccc", lifetime: "30 minutes", site: "Example",
                    language: "en"))
        #expect(try changedLetter().facts == nil)
    }

    @Test func `says what it is about, for whom and for which request`() throws {
        let letter = try resetLetter()
        #expect(letter.subject == "Reset your Example password")
        #expect(letter.to.email.text == "Ann@example.com")
        #expect(letter.outboxID == OutboxID(7))
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
        #expect(
            try resetLetter(support: "https://help.example.com").text.contains("Need help? https://help.example.com"))
        #expect(try resetLetter(support: "https://help.example.com").html.contains(#"href="https://help.example.com""#))
        #expect(!(try resetLetter().text.contains("Need help?")))
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
            // The first sentence after the greeting begins as a sentence does.
            #expect(
                text.hasPrefix("Hello,\n\n") && text.utf8.dropFirst(8).first.map { (0x41...0x5A).contains($0) } == true)
            #expect(html.hasPrefix("<!DOCTYPE html>"))
        }
        // For whoever wants to look at them.
        if let directory = ProcessInfo.processInfo.environment["KEYTURN_LETTERS_DIRECTORY"] {
            for (name, html) in [("reset", letters[0].html), ("changed", letters[1].html), ("test", test.html)] {
                try html.write(toFile: "\(directory)/\(name).html", atomically: true, encoding: .utf8)
            }
        }
    }

    /// Every word a letter needs, in every language, with the link on a line of its own and not much to carry.
    @Test(arguments: Language.allCases)
    func `speaks the language it was asked for in`(language: Language) throws {
        let request = ResetRequest(
            email: EmailAddress(stored: "typed@example.com"), language: language.tag + "-001",
            device: "Firefox on Linux")
        let letter = try writer(support: "https://help.example.com").resetLink(
            link, to: try #require(Recipient(.ann)), for: request, lease: lease(.resetLink(request)), at: .noon)
        #expect(letter.html.contains("<html lang=\"\(language.tag)\" dir=\"\(language.direction)\">"))
        #expect(letter.text.split(separator: "\n").contains("https://example.com/reset-password?token=aaa.bbb.ccc"))
        let english = try resetLetter(device: "Firefox on Linux", support: "https://help.example.com")
        #expect((letter.subject == english.subject) == (language == .english))
        for part in [letter.subject, letter.text, letter.html] {
            #expect(!part.contains("{") || part == letter.html)
            #expect(!part.contains("{{"))
            #expect(!part.contains("typed@"))
        }
        for word in ["Firefox", "Linux", "2026", "12:30", "11:58", "Example"] {
            #expect(letter.text.contains(word), "\(word)")
            #expect(letter.html.contains(word), "\(word)")
        }
        #expect(letter.html.contains("<strong>"))
        #expect(letter.text.utf8.count + letter.html.utf8.count < 20_000)
    }

    /// A mail program breaks lines where its window ends; what is broken here ends in the middle of it, above all where letters join and
    /// marks take no column.
    @Test(arguments: Language.allCases)
    func `is one line a paragraph in its text`(language: Language) throws {
        let words = try Languages.catalogues()[language]["letters"]
        let request = ResetRequest(email: EmailAddress(stored: "typed@example.com"), language: language.tag)
        let lines = try writer().resetLink(link, for: request, askedAt: .noon, at: .noon).text.split(separator: "\n")
        #expect(lines.contains { $0 == words["notYouLine"] })
        #expect(lines.contains { $0 == words.fill("resetLeadLine", ["site": "Example"]) })
        #expect(!words["resetLeadLine"].contains("\n") && !words["resetWorks"].contains("\n"))
    }

    @Test(arguments: Language.allCases)
    func `says how long its link works before it says until when, and that small`(language: Language) throws {
        let request = ResetRequest(email: EmailAddress(stored: "typed@example.com"), language: language.tag)
        let html = try writer().resetLink(link, for: request, askedAt: .noon, at: .noon).html
        let span = try #require(html.range(of: "<strong>"))
        let moment = try #require(html.range(of: "<span style=\"font-size:12px;\">"))
        #expect(span.lowerBound < moment.lowerBound)
        #expect(html[moment.upperBound...].prefix { $0 != "<" }.contains("12:30"))
        #expect(html.components(separatedBy: "<strong>").count == 2)
    }

    /// Word's engine knows no greatest width, and no padding of what stands in a line.
    @Test func `is as wide in Outlook as elsewhere, and its button as high`() throws {
        for html in [try resetLetter().html, try changedLetter().html] {
            let beginning = try #require(
                html.range(of: "<!--[if mso]><table role=\"presentation\" align=\"center\" width=\"560\""))
            let end = try #require(html.range(of: "<!--[if mso]></td></tr></table><![endif]-->"))
            let card = try #require(html.range(of: "class=\"card\""))
            #expect(beginning.upperBound < card.lowerBound && card.upperBound < end.lowerBound)
            let button = try #require(html.components(separatedBy: "<td class=\"button\"").last)
            #expect(button.prefix { $0 != ">" }.contains("padding:14px 28px;"))
            let anchors = html.components(separatedBy: "<a ").dropFirst().map { $0.prefix { $0 != ">" } }
            #expect(anchors.count >= 3 && anchors.allSatisfy { !$0.contains("padding") })
            #expect(html.components(separatedBy: "<!--[if").count == html.components(separatedBy: "<![endif]-->").count)
        }
    }

    @Test func `names each of its links`() throws {
        #expect(
            try resetLetter().links == [
                LetterLink(.reset, "https://example.com/reset-password?token=aaa.bbb.ccc"),
                LetterLink(.notMe, "https://example.com/not-me?token=aaa.bbb.ccc"),
            ])
        #expect(try changedLetter().links == [LetterLink(.forgotPassword, "https://example.com/forgot-password")])
    }

    @Test func `is as narrow as a phone, however long the name`() throws {
        let name = String(repeating: "Donaudampfschifffahrt", count: 4)
        for html in [try resetLetter(name).html, try changedLetter(name).html] {
            let paragraphs = html.components(separatedBy: "<p ").dropFirst().filter { $0.contains(name) }
            #expect(paragraphs.count == 2)
            #expect(paragraphs.allSatisfy { $0.contains("overflow-wrap:anywhere;word-break:break-word;") })
        }
    }

    @Test(arguments: [
        (nil, "Reset your Example password"), ("sv", "Reset your Example password"),
        ("xx-yy", "Reset your Example password"),
        ("de-at", "Setzen Sie Ihr Passwort für Example zurück"), ("pt-br", "Redefina sua senha de Example"),
        ("zh-hans-cn", "重置您的 Example 密码"), ("ar", "إعادة تعيين كلمة مرورك في Example"),
    ])
    func `falls back to a language we have`(tag: String?, subject: String) throws {
        let request = ResetRequest(email: EmailAddress(stored: "typed@example.com"), language: tag)
        let letter = try writer().resetLink(
            link, to: try #require(Recipient(.ann)), for: request, lease: lease(.resetLink(request)), at: .noon)
        #expect(letter.subject == subject)
    }
}

@Suite struct `Words for operators` {
    @Test(arguments: [(0, "0 seconds"), (1, "1 second"), (5400, "1 hour 30 minutes"), (172_800, "2 days")])
    func `say a span in English`(seconds: Int, words: String) {
        #expect(OperatorWords.span(.seconds(seconds)) == words)
    }
}
