import HTTP
import Keyturn
import StrictJSON
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Web

@Suite struct `Every address` {
    @Test(arguments: [
        ("/login", 200, "text/html; charset=utf-8"), ("/login/done", 200, "text/html; charset=utf-8"),
        ("/forgot-password", 200, "text/html; charset=utf-8"),
        ("/forgot-password/sent", 200, "text/html; charset=utf-8"),
        ("/reset-password/done", 200, "text/html; charset=utf-8"), ("/not-me/done", 200, "text/html; charset=utf-8"),
        ("/healthz", 200, "application/json"), ("/readyz", 200, "application/json"),
        ("/openapi.json", 200, "application/json"),
        ("/assets/keyturn.css", 200, "text/css; charset=utf-8"),
        ("/assets/keyturn.js", 200, "text/javascript; charset=utf-8"),
        ("/assets/keyturn.svg", 200, "image/svg+xml"), ("/me", 401, "application/problem+json"),
        ("/nowhere", 404, "application/problem+json"), ("/login//", 404, "application/problem+json"),
        ("/LOGIN", 404, "application/problem+json"), ("/mailbox", 404, "application/problem+json"),
        ("/login%00", 404, "application/problem+json"), ("/login%2F", 404, "application/problem+json"),
        ("/%4Cogin", 404, "application/problem+json"), ("/login%", 404, "application/problem+json"),
        ("/%2Fhealthz", 404, "application/problem+json"), ("%2Fhealthz", 404, "application/problem+json"),
        // The same address (RFC 9110 §4.2.3)
        ("/%68ealthz", 200, "application/json"), ("/%68%65%61%6C%74%68%7a", 200, "application/json"),
        ("/%6Cogin", 200, "text/html; charset=utf-8"), ("/reset%2Dpassword/done", 200, "text/html; charset=utf-8"),
    ])
    func `answers GET, and HEAD with the same`(path: String, status: Int, type: String) async throws {
        let desk = try Desk()
        let get = await desk.web.respond(to: Request(.get, path)),
            head = await desk.web.respond(to: Request(.head, path))
        #expect(get.status == Status(status))
        #expect(get["Content-Type"] == type)
        #expect(head.status == get.status)
        #expect(head["Content-Type"] == type)
        #expect(get.caching == (path.hasPrefix("/assets/") ? .publicFor(seconds: 300) : .noStore))
    }

