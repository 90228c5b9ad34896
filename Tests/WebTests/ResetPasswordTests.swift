import HTTP
import Keyturn
import PasswordHashing
import StrictJSON
import TestKit
import Testing

@testable import Web

@Suite struct `A reset link` {
    @Test func `shows the form to a person, with the rules before the fields`() async throws {
        let desk = try Desk()
        let token = desk.link()
        let page = await desk.get("/reset-password?token=\(token)")
        #expect(page.status == .ok)
        #expect(page.isPage)
        #expect(page.hiddenValue("token") == token)
        #expect(page.hiddenValue("username") == "Ann@example.com")
        let rules = try #require(page.text.firstRange(of: "At least 15 characters")),
            field = try #require(page.text.firstRange(of: #"id="password""#))
        #expect(rules.lowerBound < field.lowerBound)
        #expect(
            page.text.contains(
                #"autocomplete="new-password" minlength="15" passwordrules="minlength: 15; maxlength: 256;""#))
    }

    @Test func `tells a program that it works and until when, and stays good however often it is opened`() async throws
    {
        let desk = try Desk()
        let token = desk.link()
        for _ in 1...3 {
            let answer = await desk.get("/reset-password?token=\(token)", accept: "application/json")
            #expect(answer.status == .ok)
            #expect(answer.text == #"{"status":"valid","expires_at":"2026-01-01T12:30:00Z"}"#)
        }
        #expect(
            await desk.post("/reset-password", json: #"{"token":"\#(token)","password":"a quiet lighthouse"}"#).status
                == .ok)
    }

    @Test(arguments: ["/reset-password", "/not-me"])
    func `that is over says so before anybody types`(path: String) async throws {
        let desk = try Desk()
        let token = desk.link()
        desk.clock.advance(by: .seconds(1801))
        let program = await desk.get("\(path)?token=\(token)", accept: "application/json")
        #expect(program.status == .gone)
        #expect(program.code == "token_expired")
        let person = await desk.get("\(path)?token=\(token)", accept: "text/html")
        #expect(person.status == .gone)
        #expect(person.isPage)
        #expect(!person.text.contains(#"type="password""#))
        #expect(!person.text.contains(token))
    }

    @Test func `that is over offers the form for another`() async throws {
        let desk = try Desk()
        let token = desk.link()
        desk.clock.advance(by: .seconds(1801))
        let page = await desk.get("/reset-password?token=\(token)", accept: "text/html")
        #expect(page.text.contains("This link has expired"))
        #expect(page.text.contains(#"<form method="post" action="/forgot-password" novalidate>"#))
    }

    @Test(arguments: [
        "?token=TOKEN&off=50%", "?token=TOKEN&x=%E9", "?%=1&token=TOKEN", "?token=TOKEN&%zz=%", "?x=%FF%FE&token=TOKEN",
        "?&&token=TOKEN&", "?TRACKERS&token=TOKEN",
    ])
    func `works whatever others put beside its token`(query: String) async throws {
        let desk = try Desk()
        let trackers = (0..<200).map { "utm_\($0)=x" }.joined(separator: "&")
        let target = query.replacing("TOKEN", with: desk.link()).replacing("TRACKERS", with: trackers)
        for path in ["/reset-password", "/not-me"] {
            let page = await desk.get(path + target, accept: "text/html")
            #expect(page.status == .ok)
            #expect(page.hiddenValue("token") == desk.link())
            #expect(await desk.get(path + target, accept: "application/json").status == .ok)
        }
    }

    @Test(arguments: [
        "", "?token=", "?token=forged", "?token=a&token=b", "?token=%zz", "?token=%FF", "?other=1",
        "?token=%20TOKEN%20",
    ])
    func `that is not one is refused without saying why`(query: String) async throws {
        let desk = try Desk()
        let target = "/reset-password" + query.replacing("TOKEN", with: desk.link())
        let program = await desk.get(target, accept: "application/json")
        #expect(program.status == .badRequest)
        #expect(program.code == "token_invalid")
        let person = await desk.get(target, accept: "text/html")
        #expect(person.status == .badRequest)
        #expect(person.text.contains("This link does not work"))
    }
}

@Suite struct `Choosing a new password` {
    @Test func `turns the key: the new one works, the link is dead`() async throws {
        let desk = try Desk()
        let token = desk.link(), second = desk.link()
        let answer = await desk.post("/reset-password", json: #"{"token":"\#(token)","password":"a quiet lighthouse"}"#)
        #expect(answer.status == .ok)
        #expect(
            answer.json?["message"]?.stringValue == "The password was changed. Every open link has stopped working.")
        #expect(
            await desk.post("/login", json: #"{"email":"ann@example.com","password":"a quiet lighthouse"}"#).status
                == .ok)
        #expect(
            await desk.post("/login", json: #"{"email":"ann@example.com","password":"\#(User.annsPassword)"}"#).code
                == "credentials_invalid")
        for used in [token, second] {
            let again = await desk.post(
                "/reset-password", json: #"{"token":"\#(used)","password":"another lighthouse"}"#)
            #expect(again.status == .badRequest)
            #expect(again.code == "token_invalid")
        }
    }

    @Test func `asks a form for the password twice, and sends it on to a page`() async throws {
        let desk = try Desk()
        let token = desk.link()
        let once = await desk.post("/reset-password", form: "token=\(token)&password=a+quiet+lighthouse")
        #expect(once.status == .badRequest)
        #expect(once.isPage)
        let twice = await desk.post(
            "/reset-password", form: "token=\(token)&password=a+quiet+lighthouse&confirm_password=a+quiet+lighthouse")
        #expect(twice.status == .seeOther)
        #expect(twice["Location"] == "/reset-password/done")
        #expect(await desk.get("/reset-password/done").text.contains("Your password was changed"))
    }

    @Test func `promises the letter about it in the visitor's language`() async throws {
        let desk = try Desk()
        let body = "token=\(desk.link())&password=a+quiet+lighthouse&confirm_password=a+quiet+lighthouse"
        _ = await desk.post("/reset-password", form: body, [("Accept-Language", "sv, de-AT;q=0.9")])
        #expect(desk.store.letters == [.passwordChanged(User.ann.id, language: "de-at")])
    }

    @Test func `checks the second one wherever it is sent`() async throws {
        let desk = try Desk()
        let token = desk.link()
        let answer = await desk.post(
            "/reset-password",
            json: #"{"token":"\#(token)","password":"a quiet lighthouse","confirm_password":"a loud lighthouse"}"#)
        #expect(answer.status == .unprocessableContent)
        #expect(answer.code == "passwords_differ")
        #expect(answer.fieldCodes == ["confirm_password: differs"])
        #expect(await desk.get("/reset-password?token=\(token)").status == .ok)
    }

    @Test func `says what is wrong with a password and keeps the link good`() async throws {
        let desk = try Desk()
        let token = desk.link()
        let answer = await desk.post("/reset-password", json: #"{"token":"\#(token)","password":"short"}"#)
        #expect(answer.status == .unprocessableContent)
        #expect(answer.code == "password_rejected")
        #expect(answer.fieldCodes.contains("password: too_short"))
        // No page is made for a program, so nobody looked at the link for one.
        #expect(desk.store.audited.map(\.event) == [.passwordRefused])
        let page = await desk.post("/reset-password", form: "token=\(token)&password=short&confirm_password=short")
        #expect(page.status == .unprocessableContent)
        #expect(page.hiddenValue("token") == token)
        #expect(page.hiddenValue("username") == "Ann@example.com")
        #expect(page.text.contains(#"aria-describedby="password-wrong rules strength caps" aria-invalid="true""#))
        #expect(!page.text.contains(#"value="short""#))
        #expect(
            await desk.post("/reset-password", json: #"{"token":"\#(token)","password":"a quiet lighthouse"}"#).status
                == .ok)
    }

    @Test func `names the reason above the form, where it is seen first`() async throws {
        let desk = try Desk()
        let page = await desk.post(
            "/reset-password",
            form: "token=\(desk.link())&password=ann%40example.com+it+is&confirm_password=ann%40example.com+it+is")
        #expect(
            page.text.contains(
                ##"<div id="password-wrong"><p><a href="#password">Don&#39;t use your email address or name in the password.</a></p></div>"##
            ))
        let reason = try #require(page.text.firstRange(of: "password-wrong")),
            form = try #require(page.text.firstRange(of: "<form"))
        #expect(reason.lowerBound < form.lowerBound)
    }

    @Test func `is kept if only its confirmation was wrong`() async throws {
        let desk = try Desk()
        let page = await desk.post(
            "/reset-password",
            form: "token=\(desk.link())&password=a+%3Cquiet%3E+%22lighthouse%22&confirm_password=a+loud+lighthouse")
        #expect(page.status == .unprocessableContent)
        #expect(page.text.contains(#"type="password" value="a &lt;quiet&gt; &quot;lighthouse&quot;" autocomplete"#))
        #expect(!page.text.contains("loud"))
        #expect(page.caching == .noStore)
    }

    @Test(arguments: [
        ("short", "another one"), ("ann@example.com it is", "another one"), ("short", "short"),
        ("a quiet lighthouse" + String(repeating: ".", count: 237), "another one"),
    ])
    func `is not sent back if it would be refused, or is long`(password: String, confirmation: String) async throws {
        let desk = try Desk()
        let encoded = password.replacing(" ", with: "+")
        for token in [desk.link(), "forged"] {
            let page = await desk.post(
                "/reset-password", form: "token=\(token)&password=\(encoded)&confirm_password=\(confirmation)")
            #expect(page.status == .unprocessableContent || page.status == .badRequest)
            #expect(!page.text.contains(password))
        }
    }

    @Test func `is in no answer to a program, or to a form with a dead link`() async throws {
        let desk = try Desk()
        let json = await desk.post(
            "/reset-password",
            json: #"{"token":"\#(desk.link())","password":"a quiet lighthouse","confirm_password":"x"}"#)
        let page = await desk.post(
            "/reset-password", form: "token=forged&password=a+quiet+lighthouse&confirm_password=x")
        for answer in [json, page] { #expect(!answer.text.contains("quiet")) }
    }

    @Test(arguments: [(0, 400, "token_invalid"), (1801, 410, "token_expired")])
    func `needs a link that works`(seconds: Int64, status: Int, code: String) async throws {
        let desk = try Desk()
        let token = seconds == 0 ? "forged" : desk.link()
        desk.clock.advance(by: .seconds(seconds))
        let answer = await desk.post("/reset-password", json: #"{"token":"\#(token)","password":"a quiet lighthouse"}"#)
        #expect(answer.status == Status(status))
        #expect(answer.code == code)
        let page = await desk.post(
            "/reset-password", form: "token=\(token)&password=a+quiet+lighthouse&confirm_password=a+quiet+lighthouse")
        #expect(page.status == Status(status))
        #expect(page.text.contains(#"action="/forgot-password""#))
    }

    @Test func `of a link for somebody else opens nothing`() async throws {
        let desk = try Desk()
        _ = await desk.post(
            "/reset-password", json: #"{"token":"\#(desk.link(for: .bob))","password":"a quiet lighthouse"}"#)
        #expect(
            await desk.post("/login", json: #"{"email":"ann@example.com","password":"a quiet lighthouse"}"#).code
                == "credentials_invalid")
        #expect(
            await desk.post("/login", json: #"{"email":"bob@example.org","password":"a quiet lighthouse"}"#).status
                == .ok)
    }

    @Test func `is turned away at once while too many wait, and the link stays good`() async throws {
        let pool = HashingPool(threads: 1, waitingLimit: 0)
        let desk = try Desk(hashing: pool)
        let token = desk.link()
        pool.shutDown()
        let answer = await desk.post("/reset-password", json: #"{"token":"\#(token)","password":"a quiet lighthouse"}"#)
        #expect(answer.status == .serviceUnavailable)
        #expect(answer.code == "busy")
        #expect(answer["Retry-After"] == "2")
        #expect(await desk.get("/reset-password?token=\(token)").status == .ok)
    }

    @Test func `exactly one of many at once succeeds`() async throws {
        let desk = try Desk()
        let token = desk.link()
        let statuses = await withTaskGroup(of: Int.self) { group in
            for number in 1...20 {
                group.addTask {
                    await desk.post(
                        "/reset-password", json: #"{"token":"\#(token)","password":"a quiet lighthouse \#(number)"}"#
                    ).status.code
                }
            }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.count { $0 == 200 } == 1)
        #expect(statuses.count { $0 == 400 } == 19)
    }

    @Test func `says when the storage fails, and does not say done`() async throws {
        let desk = try Desk()
        let token = desk.link()
        desk.store.fail(with: StorageFailed(.unavailable, code: "SQLITE_IOERR", reason: "disk I/O error"))
        let answer = await desk.post("/reset-password", json: #"{"token":"\#(token)","password":"a quiet lighthouse"}"#)
        #expect(answer.status == .serviceUnavailable)
        #expect(answer.code == "unavailable")
    }
}

@Suite struct `This wasn't me` {
    @Test func `is a page with a button that changes nothing when it is opened`() async throws {
        let desk = try Desk()
        let token = desk.link()
        let page = await desk.get("/not-me?token=\(token)")
        #expect(page.status == .ok)
        #expect(page.hiddenValue("token") == token)
        #expect(page.text.contains("Cancel all links"))
        #expect(await desk.get("/reset-password?token=\(token)").status == .ok)
    }

    @Test func `stops every open link and leaves the password alone`() async throws {
        let desk = try Desk()
        let token = desk.link(), other = desk.link()
        let answer = await desk.post("/not-me", json: #"{"token":"\#(token)"}"#)
        #expect(answer.status == .ok)
        #expect(
            answer.json?["message"]?.stringValue
                == "Every open link of this account has stopped working. The password was not changed.")
        for link in [token, other] {
            #expect(await desk.get("/reset-password?token=\(link)", accept: "application/json").code == "token_invalid")
        }
        #expect(
            await desk.post("/login", json: #"{"email":"ann@example.com","password":"\#(User.annsPassword)"}"#).status
                == .ok)
    }

    @Test func `sends a form on to a page`() async throws {
        let desk = try Desk()
        let answer = await desk.post("/not-me", form: "token=\(desk.link())")
        #expect(answer.status == .seeOther)
        #expect(answer["Location"] == "/not-me/done")
        #expect(await desk.get("/not-me/done").text.contains("All links are cancelled"))
    }

    @Test func `of a dead link says that nothing is left to stop`() async throws {
        let desk = try Desk()
        #expect(await desk.post("/not-me", json: #"{"token":"forged"}"#).code == "token_invalid")
        let page = await desk.post("/not-me", form: "token=forged")
        #expect(page.status == .badRequest)
        #expect(page.text.contains("This link no longer works"))
    }
}
