import HTTP
import Keyturn
import TestKit
import Testing

@testable import Web

@Suite struct `The shape of an answer` {
    static let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

    @Test(
        arguments: [
            (nil, Presentation.either), ("*/*", .either), ("application/json", .json),
            ("application/problem+json", .json),
            (Self.browser, .page), ("text/html", .page), ("text/*", .page),
            ("text/html;q=0.5, application/json", .json),
            ("application/json;q=0.1, text/html;q=0.2", .page), ("image/png", .either), ("nonsense", .either),
        ] as [(String?, Presentation)])
    func `follows Accept`(accept: String?, presentation: Presentation) {
        #expect(Presentation(accepting: accept) == presentation)
    }

    @Test func `of a form is a page unless JSON is wanted`() async throws {
        let desk = try Desk()
        #expect(await desk.post("/forgot-password", form: "email=ann@example.com").status == .seeOther)
        #expect(
            await desk.post("/forgot-password", form: "email=ann@example.com", accept: Self.browser).status == .seeOther
        )
        #expect(
            await desk.post("/forgot-password", form: "email=ann@example.com", accept: "application/json").status
                == .accepted)
        #expect(await desk.post("/forgot-password", form: "email=ann").isPage)
        #expect(await desk.post("/forgot-password", form: "email=ann", accept: "application/json").isProblem)
    }

    @Test func `of JSON is a page with the JSON's status where HTML is wanted`() async throws {
        let desk = try Desk()
        let sent = await desk.post("/forgot-password", json: #"{"email":"ann@example.com"}"#, accept: "text/html")
        #expect(sent.status == .accepted)
        #expect(sent.text.contains("Check your inbox"))
        let refused = await desk.post("/forgot-password", json: #"{"email":"ann"}"#, accept: "text/html")
        #expect(refused.status == .unprocessableContent)
        #expect(refused.isPage)
        let changed = await desk.post(
            "/reset-password", json: #"{"token":"\#(desk.link())","password":"a quiet lighthouse"}"#,
            accept: "text/html")
        #expect(changed.status == .ok)
        #expect(changed.text.contains("Your password was changed"))
    }

    @Test(arguments: [("/nowhere", 404, "Page not found"), ("/me", 401, "Not signed in")])
    func `of a mistake is a page for a person and a problem for a program`(path: String, status: Int, words: String)
        async throws
    {
        let desk = try Desk()
        let person = await desk.get(path, accept: Self.browser)
        #expect(person.status == Status(status))
        #expect(person.text.contains(words))
        for accept in [nil, "*/*", "application/json"] as [String?] {
            let program = await desk.get(path, accept: accept)
            #expect(program.status == Status(status))
            #expect(program.isProblem)
        }
    }

    @Test func `keeps the fields of the status on a page`() async throws {
        let desk = try Desk(burst: 1)
        #expect(await desk.post("/forgot-password", form: "email=ann@example.com").status == .seeOther)
        let slowed = await desk.post("/forgot-password", form: "email=ann@example.com")
        #expect(slowed.status == .tooManyRequests)
        #expect(slowed["Retry-After"] == "60")
        #expect(slowed.text.contains("You can try again in one minute."))
        let wrong = await desk.web.respond(to: Request(.delete, "/login", fields: [("Accept", "text/html")]))
        #expect(wrong["Allow"] == "GET, HEAD, POST, OPTIONS")
        #expect(wrong.isPage)
    }

    @Test func `of a problem has all its members`() async throws {
        let answer = await (try Desk()).get("/nowhere")
        #expect(
            answer.text
                == #"{"type":"urn:keyturn:problem:not_found","title":"Not found","status":404,"detail":"There is nothing at this address.","code":"not_found"}"#
        )
    }
}
