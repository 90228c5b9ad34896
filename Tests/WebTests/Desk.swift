import Cryptography
import HTTP
import Keyturn
import Logging
import PasswordHashing
import StrictJSON
import Telemetry
import Testing
import TestKit

@testable import Web

/// The room as a test meets it: people and letters in memory, a clock that stands, quick hashing, and no socket.
struct Desk {
    static let publicURL = "https://account.example.com"

    let store: MemoryStore
    let clock = SettableClock()
    let links: ResetLinks
    let web: Web
    let metrics = Metrics()
    let logged = LoggedLines()
    private let pool = HashingPool(threads: 1)

    init(
        _ users: [User] = [.ann, .bob], outboxCapacity: Int = 1000, burst: Int = 1000, hashing: HashingPool? = nil,
        checks: [ReadinessCheck] = [], mails: [DemoMail]? = nil,
        reports: (any MailReports)? = nil, publicURL: String = Desk.publicURL,
        _ adjust: (inout WebOptions) -> Void = { _ in }
    ) throws {
        store = MemoryStore(users, capacity: outboxCapacity)
        let secrets = try #require(Secrets([Array("a secret of thirty-two bytes, or more".utf8)]))
        links = ResetLinks(secrets: secrets, issuer: publicURL, lifetime: .seconds(1800))
        let policy = PasswordPolicy(minimumLength: 15, site: ["keyturn"])
        let hasher = PasswordHasher(scheme: .scrypt(Scrypt.Cost(logN: 4, r: 8, p: 1)), pool: hashing ?? pool)
        var options = WebOptions(publicURL: publicURL)
        adjust(&options)
        let logged = logged
        let audit = AuditNotes(store)
        web = try Web(
            requests: store,
            reset: PasswordReset(
                accounts: store, links: links, policy: policy, hasher: hasher, audit: audit, clock: clock.wall),
            login: Login(
                accounts: store, sessions: SessionTokens(secrets: secrets, issuer: publicURL, lifetime: .seconds(3600)),
                policy: policy, hasher: hasher, delays: LoginDelays(), audit: audit, clock: clock.wall,
                sleep: { _ in }),
            limiter: RateLimiter(rate: Rate(1, per: .seconds(60)), burst: burst), clock: clock.wall, checks: checks,
            mailbox: mails.map { mails in { @Sendable () async in mails } }, reports: reports, metrics: metrics,
            log: Log(label: "web") { _ in logged.handler }, options: options)
    }

    func link(for user: User = .ann) -> String { links.sign(for: user.credentials, at: clock.now).token }

    func get(_ target: String, accept: String? = nil, _ fields: [(FieldName, String)] = []) async -> Response {
        await web.respond(to: Request(.get, target, fields: fields + Self.field("Accept", accept)))
    }

    func post(
        _ path: String, json: String, accept: String? = nil, _ fields: [(FieldName, String)] = [],
        from peer: IPAddress = .loopback
    )
        async -> Response
    {
        await post(path, "application/json", json, accept: accept, fields, from: peer)
    }

    func post(
        _ path: String, form: String, accept: String? = nil, _ fields: [(FieldName, String)] = [],
        from peer: IPAddress = .loopback
    )
        async -> Response
    {
        await post(path, "application/x-www-form-urlencoded", form, accept: accept, fields, from: peer)
    }

    func post(
        _ path: String, _ type: String?, _ body: String, accept: String? = nil, _ fields: [(FieldName, String)] = [],
        from peer: IPAddress = .loopback
    ) async -> Response {
        let known = Self.field("Content-Type", type) + Self.field("Accept", accept)
        return await web.respond(to: Request(.post, path, fields: known + fields, body: Array(body.utf8), peer: peer))
    }

    /// None where there is no value.
    static func field(_ name: FieldName, _ value: String?) -> [(FieldName, String)] { value.map { [(name, $0)] } ?? [] }
}

extension Response {
    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSON? { try? JSON(parsing: body) }
    /// The problem's code.
    var code: String? { json?["code"]?.stringValue }
    /// The codes of its fields, as `field: code`.
    var fieldCodes: [String] {
        (json?["errors"]?.arrayValue ?? []).map {
            "\($0["field"]?.stringValue ?? ""): \($0["code"]?.stringValue ?? "")"
        }
    }
    var isPage: Bool { self["Content-Type"] == "text/html; charset=utf-8" }
    var isProblem: Bool { self["Content-Type"] == "application/problem+json" }
    /// What a hidden field of the page holds.
    func hiddenValue(_ name: String) -> String? {
        let parts = text.components(after: #"name="\#(name)" value=""#)
        return parts.map { String($0.prefix { $0 != "\"" }) }
    }
}

extension String {
    func components(after mark: String) -> Substring? {
        guard let range = firstRange(of: mark) else { return nil }
        return self[range.upperBound...]
    }
}
