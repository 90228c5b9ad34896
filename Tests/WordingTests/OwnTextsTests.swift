import Languages
import Testing

@testable import Wording

@Suite struct `An installation's own texts` {
    private func own(_ json: String, _ language: Language = .english) throws -> Catalogues {
        let ours = try Languages.catalogues()
        return ours.changed(by: [language: try OwnTexts(Array(json.utf8), over: ours[language])])
    }

    private func refusal(_ json: String) throws -> OwnTextsRefused? {
        let ours = try Languages.catalogues()
        do { _ = try OwnTexts(Array(json.utf8), over: ours[.english]) } catch { return error }
        return nil
    }

    @Test func `replace ours, and only those`() throws {
        let ours = try Languages.catalogues()
        let changed = try own(#"{"forgotTitle": "Passwort weg?", "resetSubject": "{site}: neues Passwort"}"#, .german)
        #expect(changed[.german]["pages"]["forgotTitle"] == "Passwort weg?")
        #expect(changed[.german]["letters"]["resetSubject"] == "{site}: neues Passwort")
        #expect(changed[.german]["pages"]["forgotLead"] == ours[.german]["pages"]["forgotLead"])
        #expect(changed[.english]["pages"]["forgotTitle"] == ours[.english]["pages"]["forgotTitle"])
    }

    @Test func `say one thing on pages and in letters, or each its own`() throws {
        let both = try own(#"{"resetTitle": "New password"}"#)[.english]
        #expect(both["pages"]["resetTitle"] == "New password" && both["letters"]["resetTitle"] == "New password")
        let one = try own(#"{"letters.resetTitle": "New password"}"#)[.english]
        #expect(one["letters"]["resetTitle"] == "New password")
        #expect(one["pages"]["resetTitle"] == "Choose a new password")
    }

    @Test func `have the plural forms of their language`() throws {
        let changed = try own(#"{"waitMinutes.other": "{count} min", "pages.waitMinutes.one": "a minute"}"#)[.english]
        #expect(changed["pages"].count("waitMinutes", 5) == "5 min")
        #expect(changed["pages"].count("waitMinutes", 1) == "a minute")
    }

    @Test(arguments: [
        (#"{"forgotTitel": "x"}"#, "forgotTitel", "unknown key"),
        (#"{"time.months": "x"}"#, "time.months", "unknown key"),
        (#"{"name": "x"}"#, "name", "unknown key"), (#"{"waitMinutes": "x"}"#, "waitMinutes", "unknown key"),
        (#"{"waitMinutes.few": "x"}"#, "waitMinutes.few", "unknown key"), (#"{"": "x"}"#, "", "unknown key"),
        (#"{"pages": {"forgotTitle": "x"}}"#, "pages", "must be a text: the file is flat"),
        (#"{"forgotTitle": 7}"#, "forgotTitle", "must be a text: the file is flat"),
        (#"{"forgotTitle": "{site}"}"#, "forgotTitle", "must have no placeholder"),
        (#"{"resetSubject": "x"}"#, "resetSubject", "must have the placeholders of the original: {site}"),
        (#"{"resetSubject": "{site} {link}"}"#, "resetSubject", "must have the placeholders of the original: {site}"),
        (#"{"forgotTitle": "a\u0007b"}"#, "forgotTitle", "contains a control character"),
        (#"{"forgotTitle": "a\nb"}"#, "forgotTitle", "contains a control character"),
        (#"{"resetSubject": "{site}\r\nBcc: x"}"#, "resetSubject", "contains a control character"),
        (#"{"forgotTitle": "a\u009bb"}"#, "forgotTitle", "contains a control character"),
        (
            #"{"forgotTitle": "a\u202eb"}"#, "forgotTitle",
            "contains a character that overrides the direction of writing"
        ),
        (
            #"{"forgotTitle": "a\u2066b"}"#, "forgotTitle",
            "contains a character that overrides the direction of writing"
        ),
        (#"{"forgotTitle": " "}"#, "forgotTitle", "is empty"),
    ])
    func `are refused with their key`(json: String, key: String, reason: String) throws {
        #expect(try refusal(json) == OwnTextsRefused(key, reason))
    }

    @Test func `may have lines where ours have`() throws {
        #expect(
            try own(#"{"askedWithLine": "{asked}\n{device}"}"#)[.english]["letters"]["askedWithLine"]
                == "{asked}\n{device}")
    }

    @Test func `have limits`() throws {
        let longest = String(repeating: "é", count: 2000)
        #expect(try own(#"{"forgotLead": "\#(longest)"}"#)[.english]["pages"]["forgotLead"] == longest)
        #expect(try refusal(#"{"forgotLead": "\#(longest)é"}"#)?.reason == "is longer than 2000 characters")
        #expect(
            try refusal("{\"forgotLead\": \"x\"" + String(repeating: " ", count: 256 << 10) + "}")?.reason
                == "is larger than 256 KiB")
        for broken in ["", "[]", "{", #"{"forgotLead": "a", "forgotLead": "b"}"#] {
            #expect(try refusal(broken)?.reason == "is not a JSON object in UTF-8, with each name once")
        }
    }
}
