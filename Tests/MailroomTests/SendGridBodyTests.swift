import Keyturn
import StrictJSON
import TestKit
import Testing

@testable import Mailroom

@Suite struct `The mail as SendGrid gets it` {
    private let from = Sender(email: "noreply@example.com", name: "Example")

    private static let facts = LetterFacts(
        link: "https://example.com/r", notMeLink: "https://example.com/n", lifetime: "30 minutes", site: "Example",
        language: "en")

    private func letter(facts: LetterFacts? = nil) throws -> Letter {
        Letter(
            to: try #require(Recipient(.ann)), kind: .resetLink, outboxID: OutboxID(42), subject: "Reset",
            text: "Hello\n",
            html: "<p>Hello</p>", facts: facts)
    }

    @Test func `is our own letter where there is no link for the template`() throws {
        var options = SendGridOptions(apiKey: "k", from: from)
        options.templateID = "d-0123456789abcdef0123456789abcdef"
        let body = SendGridBody(Mail(try letter()), options: options).json
        #expect(body["template_id"] == nil)
        #expect(body["subject"] == .string("Reset"))
    }

    @Test func `names one recipient without a name, text before HTML, and turns all tracking off`() throws {
        let body = SendGridBody(
            Mail(try letter(), reference: "r-1"), options: SendGridOptions(apiKey: "k", from: from)
        ).json
        let expected = try JSON(
            parsing: Array(
                #"""
                {"personalizations":[{"to":[{"email":"Ann@example.com"}]}],
                "from":{"email":"noreply@example.com","name":"Example"},"subject":"Reset",
                "content":[{"type":"text/plain","value":"Hello\n"},{"type":"text/html","value":"<p>Hello</p>"}],
                "headers":{"Auto-Submitted":"auto-generated","X-Auto-Response-Suppress":"All","X-Entity-Ref-ID":"r-1"},
                "categories":["password-reset"],"custom_args":{"outbox_id":"42"},
                "tracking_settings":{"click_tracking":{"enable":false,"enable_text":false},"open_tracking":{"enable":false},
                "subscription_tracking":{"enable":false},"ganalytics":{"enable":false}},
                "mail_settings":{"bypass_list_management":{"enable":true}}}
                """#.utf8))
        #expect(body == expected)
    }

    @Test func `is what SendGrid's own library makes, field by field`() throws {
        var options = SendGridOptions(apiKey: "k", from: from)
        options.replyTo = "help@example.com"
        options.sandbox = true
        options.categories = ["accounts"]
        let body = SendGridBody(Mail(try letter(), reference: "r-1"), options: options).json
        let official = try JSON(parsing: Array(OfficialBody.json.utf8))
        #expect(Self.sorted(body) == Self.sorted(official), "sendgrid-python \(OfficialBody.version)")

        options.templateID = "d-0123456789abcdef0123456789abcdef"
        let templated = SendGridBody(Mail(try letter(facts: Self.facts), reference: "r-1"), options: options).json
        let officiallyTemplated = try JSON(parsing: Array(OfficialBody.templated.utf8))
        #expect(Self.sorted(templated) == Self.sorted(officiallyTemplated), "sendgrid-python \(OfficialBody.version)")
    }

    /// Members by name: their order says nothing.
    private static func sorted(_ json: JSON) -> JSON {
        switch json {
        case .object(let members):
            .object(members.map { JSON.Member($0.name, sorted($0.value)) }.sorted { $0.name < $1.name })
        case .array(let elements): .array(elements.map(sorted))
        default: json
        }
    }

    @Test func `says what was asked for besides`() throws {
        var options = SendGridOptions(apiKey: "k", from: Sender(email: "noreply@example.com", name: ""))
        options.replyTo = "help@example.com"
        options.sandbox = true
        options.bypassSuppressions = false
        let body = SendGridBody(Mail(try letter()), options: options).json
        #expect(body["from"] == .members(("email", .string("noreply@example.com"))))
        #expect(body["reply_to"] == .members(("email", .string("help@example.com"))))
        #expect(body["mail_settings"] == .members(("sandbox_mode", .members(("enable", .bool(true))))))
    }

    @Test func `has no mail settings where none is asked for`() throws {
        var options = SendGridOptions(apiKey: "k", from: from)
        options.bypassSuppressions = false
        #expect(SendGridBody(Mail(try letter()), options: options).json["mail_settings"] == nil)
    }

    @Test(
        arguments: [
            ("SG.abc", "SG.abc"), ("  SG.abc\r\n", "SG.abc"), ("SG.abc\n", "SG.abc"), ("", nil), (" \n", nil),
            ("SG. abc", nil),
            ("SG.äbc", nil), ("SG.a\u{0}bc", nil), ("SG.a\nbc", nil),
        ] as [(String, String?)])
    func `is signed with a key that is printable ASCII, blanks around it trimmed`(key: String, checked: String?) {
        #expect(SendGrid.checked(key) == checked)
    }
}
