import HTTP
import Keyturn
import TestKit
import Testing

@testable import Web

@Suite struct `A form's origin` {
    @Test(
        arguments: [
            (nil, nil), ("https://account.example.com", nil), ("https://account.example.com", "same-origin"),
            ("null", "same-origin"), ("null", nil),
            ("null", "none"), (nil, "none"), ("https://app.example.com", "same-site"),
            ("http://127.0.0.1:8080", "same-origin"),
        ] as [(String?, String?)])
    func `may be ours, an allowed one, or one that our own pages hide`(origin: String?, site: String?) async throws {
        let desk = try Desk { $0.allowedOrigins = ["https://app.example.com"] }
        let fields = Desk.field("Origin", origin) + Desk.field("Sec-Fetch-Site", site)
        #expect(await desk.post("/forgot-password", form: "email=ann@example.com", fields).status == .seeOther)
    }

    @Test(
        arguments: [
            ("https://evil.example", nil), ("https://account.example.com.evil.example", nil),
            ("http://account.example.com", nil),
            ("https://account.example.com:8443", nil), ("null", "cross-site"), (nil, "cross-site"),
            ("https://account.example.com", "cross-site"),
            ("null", "same-site"), ("", nil),
        ] as [(String?, String?)])
    func `is refused where it is foreign`(origin: String?, site: String?) async throws {
        let desk = try Desk()
        let fields = Desk.field("Origin", origin) + Desk.field("Sec-Fetch-Site", site)
        for (path, form) in [
            ("/forgot-password", "email=ann@example.com"), ("/login", "email=a@b.cd&password=x"),
            ("/not-me", "token=\(desk.link())"),
            ("/reset-password", "token=\(desk.link())&password=a+quiet+lighthouse&confirm_password=a+quiet+lighthouse"),
        ] {
            let answer = await desk.post(path, form: form, accept: "application/json", fields)
            #expect(answer.status == .forbidden)
            #expect(answer.code == "origin_refused")
        }
        #expect(desk.store.letters.isEmpty)
    }

    @Test(arguments: [
        ("https://Account.Example.com", "https://account.example.com"),
        ("https://example.com:443/account", "https://example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("http://example.com:80", "http://example.com"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ])
    func `is compared as browsers write it`(url: String, origin: String) {
        #expect(OriginCheck.origin(of: url) == origin)
    }
}

@Suite struct `A script of another origin` {
    private func options(_ desk: Desk, from origin: String) async -> Response {
        await desk.web.respond(
            to: Request(
                .options, "/forgot-password", fields: [("Origin", origin), ("Access-Control-Request-Method", "POST")]))
    }

    @Test func `may call where its origin is allowed`() async throws {
        let desk = try Desk { $0.allowedOrigins = ["https://app.example.com"] }
        let preflight = await options(desk, from: "https://app.example.com")
        #expect(preflight.status == .noContent)
        #expect(preflight["Access-Control-Allow-Origin"] == "https://app.example.com")
        #expect(preflight["Access-Control-Allow-Methods"] == "GET, HEAD, POST, OPTIONS")
        #expect(preflight["Access-Control-Allow-Headers"] == "Content-Type, Authorization, Accept")
        #expect(preflight["Vary"] == "Origin")
        let answer = await desk.post(
            "/forgot-password", json: #"{"email":"ann@example.com"}"#, [("Origin", "https://app.example.com")])
        #expect(answer["Access-Control-Allow-Origin"] == "https://app.example.com")
        #expect(answer["Access-Control-Allow-Credentials"] == nil)
    }

    @Test(arguments: [
        "https://evil.example", "null", "https://app.example.com.evil.example", "HTTPS://APP.EXAMPLE.COM",
    ])
    func `may not where it is not`(origin: String) async throws {
        let desk = try Desk { $0.allowedOrigins = ["https://app.example.com"] }
        for answer in [await options(desk, from: origin), await desk.get("/healthz", [("Origin", origin)])] {
            #expect(answer["Access-Control-Allow-Origin"] == nil)
            #expect(answer["Access-Control-Allow-Methods"] == nil)
            #expect(answer["Vary"] == "Origin")
        }
    }

    @Test func `is not thought of where none is allowed`() async throws {
        let answer = await (try Desk()).get("/healthz", [("Origin", "https://app.example.com")])
        #expect(answer["Vary"] == nil)
        #expect(answer["Access-Control-Allow-Origin"] == nil)
    }
}
