import HTTP
import Keyturn
import Languages
import Mustache
import StrictJSON
import Templating
import TestKit
import Testing
import Wording

@testable import Web

@Suite struct `A page` {
    @Test(arguments: [
        #""><script>alert(1)</script>"#, "'><img src=x onerror=alert(1)>",
        "\"\u{301} autofocus onfocus=alert(1) x=\"\u{301}", "<\u{338}script>",
        "{{t.signInTitle}}", "{{{submission}}}", "&lt;", "</title><b>",
    ])
    func `shows hostile words as words`(text: String) async throws {
        let desk = try Desk()
        let body = "email=" + text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let page = await desk.post("/forgot-password", form: body)
        #expect(page.status == .unprocessableContent)
        let raw = Array(text.utf8)
        if raw.contains(where: { "<>\"'&".utf8.contains($0) }) { #expect(!page.text.utf8.contains(raw)) }
        let value = try #require(
            page.text.components(after: #"type="email" value=""#)?.utf8.prefix { $0 != UInt8(ascii: "\"") })
        #expect(!value.contains(UInt8(ascii: "<")))
        #expect(page.text.utf8.contains(Array(#"" autocomplete="username" autocapitalize="none""#.utf8)))
    }

    @Test func `escapes in partials, blocks and lists too`() async throws {
        let mail = DemoMail(
            id: "\"><b>", to: "<i>@example.com", subject: "<u>",
            text: "<s>\n\(Desk.publicURL)/\"><b>\nhttps://evil.example/", html: "", at: .noon)
        let desk = try Desk(mails: [mail])
        let list = await desk.get("/mailbox"), one = await desk.get("/mailbox/mail?id=%22%3E%3Cb%3E")
        #expect(one.status == .ok)
        for page in [list, one] {
            for tag in ["<b>", "<i>", "<u>", "<s>"] { #expect(!page.text.contains(tag)) }
        }
        #expect(one.text.contains(#"<a href="https://account.example.com/&quot;&gt;&lt;b&gt;" dir="ltr">"#))
        #expect(!one.text.contains(#"href="https://evil"#))
    }

    @Test func `has no inline script or style, and nothing from elsewhere`() async throws {
        let desk = try Desk(mails: [])
        let token = desk.link()
        for target in [
            "/login", "/login/done", "/forgot-password", "/forgot-password/sent", "/reset-password?token=\(token)",
            "/reset-password?token=x",
            "/reset-password/done", "/not-me?token=\(token)", "/not-me?token=x", "/not-me/done", "/nowhere", "/mailbox",
        ] {
            let page = await desk.get(target, accept: "text/html")
            #expect(page.isPage)
            for forbidden in ["<style", " style=", "onclick", "onload", "javascript:", "http://", "//cdn", "<script>"] {
                #expect(!page.text.contains(forbidden), "\(target)")
            }
            #expect(page.text.hasPrefix("<!doctype html>\n<html lang=\"en\" dir=\"ltr\">"))
            #expect(page["Set-Cookie"] == nil)
            #expect(!page.text.contains("{{"))
            // Everything a first visit needs: the page, its style, its script.
            let weight = page.body.count + PackageResources.keyturn_css.count + PackageResources.keyturn_js.count
            #expect(weight < 17_500)
        }
    }

    @Test func `has a key of its own each time its form is shown`() async throws {
        let desk = try Desk()
        for path in [
            "/login", "/forgot-password", "/reset-password?token=\(desk.link())", "/not-me?token=\(desk.link())",
        ] {
            let first = try #require(await desk.get(path).hiddenValue("submission"))
            let second = try #require(await desk.get(path).hiddenValue("submission"))
            #expect(SubmissionKey(parsing: first) != nil)
            #expect(first != second)
        }
    }

    @Test func `finds every word in the catalogue, which holds none in vain`() throws {
        let words = try Languages.catalogues()[.english]["pages"]
        var named: Set<String> = []
        for source in PageTemplates.all.sources {
            let text = String(decoding: source.text, as: UTF8.self)
            for part in text.split(separator: "{{t.").dropFirst() { named.insert(String(part.prefix { $0 != "}" })) }
        }
        let codesWithATitle = [
            "not_found", "method_not_allowed", "request_invalid", "media_type_unsupported", "origin_refused",
            "rate_limited", "busy", "queue_full", "unavailable", "internal", "token_invalid", "password_expired",
        ]
        let codesWithAText =
            codesWithATitle + ["credentials_invalid"]
        named.formUnion(codesWithATitle.map { "title_\($0)" } + codesWithAText.map { "text_\($0)" })
        let problems: [PasswordProblem] = [
            .tooShort(minimum: 1), .tooLong(maximum: 1), .tooManyBytes(maximum: 1), .containsNull, .common,
            .containsAddress, .containsSite, .repeated, .sequence,
        ]
        named.formUnion(problems.map { "wrong_password_\($0.code)" })
        named.formUnion([
            "wrong_required", "wrong_repeated", "wrong_not_text", "wrong_email", "wrong_confirm_password",
            "passwordRule", "requestNumber", "backHome", "sentWait", "tryAgainIn",
            "signInTitle", "signedInTitle", "signedInText", "forgotTitle", "sentTitle", "resetTitle", "changedTitle",
            "changedText", "changedSessions", "expiredTitle", "expiredText", "invalidTitle", "invalidText",
            "notMeTitle", "revokedTitle", "revokedText", "revokedAdvice", "nothingToRevokeTitle",
            "nothingToRevokeText", "nothingToRevokeAdvice", "mailboxTitle", "newPasswordLabel", "confirmLabel",
            "resetButton",
            "firstTitle", "firstConfirm", "firstButton", "firstDoneTitle", "firstDoneText",
        ])
        #expect(named.sorted() == words.texts.keys.sorted())
    }

    /// Address, Tab, password, Enter: with a button in between, the password would be typed into that.
    @Test func `has no button between its fields`() async throws {
        let desk = try Desk()
        for path in ["/login", "/reset-password?token=\(desk.link())"] {
            let page = try #require(await desk.get(path).text.split(separator: "</main>").first)
            let tags = page.split(separator: "<").map { $0.prefix { $0 != ">" && $0 != " " } }
            let order = zip(tags, page.split(separator: "<")).compactMap { tag, element in
                switch tag {
                case "label", "button": String(tag)
                case "input" where !element.contains("hidden"): String(tag)
                default: nil
                }
            }
            #expect(order == ["label", "input", "label", "input", "button", "button"], "\(path)")
            let reveal = try #require(page.firstRange(of: #"<button type="button" class="reveal""#)),
                submit = try #require(page.firstRange(of: #"<button type="submit">"#))
            #expect(reveal.lowerBound < submit.lowerBound)
        }
    }

    /// An address field of HTML takes nothing but ASCII before the @: the browser would refuse what the server takes.
    @Test func `leaves it to the server what an address is, and offers saved names`() async throws {
        let desk = try Desk()
        for path in ["/login", "/forgot-password", "/forgot-password/sent", "/reset-password?token=x"] {
            let page = await desk.get(path, accept: "text/html").text
            let form = try #require(page.components(after: "<form ")?.prefix { $0 != ">" })
            #expect(form.hasSuffix(" novalidate"), "\(path)")
            #expect(page.contains(#"type="email" value="" autocomplete="username""#), "\(path)")
        }
        let answer = await desk.post("/forgot-password", form: "email=%E7%94%A8%E6%88%B7%40example.com")
        #expect(answer.status == .seeOther)
    }

    @Test func `names each field that was left empty`() async throws {
        let page = await (try Desk()).post("/login", form: "submission=x")
        #expect(page.status == .badRequest)
        #expect(page.text.contains("<p>Fill in every field.</p>"))
        #expect(
            page.text.contains(##"<li id="email-wrong"><a href="#email">Email address: Fill in this field.</a></li>"##))
        #expect(
            page.text.contains(##"<li id="password-wrong"><a href="#password">Password: Fill in this field.</a></li>"##)
        )
        #expect(page.text.contains(#"aria-describedby="password-wrong caps" aria-invalid="true""#))
    }

    @Test func `fills numbers into words`() async throws {
        let words = try Languages.catalogues()[.english]["pages"]
        #expect(
            [1, 2, 59, 60, 61, 3600].map { words.wait(seconds: $0) } == [
                "one second", "2 seconds", "59 seconds", "one minute", "2 minutes", "60 minutes",
            ])
        let desk = try Desk()
        let page = await desk.get("/reset-password?token=\(desk.link())").text
        #expect(page.contains(#"<p class="rule" id="rules">At least 15 characters; try a few words.</p>"#))
        #expect(
            page.contains(#"data-one="Add one more character." data-other="Add at least {count} more characters.""#))
    }
}

@Suite struct `A page's language` {
    @Test(
        arguments: [
            (nil, "en"), ("de", "de"), ("de-AT,en;q=0.5", "de"), ("sv,fr;q=0.5,de;q=0.7", "de"), ("pt-BR", "pt"),
            ("zh-TW,zh;q=0.9", "zh"), ("sv", "en"), ("*", "en"), ("en-GB,de;q=0.9", "en"), ("de;q=0,fr", "fr"),
            ("\u{7F}", "en"),
        ] as [(String?, String)])
    func `is the most wanted that we have`(wanted: String?, tag: String) async throws {
        let desk = try Desk()
        for path in ["/login", "/nowhere"] {
            let page = await desk.get(path, accept: "text/html", Desk.field("Accept-Language", wanted))
            #expect(page.text.contains("<html lang=\"\(tag)\" dir=\"ltr\">"))
            #expect(page["Content-Language"] == tag)
            #expect(page["Vary"] == "Accept, Accept-Language")
        }
    }

    @Test func `may be written from right to left`() async throws {
        let page = await (try Desk()).get("/login", [("Accept-Language", "ar-EG")])
        #expect(page.text.contains(#"<html lang="ar" dir="rtl">"#))
        #expect(page.text.contains("<h1>تسجيل الدخول</h1>"))
    }

    @Test func `says what is wrong with a password, and counts`() async throws {
        let desk = try Desk()
        let page = await desk.post(
            "/reset-password", form: "token=\(desk.link())&password=kurz&confirm_password=kurz",
            [("Accept-Language", "pl")])
        #expect(page.status == .unprocessableContent)
        #expect(page.text.contains("Użyj co najmniej 15 znaków."))
        let different = await desk.post(
            "/reset-password", form: "token=\(desk.link())&password=kurz&confirm_password=lang",
            [("Accept-Language", "de")])
        #expect(
            different.text.contains(
                ##"id="confirm-wrong"><p><a href="#confirm_password">Die beiden Passwörter stimmen nicht überein.</a>"##
            ))
    }

    @Test func `is no business of programs`() async throws {
        let desk = try Desk()
        let german = [("Accept-Language", "de")] as [(FieldName, String)]
        let promised = await desk.post("/forgot-password", json: #"{"email": "ann@example.com"}"#, german)
        #expect(
            promised.json?["message"]?.stringValue
                == "If that address has an account, a mail with a link to choose a new password is on its way.")
        let refused = await desk.post("/forgot-password", json: #"{"email": "ann"}"#, german)
        #expect(refused.json?["detail"]?.stringValue == "Enter a valid email address.")
        #expect(refused["Content-Language"] == nil)
    }

    /// In the shape and weight of the English ones, whatever is said on them.
    @Test(arguments: Language.allCases)
    func `changes nothing but the words`(language: Language) async throws {
        let desk = try Desk(mails: [])
        let token = desk.link()
        for target in [
            "/login", "/login/done", "/forgot-password", "/forgot-password/sent", "/reset-password?token=\(token)",
            "/reset-password?token=x", "/reset-password/done", "/not-me?token=\(token)", "/not-me?token=x",
            "/not-me/done", "/nowhere", "/mailbox", "/me",
        ] {
            let page = await desk.get(target, accept: "text/html", [("Accept-Language", language.tag)])
            let english = await desk.get(target, accept: "text/html")
            #expect(page.status == english.status)
            #expect(page.text.split(separator: "<").count == english.text.split(separator: "<").count, "\(target)")
            #expect(!page.text.contains("{{"))
            let weight = page.body.count + PackageResources.keyturn_css.count + PackageResources.keyturn_js.count
            #expect(weight < 17_500, "\(target)")
        }
    }
}

@Suite struct `The demo's mailbox` {
    @Test func `lists the mails and shows one, its link to be followed`() async throws {
        let link = "\(Desk.publicURL)/reset-password?token=abc"
        let desk = try Desk(mails: [
            DemoMail(
                id: "7", to: "ann@example.com", subject: "Your link", text: "Hello\r\n\(link)\r\n", html: "<p>",
                at: .noon)
        ])
        let list = await desk.get("/mailbox")
        #expect(list.text.contains(#"<a href="/mailbox/mail?id=7">Your link</a>"#))
        #expect(list.text.contains("2026-01-01 12:00:00 UTC"))
        let mail = await desk.get("/mailbox/mail?id=7")
        #expect(mail.text.contains(#"<a href="\#(link)" dir="ltr">\#(link)</a>"#))
        for missing in ["/mailbox/mail?id=8", "/mailbox/mail", "/mailbox/mail?id=%zz"] {
            #expect(await desk.get(missing).status == .notFound)
        }
    }

    @Test func `shows a mail in its own style and no other`() async throws {
        let html = "<style>p { margin: 0 }</style><p style=\"color:red\">a</p><p style=\"color:red\">b</p>"
        let desk = try Desk(mails: [
            DemoMail(id: "7", to: "ann@example.com", subject: "Your link", text: "", html: html, at: .noon)
        ])
        #expect(await desk.get("/mailbox/mail?id=7").text.contains(#"<a href="/mailbox/letter?id=7">"#))
        let letter = await desk.get("/mailbox/letter?id=7")
        #expect(letter.text == html)
        #expect(letter.isPage)
        // `openssl dgst -sha256 -binary | base64`
        #expect(
            letter["Content-Security-Policy"]
                == "default-src 'none'; style-src 'unsafe-hashes' 'sha256-7IWhgxoOGTB5NQzjGk9OPt0FwhVeBvZGoWgF9xLLh8c=' 'sha256-8f935d27GvUutRyY9yWScUMiFUk4WTdZURISiYfPOeQ='; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        #expect(letter.replacesCommonFields)
        #expect(letter["X-Content-Type-Options"] == "nosniff")
        #expect(await desk.get("/mailbox/letter?id=8").status == .notFound)
    }

    @Test func `is not there where mail is really sent`() async throws {
        let desk = try Desk()
        #expect(await desk.get("/mailbox").status == .notFound)
        #expect(await desk.get("/mailbox/mail?id=7").status == .notFound)
        #expect(await desk.get("/mailbox/letter?id=7").status == .notFound)
    }
}

@Suite struct `The security headers` {
    @Test func `forbid what our pages do not need`() {
        let fields = String(decoding: Web.commonFields(publicURL: "http://127.0.0.1:8080"), as: UTF8.self)
        #expect(
            fields
                == "Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\nPermissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n"
        )
    }

    @Test func `insist on https where we are reached so`() {
        let fields = String(decoding: Web.commonFields(publicURL: "https://account.example.com"), as: UTF8.self)
        #expect(fields.hasSuffix("Strict-Transport-Security: max-age=31536000\r\n"))
    }

    @Test func `leave the server's own refusals to be problems too`() {
        let answer = Web.refusal(.contentTooLarge, code: "body_too_large", detail: "At most 65536 bytes.")
        #expect(answer.status == .contentTooLarge)
        #expect(answer.isProblem)
        #expect(answer.code == "body_too_large")
    }
}

@Suite struct `A moment` {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (1_767_268_800, "2026-01-01T12:00:00Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] as [(Int64, String)])
    func `is written as RFC 3339 wants it`(seconds: Int64, text: String) {
        #expect(RFC3339.format(Timestamp(seconds: seconds)) == text)
    }
}
