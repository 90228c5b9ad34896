import Foundation
import HTTP
import Keyturn
import StrictJSON
import TestKit
import Testing

@testable import Web

@Suite struct `Asking for a link` {
    @Test func `puts the address into the outbox and promises a letter`() async throws {
        let desk = try Desk()
        let answer = await desk.post("/forgot-password", json: #"{"email":" ann@example.com "}"#)
        #expect(answer.status == .accepted)
        #expect(
            answer.text
                == #"{"message":"If that address has an account, a mail with a link to choose a new password is on its way."}"#
        )
        #expect(answer["Content-Type"] == "application/json")
        #expect(desk.store.letters == [.resetLink(ResetRequest(email: EmailAddress(stored: "ann@example.com")))])
    }

    @Test func `looks nobody up, and says the same of everybody, byte for byte`() async throws {
        let desk = try Desk()
        let known = await desk.post("/forgot-password", json: #"{"email":"ann@example.com"}"#)
        let unknown = await desk.post("/forgot-password", json: #"{"email":"nobody@example.com"}"#)
        #expect(known.status == unknown.status)
        #expect(known.body == unknown.body)
        for name in ["Content-Type", "Vary", "Location", "Retry-After"] as [FieldName] {
            #expect(known[name] == unknown[name])
        }
        #expect(desk.store.lookups == 0)
    }

    @Test func `remembers the language and a rough device for the letter`() async throws {
        let desk = try Desk()
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        _ = await desk.post(
            "/forgot-password", json: #"{"email":"ann@example.com"}"#,
            [("Accept-Language", "de-AT,de;q=0.8,en;q=0.5"), ("User-Agent", agent)])
        let request = ResetRequest(
            email: EmailAddress(stored: "ann@example.com"), language: "de-at", device: "Firefox on Linux")
        #expect(desk.store.letters == [.resetLink(request)])
    }

    @Test(arguments: [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            "Edge on Windows"
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone"
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
            "Chrome on Android"
        ),
        ("curl/8.5.0", nil), ("", nil), ("<script>alert(1)</script> Linux", "Linux"),
    ])
    func `names devices in words of our own`(agent: String, words: String?) {
        #expect(Visitor.device(Request(.post, "/forgot-password", fields: [("User-Agent", agent)])) == words)
    }

    @Test(arguments: [
        "", "ann", "ann@", "@example.com", "ann@example.com,eve@example.com", "ann@example.com;eve@example.com",
        "a b@example.com",
        #"ann@example.com\r\nBcc: eve@example.com"#, #"ann@example.com\u0000"#, "ann@@example.com",
    ])
    func `refuses what is no address`(text: String) async throws {
        let desk = try Desk()
        let answer = await desk.post("/forgot-password", json: #"{"email":"\#(text)"}"#)
        #expect(answer.status == .unprocessableContent)
        #expect(answer.code == "email_invalid")
        #expect(answer.json?["errors"]?.arrayValue?.first?["field"]?.stringValue == "email")
        #expect(desk.store.letters.isEmpty)
    }

    @Test func `sends a form on to a page, so that a reload repeats nothing`() async throws {
        let desk = try Desk()
        let answer = await desk.post("/forgot-password", form: "email=ann%40example.com")
        #expect(answer.status == .seeOther)
        #expect(answer["Location"] == "/forgot-password/sent")
        #expect(desk.store.letters.count == 1)
        let page = await desk.get("/forgot-password/sent")
        #expect(page.status == .ok)
        #expect(page.text.contains("Check your inbox"))
        #expect(page.text.contains("spam"))
    }

    /// The address is filled in by the browser, from what it kept in the tab: the answer must not differ, and no URL may hold it.
    @Test func `answers a form the same for every address, byte for byte`() async throws {
        let desk = try Desk()
        let known = await desk.post("/forgot-password", form: "email=ann%40example.com")
        let unknown = await desk.post("/forgot-password", form: "email=nobody%40example.com")
        #expect(known.status == unknown.status)
        #expect(known.body == unknown.body)
        for name in ["Content-Type", "Content-Language", "Vary", "Retry-After", "Set-Cookie"] as [FieldName] {
            #expect(known[name] == unknown[name])
        }
        #expect(known["Location"] == "/forgot-password/sent" && unknown["Location"] == "/forgot-password/sent")
    }

    @Test func `offers to send again, and the way back`() async throws {
        let desk = try Desk()
        let page = await desk.get("/forgot-password/sent").text
        #expect(page.contains(#"<form method="post" action="/forgot-password" novalidate>"#))
        #expect(page.contains(#"<input id="email" name="email" type="email" value="""#))
        #expect(page.contains("Send again</button>"))
        #expect(page.contains(#"<a href="/login">Back to sign in</a>"#))
        #expect(
            SubmissionKey(parsing: try #require(await desk.get("/forgot-password/sent").hiddenValue("submission")))
                != nil)
    }

    @Test func `shows the form again with what was wrong, tied to its field`() async throws {
        let desk = try Desk()
        let answer = await desk.post("/forgot-password", form: "email=ann")
        #expect(answer.status == .unprocessableContent)
        #expect(answer.isPage)
        #expect(answer.text.contains(#"value="ann""#))
        #expect(answer.text.contains(#"aria-invalid="true" aria-describedby="email-wrong""#))
        #expect(
            answer.text.contains(
                ##"<div id="email-wrong"><p><a href="#email">Enter an email address, like name@example.com.</a></p></div>"##
            ))
        #expect(answer.text.contains("<title>Error: Forgot your password?"))
    }

    @Test(arguments: ["a", "&", "\u{E4}", "\u{1F600}"])
    func `shows again no more of what was typed than an address can have`(character: String) async throws {
        let desk = try Desk()
        for path in ["/forgot-password", "/login"] {
            let typed = "x" + String(repeating: character, count: 3000)
            let body = "email=\(typed.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!)"
            let answer = await desk.post(path, form: body)
            #expect(answer.isPage)
            let shown = try #require(answer.text.components(after: #"name="email""#)?.split(separator: #"value=""#)[1])
                .prefix { $0 != "\"" }
            #expect(shown.replacing("&amp;", with: "&").utf8.count <= 254)
            #expect(shown.hasPrefix("x" + (character == "&" ? "&amp;" : character)))
            #expect(answer.body.count < 16_384)
        }
    }

    @Test func `keeps no link longer than any of ours`() async throws {
        let desk = try Desk(burst: 1)
        _ = await desk.post("/forgot-password", form: "email=ann%40example.com")
        let long = String(repeating: "x", count: 60_000)
        for path in ["/reset-password", "/not-me"] {
            let answer = await desk.post(path, form: "token=\(long)&password=x&confirm_password=x")
            #expect(answer.status == .tooManyRequests)
            #expect(answer.body.count < 16_384)
        }
    }

    @Test func `slows a client that asks too often, and says for how long`() async throws {
        let desk = try Desk(burst: 2)
        for _ in 1...2 {
            #expect(await desk.post("/forgot-password", json: #"{"email":"ann@example.com"}"#).status == .accepted)
        }
        let answer = await desk.post("/forgot-password", json: #"{"email":"ann@example.com"}"#)
        #expect(answer.status == .tooManyRequests)
        #expect(answer.code == "rate_limited")
        #expect(answer["Retry-After"] == "60")
        #expect(desk.store.letters.count == 2)
        let neighbour = await desk.post(
            "/forgot-password", json: #"{"email":"ann@example.com"}"#,
            from: try #require(IPAddress(parsing: "192.0.2.7")))
        #expect(neighbour.status == .accepted)
    }

    @Test func `keeps what was typed when it says wait`() async throws {
        let desk = try Desk(burst: 1)
        _ = await desk.post("/forgot-password", form: "email=ann%40example.com")
        let answer = await desk.post("/forgot-password", form: "email=bob%40example.com")
        #expect(answer.status == .tooManyRequests)
        #expect(answer["Retry-After"] == "60")
        #expect(answer.text.contains(#"value="bob@example.com""#))
        #expect(answer.text.contains("You can try again in one minute."))
    }

    @Test func `keeps the link of a form that must wait`() async throws {
        let desk = try Desk(burst: 1)
        let token = desk.link()
        _ = await desk.post("/forgot-password", form: "email=ann%40example.com")
        for path in ["/reset-password", "/not-me"] {
            let answer = await desk.post(path, form: "token=\(token)&password=x&confirm_password=x")
            #expect(answer.status == .tooManyRequests)
            #expect(answer.hiddenValue("token") == token)
            #expect(answer.text.contains("You can try again in one minute."))
        }
    }

    @Test func `says how long to wait for another mail as it was configured`() async throws {
        let desk = try Desk { $0.mailInterval = .milliseconds(419_500) }
        let page = await desk.get("/forgot-password/sent")
        #expect(
            page.text.contains("We send only a few emails in a row. If you&#39;ve asked several times, wait 7 minutes.")
        )
        let unlimited = try Desk { $0.mailInterval = .milliseconds(1) }
        #expect(!(await unlimited.get("/forgot-password/sent").text.contains("We send only a few")))
    }

    @Test func `counts a whole IPv6 subnet as one client`() async throws {
        let desk = try Desk(burst: 1)
        let one = try #require(IPAddress(parsing: "2001:db8:0:1::1")),
            sameSubnet = try #require(IPAddress(parsing: "2001:db8:0:1:ffff::2"))
        let other = try #require(IPAddress(parsing: "2001:db8:0:2::1"))
        #expect(
            await desk.post("/forgot-password", json: #"{"email":"ann@example.com"}"#, from: one).status == .accepted)
        #expect(
            await desk.post("/forgot-password", json: #"{"email":"ann@example.com"}"#, from: sameSubnet).code
                == "rate_limited")
        #expect(
            await desk.post("/forgot-password", json: #"{"email":"ann@example.com"}"#, from: other).status == .accepted)
    }

    @Test func `says when the outbox is full, and when to come back`() async throws {
        let answer = await (try Desk(outboxCapacity: 0)).post("/forgot-password", json: #"{"email":"ann@example.com"}"#)
        #expect(answer.status == .serviceUnavailable)
        #expect(answer.code == "queue_full")
        #expect(answer["Retry-After"] == "60")
    }

    @Test func `never promises what the disk did not take`() async throws {
        let desk = try Desk()
        desk.store.fail(with: StorageFailed(.unavailable, code: "SQLITE_IOERR 778", reason: "disk I/O error"))
        let answer = await desk.post("/forgot-password", json: #"{"email":"ann@example.com"}"#)
        #expect(answer.status == .serviceUnavailable)
        #expect(answer.code == "unavailable")
        #expect(!answer.text.contains("disk"))
        #expect(desk.logged.all.contains { $0.contains("778") && $0.contains("disk I/O error") })
    }
}
