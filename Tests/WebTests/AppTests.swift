import HTTP
import Keyturn
import StrictJSON
import TestKit
import Testing
import Wording

@testable import Web

/// What belongs to the app beside us: where its pages are, and where it wants the person afterwards.
@Suite struct `Beside an app` {
    private let app = "https://app.example.com"
    private let welcome = "https://app.example.com/welcome"
    private let encoded = "https%3A%2F%2Fapp.example.com%2Fwelcome"

    private func desk(_ adjust: (inout WebOptions) -> Void = { _ in }) throws -> Desk {
        let returnURLs = try #require(ReturnURLs([welcome]))
        return try Desk {
            $0.returnURLs = returnURLs
            adjust(&$0)
        }
    }

    @Test func `a login that is switched off is not there, and "Sign in" leads to the app`() async throws {
        let desk = try desk {
            $0.hasLogin = false
            $0.loginURL = "https://app.example.com/login"
        }
        for path in ["/login", "/login/done", "/me"] {
            #expect(await desk.get(path).code == "not_found")
            #expect(await desk.post(path, json: "{}").code == "not_found")
        }
        #expect(await desk.get("/")["Location"] == "/forgot-password")
        for path in [
            "/forgot-password", "/forgot-password/sent", "/reset-password/done", "/not-me/done",
            "/reset-password?token=x",
        ] {
            let page = await desk.get(path, accept: "text/html")
            #expect(page.text.contains(#"<a href="https://app.example.com/login">"#), "\(path)")
            #expect(!page.text.contains(#""/login""#))
        }
    }

    @Test func `without an address for it, no page offers to sign in`() async throws {
        let desk = try desk { $0.hasLogin = false }
        for path in [
            "/forgot-password", "/forgot-password/sent", "/reset-password/done", "/not-me/done", "/not-me?token=x",
        ] {
            #expect(!(await desk.get(path, accept: "text/html")).text.contains("/login"), "\(path)")
        }
    }

    @Test func `the name above each page leads home, if it has one`() async throws {
        let home = #"<a class="home" href="https://app.example.com">"#
        #expect(await (try desk { $0.homeURL = app }).get("/forgot-password").text.contains(home))
        #expect(await !(try desk()).get("/forgot-password").text.contains("class=\"home\""))
    }

    @Test func `who has signed in is led on and not told to close the page`() async throws {
        let page = await (try desk { $0.homeURL = app }).get("/login/done")
        #expect(page.text.contains(#"<a class="button" href="https://app.example.com">Continue</a>"#))
        #expect(!page.text.contains("close this page"))
    }

    @Test(arguments: [true, false]) func `"this wasn't me" has a way back`(hasHome: Bool) async throws {
        let desk = try desk { $0.homeURL = hasHome ? app : nil }
        let way =
            hasHome
            ? #"<a href="https://app.example.com">Back to keyturn</a>"# : #"<a href="/login">Back to sign in</a>"#
        for path in ["/not-me?token=\(desk.link())", "/not-me/done", "/not-me?token=x"] {
            #expect(await desk.get(path, accept: "text/html").text.contains(way), "\(path)")
        }
    }

    @Test(arguments: [
        ("?email=ann%40example.com", "ann@example.com"), ("?email=%22%3E%3Cb%3E", "&quot;&gt;&lt;b&gt;"), ("", ""),
        ("?email=a&email=b", ""), ("?email=%E9", ""), ("?email=a%0Ab", ""), ("?email=a%E2%80%AEb", ""),
        ("?email=" + String(repeating: "a", count: 255), ""),
    ])
    func `an address in the query fills the form`(query: String, value: String) async throws {
        let page = await (try desk()).get("/forgot-password\(query)")
        #expect(page.text.contains(#"name="email" type="email" value="\#(value)""#))
        #expect(page.status == .ok)
    }