    @Test(
        arguments: [
            ("Range", "bytes=0-0"), ("If-Range", #""x""#), ("If-None-Match", #""x""#),
            ("If-Modified-Since", "Sun, 06 Nov 2044 08:49:37 GMT"),
            ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Accept-Encoding", "gzip, identity;q=0"),
            ("Accept-Charset", "utf-16"), ("TE", "gzip"),
        ] as [(FieldName, String)], ["/healthz", "/openapi.json", "/assets/keyturn.css", "/login/done"])
    func `answers whole, whatever part, coding or age is asked for`(field: (FieldName, String), path: String)
        async throws
    {
        let desk = try Desk()
        let (plain, asked) = (await desk.get(path), await desk.get(path, [("Range", "bytes=0-0"), field]))
        #expect(asked.status == .ok)
        #expect(asked.body == plain.body)
        #expect(asked.caching == plain.caching)
        for name in ["ETag", "Last-Modified", "Accept-Ranges", "Content-Range", "Content-Encoding"] as [FieldName] {
            #expect(asked[name] == nil)
        }
    }

    @Test(
        arguments: [
            ("/healthz", [("If-Match", #""x""#)], 412), ("/healthz", [("If-Match", "")], 412),
            ("/healthz", [("If-Match", "*")], 200), ("/healthz", [("If-None-Match", "*")], 304),
            ("/healthz", [("If-Match", "*"), ("If-None-Match", "*")], 304),
            ("/healthz", [("If-None-Match", "*"), ("If-Match", #""x", "y""#)], 412),
            ("/healthz", [("If-None-Match", #"W/"x", "y""#)], 200),
            ("/healthz", [("If-None-Match", "*"), ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")], 304),
            ("/login", [("If-Match", #""x""#)], 412), ("/login", [("If-None-Match", "*")], 304),
            ("/assets/keyturn.css", [("If-None-Match", "*")], 304), ("/", [("If-Match", #""x""#)], 302),
            ("/nowhere", [("If-Match", #""x""#)], 404), ("/me", [("If-None-Match", "*")], 401),
        ] as [(String, [(FieldName, String)], Int)])
    func `heeds conditions where it would have answered with something`(
        path: String, fields: [(FieldName, String)], status: Int
    ) async throws {
        let desk = try Desk()
        for method in [Method.get, .head] {
            let request = Request(method, path, fields: fields)
            var answer = await desk.web.respond(to: request)
            #expect(answer.status == Status(status))
            answer = desk.web.respondAtOnce(to: request) ?? answer
            #expect(answer.status == Status(status))
            #expect(answer.code == (status == 412 ? "precondition_failed" : answer.code))
            guard status == 304 else { continue }
            #expect(answer.body.isEmpty && answer["Content-Type"] == nil)
            #expect(answer.caching == (path.hasPrefix("/assets/") ? .publicFor(seconds: 300) : .noStore))
            #expect(answer["Vary"] == (path == "/login" ? "Accept, Accept-Language" : nil))
        }
    }

    @Test(arguments: [("If-Match", #""x""#), ("If-None-Match", "*")] as [(FieldName, String)])
    func `knows no conditions where it is posted to`(field: (FieldName, String)) async throws {
        let answer = await (try Desk()).post("/forgot-password", json: #"{"email":"ann@example.com"}"#, [field])
        #expect(answer.status == .accepted)
    }

    @Test func `of health and readiness says one word`() async throws {
        let desk = try Desk(checks: [ReadinessCheck("database") { nil }])
        #expect(await desk.get("/healthz").text == #"{"status":"ok"}"#)
        #expect(await desk.get("/readyz").text == #"{"status":"ready"}"#)
    }

    @Test(arguments: [
        ("/", "/login"), ("/.well-known/change-password", "/forgot-password"),
        ("/%2Ewell-known/change-password", "/forgot-password"),
    ])
    func `that only points elsewhere does so`(path: String, target: String) async throws {
        let answer = await (try Desk()).get(path)
        #expect(answer.status == .found)
        #expect(answer["Location"] == target)
    }

    @Test(arguments: [
        ("/reset-password/?token=T", "/reset-password?token=T"), ("/login/", "/login"), ("/login/?", "/login?"),
        ("/forgot-password/sent/", "/forgot-password/sent"), ("/healthz/?a=%E9&b=50%", "/healthz?a=%E9&b=50%"),
    ])
    func `with a slash too much leads to the one without it, the query kept`(target: String, found: String) async throws
    {
        let desk = try Desk()
        for method in [Method.get, .head, .post, .put, .options] {
            let request = Request(method, target, fields: [("Content-Type", "application/json")])
            let answers = [await desk.web.respond(to: request)] + [desk.web.refuseEarly(request)].compactMap { $0 }
            #expect(answers.count == (method == .options ? 1 : 2))
            for answer in answers {
                #expect(answer.status == .permanentRedirect)
                #expect(answer["Location"] == found)
                #expect(answer.caching == .noStore)
            }
        }
    }

    @Test(arguments: ["/", "//", "/nowhere/", "//login/", "/login//", "//example.com/", "/LOGIN/"])
    func `with other slashes leads nowhere`(path: String) async throws {
        let answer = await (try Desk()).get(path)
        #expect(answer.status == (path == "/" ? .found : .notFound))
        #expect(answer["Location"] == (path == "/" ? "/login" : nil))
    }

    @Test(arguments: ["/RESET-PASSWORD?TOKEN=T", "/Reset-Password?Token=T", "/RESET-PASSWORD/", "/NOT-ME?TOKEN=T"])
    func `in other letters is a page that offers a new link`(target: String) async throws {
        let desk = try Desk()
        let page = await desk.get(target, accept: "text/html")
        #expect(page.status == .notFound)
        #expect(page.isPage)
        #expect(page.text.contains("Page not found"))
        #expect(page.text.contains(#"<form method="post" action="/forgot-password" novalidate>"#))
        #expect(!page.text.contains("TOKEN"))
        let program = await desk.get(target)
        #expect(program.status == .notFound)
        #expect(program.code == "not_found")
        #expect(!(await desk.get("/nowhere", accept: "text/html")).text.contains(#"method="post""#))
    }

    @Test(arguments: [
        ("/forgot-password", "GET, HEAD, POST, OPTIONS"), ("/reset-password", "GET, HEAD, POST, OPTIONS"),
        ("/not-me", "GET, HEAD, POST, OPTIONS"),
        ("/login", "GET, HEAD, POST, OPTIONS"), ("/me", "GET, HEAD, OPTIONS"), ("/healthz", "GET, HEAD, OPTIONS"),
    ])
    func `refuses other methods and says which it knows`(path: String, allow: String) async throws {
        let desk = try Desk()
        let methods: [Method] = allow.contains("POST") ? [.put, .patch, .delete] : [.post, .put, .patch, .delete]
        for method in methods {
            let answer = await desk.web.respond(to: Request(method, path))
            #expect(answer.status == .methodNotAllowed)
            #expect(answer.code == "method_not_allowed")
            #expect(answer["Allow"] == allow)
        }
        let options = await desk.web.respond(to: Request(.options, path))
        #expect(options.status == .noContent)
        #expect(options["Allow"] == allow)
        #expect(options["Access-Control-Allow-Origin"] == nil)
    }

    @Test func `and none at all answer OPTIONS`() async throws {
        let desk = try Desk()
        #expect(await desk.web.respond(to: Request(.options, "*"))["Allow"] == "GET, HEAD, POST, OPTIONS")
        #expect(await desk.web.respond(to: Request(.options, "/nowhere")).status == .notFound)
    }

    private struct TakesAll: MailReports {
        func refusal(signature: String?, timestamp: String?, at now: Timestamp) -> ReportsRefused? { nil }
        func receive(
            _ body: [UInt8], signature: String?, timestamp: String?, at now: Timestamp
        ) async throws(ReportsRefused) {}
    }

    @Test func `in the OpenAPI document is one that answers, and the other way round`() async throws {
        let desk = try Desk(reports: TakesAll())
        let document = try #require(await desk.get("/openapi.json").json)
        #expect(document["openapi"]?.stringValue == "3.1.0")
        let paths = try #require(document["paths"]?.objectValue)
        let known = [
            "/", "/.well-known/change-password", "/forgot-password", "/forgot-password/sent", "/healthz", "/login",
            "/login/done", "/me",
            "/not-me", "/not-me/done", "/openapi.json", "/readyz", "/reset-password", "/reset-password/done",
            "/reset-password/first", "/sendgrid/events",
        ]
        #expect(paths.map(\.name).sorted() == known)
        for path in paths {
            let allow = try #require(await desk.web.respond(to: Request(.options, path.name))["Allow"])
            #expect((path.value["post"] != nil) == allow.contains("POST"), "\(path.name)")
        }
    }
}

@Suite struct `Readiness` {
    @Test func `names the checks that fail and tells why only to the log`() async throws {
        let desk = try Desk(checks: [
            ReadinessCheck("database") { nil }, ReadinessCheck("mail") { "the provider refuses the key" },
        ])
        let answer = await desk.get("/readyz")
        #expect(answer.status == .serviceUnavailable)
        #expect(answer.code == "unavailable")
        #expect(answer.json?["detail"]?.stringValue == "Failing: mail.")
        #expect(answer.fieldCodes == ["mail: failing"])
        #expect(!answer.text.contains("refuses"))
        #expect(desk.logged.all.contains { $0.contains("mail: the provider refuses the key") })
    }

    @Test func `is one answer for all who ask, and the log tells of each change once`() async throws {
        let problem = Mutex<String?>(nil)
        let desk = try Desk(checks: [
            ReadinessCheck("database") { nil }, ReadinessCheck("mail") { problem.withLock { $0 } },
        ])
        let (first, second) = (desk.web, desk.web.copyForLoop())
        func statuses() async -> Set<Int> {
            await withTaskGroup(of: Int.self) { group in
                for number in 0..<400 {
                    let web = number % 2 == 0 ? first : second
                    group.addTask { await web.respond(to: Request(.get, "/readyz")).status.code }
                }
                return await group.reduce(into: []) { $0.insert($1) }
            }
        }
        #expect(await statuses() == [200])
        #expect(desk.logged.all.filter { !$0.hasPrefix("debug") } == [])
        problem.withLock { $0 = "401: no" }
        #expect(await statuses() == [503])
        problem.withLock { $0 = "401: still no" }
        #expect(await statuses() == [503])
        problem.withLock { $0 = nil }
        #expect(await statuses() == [200])
        #expect(
            desk.logged.all.filter { !$0.hasPrefix("debug") } == [
                "warning not ready cause=mail: 401: no failing=mail", "notice ready again ",
            ])
    }

    @Test func `says when to ask again`() async throws {
        let desk = try Desk(checks: [ReadinessCheck("database") { "locked" }])
        for accept in [nil, "text/html"] {
            #expect(await desk.get("/readyz", accept: accept)["Retry-After"] == "5")
        }
    }
}

@Suite struct `A fault of ours` {
    private let bug = StorageFailed(.bug, code: "SQLITE_ERROR", reason: "no such table: users")

    @Test func `is a page to a person and a problem to a program, found in the log by its number`() async throws {
        let desk = try Desk()
        let token = desk.link()
        desk.store.fail(with: bug)
        let page = await desk.post("/forgot-password", form: "email=ann@example.com")
        #expect(page.status == .internalServerError)
        #expect(page.isPage)
        #expect(page.text.contains("<h1>Something went wrong</h1>"))
        let number = try #require(page.text.components(after: "mention this number: ")).prefix { $0 != "." }
        #expect(desk.logged.all.contains { $0.hasPrefix("warning") && $0.contains(" id=\(number) ") })

        let opened = await desk.get("/reset-password?token=\(token)", accept: "text/html")
        #expect(opened.status == .internalServerError)
        #expect(!opened.text.contains(token))
        let answer = await desk.post("/login", json: #"{"email":"ann@example.com","password":"x"}"#)
        #expect(answer.status == .internalServerError)
        #expect(answer.code == "internal")
        let instance = try #require(answer.json?["instance"]?.stringValue)
        let line = try #require(desk.logged.all.last)
        #expect(instance == "urn:keyturn:request:" + line.components(after: " id=")!.prefix { $0 != " " })
        #expect(line.contains("cause=storage SQLITE_ERROR no such table: users"))
        for said in [page.text, opened.text, answer.text] { #expect(!said.contains("table")) }
    }

    @Test func `is not what waiting mends`() async throws {
        let desk = try Desk()
        desk.store.fail(with: StorageFailed(.unavailable, code: "SQLITE_BUSY", reason: "database is locked"))
        let page = await desk.post("/forgot-password", form: "email=ann@example.com")
        #expect(page.status == .serviceUnavailable)
        #expect(page["Retry-After"] == "5")
    }
}

@Suite struct `A body that is announced` {
    @Test(arguments: [
        (Method.post, "/nowhere", "application/json", 404), (.post, "/me", "application/json", 405),
        (.put, "/login", "application/json", 405),
        (.post, "/login", "text/plain", 415), (.post, "/login", "multipart/form-data; boundary=x", 415),
        (.post, "/login", "", 415),
    ])
    func `is refused before it is sent where nobody would read it`(
        method: Method, path: String, type: String, status: Int
    ) throws {
        let fields = Desk.field("Content-Type", type.isEmpty ? nil : type)
        #expect(try Desk().web.refuseEarly(Request(method, path, fields: fields))?.status == Status(status))
    }

    @Test func `is awaited where it will be read`() throws {
        let desk = try Desk()
        #expect(desk.web.refuseEarly(Request(.post, "/login", fields: [("Content-Type", "application/json")])) == nil)
        #expect(desk.web.refuseEarly(Request(.get, "/login")) == nil)
    }
}

@Suite struct `The asset's address` {
    @Test(arguments: ["stylesheet", "icon"]) func `on a page carries a digest, and what is there may be kept`(
        relation: String
    ) async throws {
        let desk = try Desk()
        let page = await desk.get("/login")
        let link = try #require(
            page.text.components(after: #"<link rel="\#(relation)""#)?.split(separator: "href=\"").dropFirst().first)
        let address = String(link.prefix { $0 != "\"" })
        #expect(address.contains("?v="))
        #expect(await desk.get(address).caching == .immutable)
        #expect(await desk.get(address + "x").caching == .publicFor(seconds: 300))
    }
}

@Suite struct `Counting and logging` {
    @Test func `counts by route and status`() async throws {
        let desk = try Desk()
        _ = await desk.get("/healthz")
        _ = await desk.get("/nowhere")
        _ = await desk.post("/forgot-password", json: "{}")
        let text = desk.metrics.text()
        #expect(text.contains(#"keyturn_http_requests_total{route="/healthz",status="200"} 1"#))
        #expect(text.contains(#"keyturn_http_requests_total{route="none",status="404"} 1"#))
        #expect(text.contains(#"keyturn_http_requests_total{route="/forgot-password",status="400"} 1"#))
        #expect(text.contains(#"keyturn_http_request_seconds_count{route="/healthz"} 1"#))
    }

    @Test func `counts an early refusal only when it is what was sent`() throws {
        let desk = try Desk()
        let request = Request(.post, "/nowhere")
        #expect(desk.web.refuseEarly(request)?.status == .notFound)
        // The client's time was over before its body was whole.
        desk.web.serverSends(.requestTimeout, after: .seconds(15))
        #expect(desk.metrics.text().contains(#"keyturn_http_requests_total{route="none",status="404"} 0"#))
        #expect(desk.metrics.text().contains(#"keyturn_http_requests_total{route="none",status="408"} 1"#))
        desk.web.sends(.notFound, to: request, after: .milliseconds(2))
        let text = desk.metrics.text()
        #expect(text.contains(#"keyturn_http_requests_total{route="none",status="404"} 1"#))
        #expect(text.contains(#"keyturn_http_request_seconds_sum{route="none"} 15.002"#))
    }

    @Test func `counts a prepared answer with the time it took`() throws {
        let desk = try Desk()
        let request = Request(.get, "/healthz")
        #expect(desk.web.respondAtOnce(to: request)?.status == .ok)
        desk.web.sends(.ok, to: request, after: .microseconds(250))
        let text = desk.metrics.text()
        #expect(text.contains(#"keyturn_http_requests_total{route="/healthz",status="200"} 1"#))
        #expect(text.contains(#"keyturn_http_request_seconds_sum{route="/healthz"} 0.00025"#))
    }

    @Test func `says nothing of tokens, passwords and addresses`() async throws {
        let desk = try Desk()
        let token = desk.link()
        _ = await desk.get("/reset-password?token=\(token)")
        _ = await desk.post("/reset-password", json: #"{"token":"\#(token)","password":"a quiet lighthouse"}"#)
        _ = await desk.post("/login", json: #"{"email":"ann@example.com","password":"a quiet lighthouse"}"#)
        _ = await desk.post("/forgot-password", json: #"{"email":"ann@example.com"}"#)
        let everything = (desk.logged.all + [desk.metrics.text()]).joined(separator: "\n")
        #expect(desk.logged.all.count == 4)
        #expect(desk.logged.all[0].contains("route=/reset-password status=200"))
        for secret in [token, "lighthouse", "ann@example.com", "Ann@example.com"] {
            #expect(!everything.contains(secret))
        }
    }
}
