import HTTP
import Keyturn
import Telemetry
import TestKit
import Testing

@testable import Web

@Suite struct `A public URL with a path` {
    private func desk(_ publicURL: String = "https://example.com/account") throws -> Desk {
        try Desk(publicURL: publicURL)
    }

    @Test func `has pages, assets, forms and redirects below it`() async throws {
        let desk = try desk()
        let page = await desk.get("/account/login")
        #expect(page.status == .ok)
        #expect(page.text.contains(#"action="/account/login""#))
        #expect(page.text.contains(#"href="/account/forgot-password""#))
        let stylesheet = try #require(page.text.components(after: #"<link rel="stylesheet" href=""#)).prefix {
            $0 != "\""
        }
        #expect(stylesheet.hasPrefix("/account/assets/keyturn.css?v="))
        #expect(await desk.get(String(stylesheet)).caching == .immutable)
        #expect(
            await desk.post("/account/forgot-password", form: "email=ann@example.com")["Location"]
                == "/account/forgot-password/sent")
        let reset = await desk.post(
            "/account/reset-password",
            form: "token=\(desk.link())&password=a+river+by+night&confirm_password=a+river+by+night")
        #expect(reset["Location"] == "/account/reset-password/done")
    }

    @Test(arguments: ["/account", "/account/"])
    func `leads to a page of ours, with and without a slash`(path: String) async throws {
        let answer = await (try desk()).get(path)
        #expect(answer.status == .found)
        #expect(answer["Location"] == "/account/login")
    }

    @Test(arguments: ["/healthz", "/account/healthz", "/readyz", "/account/readyz"])
    func `has its health with and without it`(path: String) async throws {
        let desk = try desk()
        #expect(await desk.get(path).status == .ok)
        #expect(await desk.web.respond(to: Request(.head, path)).status == .ok)
        #expect(await desk.web.respond(to: Request(.post, path)).status == .methodNotAllowed)
    }

    @Test(arguments: ["/.well-known/change-password", "/account/.well-known/change-password"])
    func `is found by password managers with and without it`(path: String) async throws {
        let answer = await (try desk()).get(path)
        #expect(answer.status == .found)
        #expect(answer["Location"] == "/account/forgot-password")
    }

    @Test(arguments: [
        "/", "/login", "/forgot-password", "/reset-password?token=x", "/login/", "/openapi.json", "/assets/keyturn.js",
        "/accountant", "/accountlogin", "/account2/login", "/account//login", "//account/login", "/accoun", "/me",
        "/account%2Flogin", "/account/../login", "/account/account/login", "/healthz/",
    ])
    func `has nothing beside it: whole segments match`(path: String) async throws {
        let desk = try desk()
        for method in [Method.get, .post, .options] {
            let request = Request(method, path, fields: [("Content-Type", "application/json")], body: Array("{}".utf8))
            let answer = await desk.web.respond(to: request)
            #expect(answer.status == .notFound, "\(method) \(path)")
            #expect(answer["Location"] == nil)
        }
    }

    @Test func `is the same however its letters are encoded`() async throws {
        let desk = try desk()
        #expect(await desk.get("/%61ccount/login").status == .ok)
        #expect(await desk.get("/acc%6Funt/%6cogin").status == .ok)
        #expect(await desk.get("/acc%zz/login").status == .notFound)
    }

    @Test(arguments: [
        ("/account/login/", "/account/login"),
        ("/account/reset-password/?token=T&x=%E9", "/account/reset-password?token=T&x=%E9"),
        ("/account/forgot-password/sent/", "/account/forgot-password/sent"),
    ])
    func `leads from a slash too much to the page, the query kept`(target: String, found: String) async throws {
        let answer = await (try desk()).get(target)
        #expect(answer.status == .permanentRedirect)
        #expect(answer["Location"] == found)
    }

    @Test(arguments: ["/account/RESET-PASSWORD?TOKEN=T", "/ACCOUNT/RESET-PASSWORD?TOKEN=T", "/Account/not-me"])
    func `in other letters is a page that offers a new link`(target: String) async throws {
        let page = await (try desk()).get(target, accept: "text/html")
        #expect(page.status == .notFound)
        #expect(page.text.contains(#"<form method="post" action="/account/forgot-password" novalidate>"#))
    }

    @Test func `is counted as the path below it`() async throws {
        let desk = try desk()
        _ = await desk.get("/account/login")
        let counted = desk.metrics.text().split(separator: "\n").filter {
            $0.contains("requests_total") && !$0.hasSuffix(" 0")
        }
        #expect(counted.contains { $0.contains(#"route="/login""#) && $0.contains(#"status="200""#) })
    }

    @Test func `answers OPTIONS for all of it`() async throws {
        let desk = try desk()
        #expect(await desk.web.respond(to: Request(.options, "*"))["Allow"] == "GET, HEAD, POST, OPTIONS")
        #expect(await desk.web.respond(to: Request(.options, "/account"))["Allow"] == "GET, HEAD, OPTIONS")
        #expect(await desk.web.respond(to: Request(.options, "/account/login"))["Allow"] == "GET, HEAD, POST, OPTIONS")
    }

    @Test func `takes forms of its own origin, and of no other`() async throws {
        let desk = try desk()
        for (origin, status) in [("https://example.com", Status.seeOther), ("https://example.org", .forbidden)] {
            let answer = await desk.post(
                "/account/forgot-password", form: "email=ann@example.com", [("Origin", origin)])
            #expect(answer.status == status)
        }
    }

    @Test func `may have several segments`() async throws {
        let desk = try desk("https://example.com/~ann/key.turn")
        #expect(await desk.get("/~ann/key.turn/login").status == .ok)
        #expect(await desk.get("/~ann/keyXturn/login").status == .notFound)
        #expect(await desk.get("/~ann/login").status == .notFound)
    }
}