    @Test func `where the app wants the person goes from the form to the message`() async throws {
        let desk = try desk()
        let form = await desk.get("/forgot-password?return_to=\(encoded)")
        #expect(form.hiddenValue("return_to") == welcome)
        let answer = await desk.post("/forgot-password", form: "email=ann@example.com&return_to=\(encoded)")
        #expect(answer["Location"] == "/forgot-password/sent")
        guard case .resetLink(let request) = desk.store.letters.last else { return #expect(Bool(false), "no request") }
        #expect(request.returnTo == welcome)
    }

    @Test func `and from the link to a button on the last page, never to a redirect`() async throws {
        let desk = try desk()
        let token = desk.link()
        let page = await desk.get("/reset-password?token=\(token)&return_to=\(encoded)")
        #expect(page.hiddenValue("return_to") == welcome)
        let wrong = await desk.post(
            "/reset-password", form: "token=\(token)&password=short&confirm_password=short&return_to=\(encoded)")
        #expect(wrong.hiddenValue("return_to") == welcome)
        let done = await desk.post(
            "/reset-password",
            form: "token=\(token)&password=a+river+by+night&confirm_password=a+river+by+night&return_to=\(encoded)")
        #expect(done["Location"] == "/reset-password/done?return_to=\(encoded)")
        let last = await desk.get(try #require(done["Location"]))
        #expect(last.text.contains(#"<a class="button" href="https://app.example.com/welcome">Continue</a>"#))
        let dead = await desk.get("/reset-password?token=\(token)&return_to=\(encoded)", accept: "text/html")
        #expect(dead.hiddenValue("return_to") == welcome)
    }

    @Test(arguments: [
        "https%3A%2F%2Fevil.example%2F", "%2F%2Fevil.example", "javascript%3Aalert(1)",
        "https%3A%2F%2Fapp.example.com%2Fother",
        "https%3A%2F%2Fapp.example.com%40evil.example%2Fwelcome",
        "https%3A%2F%2Fapp.example.com%2Fwelcome%2F..%2Fother",
        "https%3A%2F%2Fapp.example.com%2Fwelcome%23x", "%E9", "",
    ])
    func `any other value is ignored on every page, with the same answer`(value: String) async throws {
        let desk = try desk()
        let token = desk.link()
        for path in [
            "/forgot-password", "/forgot-password/sent", "/reset-password/done", "/reset-password?token=\(token)",
            "/reset-password?token=x", "/not-me/done", "/login/done", "/nowhere",
        ] {
            let page = await desk.get(
                path + (path.contains("?") ? "&" : "?") + "return_to=\(value)", accept: "text/html")
            #expect(
                !page.text.contains("evil") && !page.text.contains("/other") && !page.text.contains("alert(1)"),
                "\(path)")
            #expect(page.hiddenValue("return_to") == nil, "\(path)")
        }
        let plain = await desk.post("/forgot-password", json: #"{"email": "ann@example.com"}"#)
        for body in [#""https://evil.example/""#, "[]", "7", "null"] {
            let answer = await desk.post(
                "/forgot-password", json: #"{"email": "ann@example.com", "return_to": \#(body)}"#)
            #expect(answer.status == plain.status && answer.body == plain.body)
        }
        // A form that is not UTF-8 is refused as a whole.
        let value = value == "%E9" ? "" : value
        let form = await desk.post(
            "/forgot-password", form: "email=ann@example.com&return_to=\(value)&return_to=\(encoded)")
        #expect(form["Location"] == "/forgot-password/sent")
        for letter in desk.store.letters {
            guard case .resetLink(let request) = letter else { continue }
            #expect(request.returnTo == nil)
        }
    }

    @Test func `a language that is asked for by name wins, stays, and goes into the message`() async throws {
        let desk = try desk()
        let page = await desk.get("/forgot-password?lang=de", accept: "text/html", [("Accept-Language", "fr")])
        #expect(page["Content-Language"] == "de")
        #expect(page.hiddenValue("lang") == "de")
        #expect(page.text.contains(#"<a href="/login?lang=de">"#))
        let answer = await desk.post(
            "/forgot-password", form: "email=ann@example.com&lang=de", [("Accept-Language", "fr")])
        #expect(answer["Location"] == "/forgot-password/sent?lang=de")
        guard case .resetLink(let request) = desk.store.letters.last else { return #expect(Bool(false), "no request") }
        #expect(request.language == "de")
        #expect(await desk.get("/?lang=de")["Location"] == "/login?lang=de")
        #expect(await desk.get("/login/?lang=de")["Location"] == "/login?lang=de")
        #expect(await desk.get("/nowhere?lang=ar", accept: "text/html").text.contains(#"<html lang="ar" dir="rtl">"#))
        let wrong = await desk.post("/forgot-password", form: "email=x&lang=de")
        #expect(wrong["Content-Language"] == "de")
        #expect(wrong.hiddenValue("lang") == "de")
        #expect(wrong["Set-Cookie"] == nil && page["Set-Cookie"] == nil)
    }

    @Test(arguments: ["xx", "DE", "de-AT", "", "de%00", "%3Cb%3E", "en&lang=de"])
    func `another language is ignored`(tag: String) async throws {
        let page = await (try desk()).get("/login?lang=\(tag)", accept: "text/html", [("Accept-Language", "fr")])
        #expect(page["Content-Language"] == "fr")
        #expect(page.hiddenValue("lang") == nil)
    }

    @Test func `only the languages that are offered are spoken`() async throws {
        let desk = try desk { $0.languages = OfferedLanguages([.french, .german], standard: .german) }
        #expect(await desk.get("/login?lang=es")["Content-Language"] == "de")
        #expect(await desk.get("/login", [("Accept-Language", "es, fr;q=0.5")])["Content-Language"] == "fr")
        let page = await desk.get("/login?lang=fr").text
        #expect(
            page.contains(
                #"<option value="fr" lang="fr" selected>Français</option><option value="de" lang="de">Deutsch</option></select>"#
            ))
        #expect(!page.contains(#"value="en""#))
        let alone = try self.desk { $0.languages = OfferedLanguages([.german], standard: .german) }
        #expect(await !alone.get("/login").text.contains("<select"))
    }

    @Test func `the switch of languages keeps the link`() async throws {
        let desk = try desk()
        let token = desk.link()
        let page = await desk.get("/reset-password?token=\(token)&return_to=\(encoded)").text
        let form = try #require(page.components(after: #"<form class="languages" method="get">"#))
        #expect(form.contains(#"<input type="hidden" name="token" value="\#(token)">"#))
        #expect(form.contains(#"<input type="hidden" name="return_to" value="https://app.example.com/welcome">"#))
    }

    @Test func `the demo's mails are there as JSON, newest first, with their links`() async throws {
        let mails = ["2", "1"].map { number in
            DemoMail(
                id: number, to: "ann@example.com", subject: "Subject \(number)", text: "Text", html: "<p>Text</p>",
                links: ["https://a.example/\(number)"], at: Timestamp(seconds: 1_767_268_800))
        }
        let answer = await (try Desk(mails: mails)).get("/mailbox.json")
        #expect(answer["Content-Type"] == "application/json")
        let list = try #require(answer.json?.arrayValue)
        let ids = list.map { $0["message_id"]?.stringValue }
        #expect(ids == ["2", "1"])
        #expect(list[0]["to"]?["email"]?.stringValue == "ann@example.com")
        let links = (list[0]["links"]?.arrayValue ?? []).map { $0.stringValue }
        #expect(links == ["https://a.example/2"])
        #expect(await (try Desk()).get("/mailbox.json").status == .notFound)
    }
}
