import Keyturn
import TestKit
import Testing

@testable import Mailroom

@Suite struct `An answer of SendGrid` {
    enum Meaning { case delivered, later, pause, never, stop }

    @Test(
        arguments: [
            (202, .delivered), (200, .delivered), (201, .delivered), (204, .delivered), (101, .later),
            (301, .stop), (302, .stop), (307, .stop), (308, .stop),
            (400, .never), (401, .stop), (402, .stop), (403, .stop), (404, .stop), (405, .stop), (406, .later),
            (407, .stop),
            (408, .later), (409, .later), (410, .later), (413, .never), (415, .never), (422, .never), (429, .pause),
            (500, .later), (502, .later), (503, .later), (504, .later), (599, .later), (999, .later),
        ] as [(Int, Meaning)])
    func `means by its status`(status: Int, meaning: Meaning) {
        let expected: Verdict =
            switch meaning {
            case .delivered: .delivered(messageID: nil)
            case .later: .later(after: nil, reason: "\(status)", pausesEverybody: false)
            case .pause: .later(after: nil, reason: "\(status)", pausesEverybody: true)
            case .never: .never(reason: "\(status)")
            case .stop: .stop(reason: "\(status)")
            }
        #expect(verdict(SendGridAnswer(status: status)) == expected)
    }

    @Test(
        arguments: [
            ("abc.123-_", "abc.123-_"), ("", nil), ("a b", nil), ("a\r\nb", nil),
            (String(repeating: "x", count: 129), nil),
        ] as [(String, String?)])
    func `keeps a message id that is fit to be kept`(id: String, kept: String?) {
        #expect(verdict(SendGridAnswer(status: 202, messageID: id)) == .delivered(messageID: kept))
    }

    @Test(
        arguments: [
            ("30", nil, 30), ("0", nil, nil), ("-5", nil, nil), ("+5", nil, nil), ("٣", nil, nil), ("1e3", nil, nil),
            ("99999", nil, 600), ("99999999999999999999999", nil, nil),
            ("Thu, 01 Jan 2026 12:01:00 GMT", nil, 60), ("Thu, 01 Jan 2026 11:00:00 GMT", nil, nil),
            (nil, "1767268845", 45), (nil, "1", nil), (nil, "9999999999", 600), (nil, "soon", nil),
            ("7", "1767268845", 7),
            ("soon", "1767268845", 45),
        ] as [(String?, String?, Int?)])
    func `says when to come back, in seconds, as a date or as an epoch`(after: String?, reset: String?, seconds: Int?) {
        let answer = SendGridAnswer(status: 503, retryAfter: after, rateLimitReset: reset)
        #expect(
            verdict(answer) == .later(after: seconds.map { .seconds($0) }, reason: "503", pausesEverybody: false))
    }

    @Test(arguments: [
        (#"{"errors":[{"message":"Bad subject","field":"subject","help":null}]}"#, "400: Bad subject (subject)"),
        (#"{"errors":[{"message":"One","field":null},{"message":null},{"message":"Two"}]}"#, "400: One; Two"),
        (#"{"errors":null}"#, #"400: {"errors":null}"#),
        ("Unauthorized\n", "400: Unauthorized"),
        ("<html><head><title>413</title></head><body>Too <b>large</b></body></html>", "400: 413 Too large"),
        ("", "400"),
        (
            #"{"errors":[{"message":"Does not accept ann@example.com or <bob@example.org>, sorry"}]}"#,
            "400: Does not accept (address) or (address) sorry"
        ),
        ("The key SG.abc.def is wrong", "400: The key (removed) is wrong"),
        ("The key secret-key is wrong", "400: The key (removed) is wrong"),
        ("see https://example.com/reset-password?token=abc", "400: see (removed)"),
        ("a eyJhbGciOiJIUzI1NiJ9.e30.x b", "400: a (removed) b"),
    ])
    func `gives its reason in its own words, without addresses and secrets`(body: String, reason: String) {
        #expect(verdict(SendGridAnswer(status: 400, body: Array(body.utf8))) == .never(reason: reason))
    }

    @Test(arguments: [
        (#"{"errors":[{"message":"Bad subject","field":"subject","help":"see"#, "400: Bad subject"),
        (#"{ "errors" : [ { "message" : "Bad \"sub\nject"#, "400: Bad sub ject"),
        (#"{"errors":[{"message":null,"fie"#, #"400: {"errors":[{"message":null,"fie"#),
        (#"{"errors":[{"message":"Wrong ann@example.com here, an"#, "400: Wrong (address) here, an"),
        ("<html><p>Too large", "400: Too large"),
    ])
    func `gives its reason where only the beginning of it came`(body: String, reason: String) {
        let answer = SendGridAnswer(status: 400, body: Array(body.utf8), isWhole: false)
        #expect(verdict(answer) == .never(reason: reason))
    }

    @Test func `has a reason of at most 512 bytes`() {
        let body = Array(String(repeating: "déjà vu ", count: 5000).utf8)
        guard case .never(let reason) = verdict(SendGridAnswer(status: 400, body: body)) else {
            Issue.record("not refused")
            return
        }
        #expect(reason.utf8.count <= 512)
        #expect(reason.hasPrefix("400: déjà vu déjà"))
    }

    private let words = ProviderWords(secrets: ["secret-key"])

    private func verdict(_ answer: SendGridAnswer) -> Verdict {
        answer.verdict(at: .noon, words: words)
    }
}
