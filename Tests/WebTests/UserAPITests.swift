import HTTP
import Keyturn
import Logging
import PasswordHashing
import StrictJSON
import Telemetry
import TestKit
import Testing

@testable import Web

/// The API without a socket: people in memory, a clock that stands.
@Suite struct `The user API` {
    private static let token = "a-token-of-thirty-two-bytes-or-more"
    private let store = MemoryStore([.ann, .unverifiedUma])
    private let clock = SettableClock()
    private let logged = LoggedLines()
    private let links: ResetLinks

    init() throws {
        let secrets = try #require(Secrets([Array("a secret of thirty-two bytes, or more".utf8)]))
        links = ResetLinks(secrets: secrets, issuer: "https://account.example.com", lifetime: .seconds(1800))
    }

    private func api(_ adjust: (inout UserAPI.Options) -> Void = { _ in }) -> UserAPI {
        var options = UserAPI.Options(tokens: ["another-token-of-thirty-two-bytes-x", Self.token])
        options.noticeLimit = .zero
        adjust(&options)
        let logged = logged
        return UserAPI(
            store: store, links: links, clock: clock.wall, log: Log(label: "api") { _ in logged.handler },
            options: options)
    }

    private func request(
        _ method: HTTP.Method, _ path: String, _ body: String? = nil, type: String = "application/json",
        token: String? = token, _ more: [(FieldName, String)] = []
    ) -> Request {
        var fields = more
        if let token { fields.append(("Authorization", "Bearer \(token)")) }
        if body != nil { fields.append(("Content-Type", type)) }
        return Request(method, path, fields: fields, body: Array((body ?? "").utf8))
    }

    private func ask(
        _ method: HTTP.Method, _ path: String, _ body: String? = nil, of api: UserAPI? = nil
    ) async throws -> (status: Int, json: JSON) {
        let response = try #require(await (api ?? self.api()).respond(to: request(method, path, body)))
        return (Int(response.status.code), (try? JSON(parsing: response.body)) ?? .null)
    }

    private func user(_ id: String) async throws -> User? {
        try await store.user(externalID: ExternalID(parsing: id))
    }

    @Test func `creates an account, unverified and without a password, and changes only what is named`() async throws {
        let created = try await ask(.put, "/users/u1", #"{"email": "new@example.com"}"#)
        #expect(created.status == 201)
        #expect(created.json["verified"] == .bool(false) && created.json["has_password"] == .bool(false))
        #expect(created.json["external_id"] == .string("u1") && created.json["disabled"] == .bool(false))
        let changed = try await ask(.put, "/users/u1", #"{"verified": true}"#)
        #expect(changed.status == 200 && changed.json["email"] == .string("new@example.com"))
        #expect(try await ask(.put, "/users/u1", #"{"disabled": true}"#).json["verified"] == .bool(true))
        #expect(try await ask(.get, "/users/u1").json["disabled"] == .bool(true))
        #expect(store.audited.allSatisfy { $0.actor == .app })
    }

    @Test func `adopts an account of the address that has no external id, and takes none from another`() async throws {
        #expect(try await ask(.put, "/users/a", #"{"email": "ann@example.com"}"#).status == 200)
        #expect(try await user("a")?.id == User.ann.id)
        let taken = try await ask(.put, "/users/b", #"{"email": "ann@example.com"}"#)
        #expect(taken.status == 409 && taken.json["code"] == .string("email_taken"))
    }

    @Test func `ends links and sessions with another hash, shows no hash, and changes nothing twice`() async throws {
        _ = try await ask(.put, "/users/a", #"{"email": "Ann@example.com"}"#)
        let hash = User.bob.passwordHash.text
        let changed = try await ask(.put, "/users/a", #"{"password_hash": "\#(hash)"}"#)
        #expect(changed.status == 200)
        #expect(!String(decoding: changed.json.write(), as: UTF8.self).contains("scrypt"))
        let once = try #require(try await user("a"))
        #expect(once.resetEpoch == 1 && once.sessionEpoch == 1 && once.passwordHash.text == hash)
        #expect(try await ask(.put, "/users/a", #"{"password_hash": "\#(hash)"}"#).status == 200)
        #expect(try await user("a") == once)
        let refused = try await ask(.put, "/users/a", #"{"password_hash": "nonsense"}"#)
        #expect(refused.status == 422 && refused.json["code"] == .string("hash_invalid"))
    }

    @Test func `tells a former verified address once`() async throws {
        _ = try await ask(.put, "/users/a", #"{"email": "Ann@example.com"}"#)
        for _ in 0..<2 { _ = try await ask(.put, "/users/a", #"{"email": "ann@example.net"}"#) }
        #expect(store.letters == [.emailChanged(User.ann.id, former: User.ann.email)])
    }

    @Test(arguments: [
        (#"{"email": "no"}"#, 422, "email_invalid"), (#"{"email": 1}"#, 400, "request_invalid"),
        (#"{"email": "x@example.com", "verified": "yes"}"#, 400, "request_invalid"), ("{}", 400, "request_invalid"),
        ("[]", 400, "request_invalid"), ("{", 400, "request_invalid"),
    ])
    func `refuses what is no account`(body: String, status: Int, code: String) async throws {
        let refused = try await ask(.put, "/users/x", body)
        #expect(refused.status == status && refused.json["code"] == .string(code))
    }

    @Test func `reads the id of the path once, after splitting`() async throws {
        #expect(try await ask(.put, "/users/a%2Fb%2525", #"{"email": "new@example.com"}"#).status == 201)
        #expect(try await user("a/b%25") != nil)
        for path in ["/users/%00", "/users/%FF", "/users/" + String(repeating: "a", count: 257)] {
            #expect(try await ask(.get, path).status == 400)
        }
        for path in ["/users/", "/users/a/", "/users/a/other", "/users/a/link", "/users/a/b/invite"] {
            #expect(try await ask(.post, path).status == 404, "\(path)")
        }
        #expect(await api().respond(to: request(.get, "/metrics")) == nil)
    }

    @Test func `invites only accounts without a password that can get mail`() async throws {
        _ = try await ask(.put, "/users/n", #"{"email": "new@example.com"}"#)
        #expect(try await ask(.post, "/users/n/invite").json["code"] == .string("not_verified"))
        _ = try await ask(.put, "/users/n", #"{"verified": true}"#)
        #expect(try await ask(.post, "/users/n/invite", #"{"language": "pt-BR"}"#).status == 202)
        let id = try #require(try await user("n")?.id)
        #expect(store.letters == [.invitation(id, language: "pt-br")])
        #expect(try await user("n")?.invitedUntil == clock.now + .seconds(7 * 86_400))
        _ = try await ask(.put, "/users/a", #"{"email": "Ann@example.com"}"#)
        #expect(try await ask(.post, "/users/a/invite").json["code"] == .string("has_password"))
        #expect(try await ask(.post, "/users/nobody/invite").status == 404)
    }

    @Test func `expires, revokes and mails`() async throws {
        _ = try await ask(.put, "/users/a", #"{"email": "Ann@example.com"}"#)
        let expired = try await ask(.post, "/users/a/expire")
        #expect(expired.status == 200 && expired.json["expired_at"]?.stringValue != nil)
        #expect(try await ask(.post, "/users/a/revoke-links").status == 200)
        #expect(try await user("a")?.resetEpoch == 2)
        #expect(try await ask(.post, "/users/a/mail").status == 202)
        #expect(store.letters == [.resetLink(ResetRequest(email: User.ann.email))])
        _ = try await ask(.put, "/users/u", #"{"email": "uma@example.com"}"#)
        #expect(try await ask(.post, "/users/u/mail").json["code"] == .string("not_verified"))
    }

    @Test func `hands out a link only if it may, and audits it`() async throws {
        _ = try await ask(.put, "/users/a", #"{"email": "Ann@example.com"}"#)
        #expect(try await ask(.post, "/users/a/link").status == 404)
        #expect(store.audited.filter { $0.event == .linkHandedOut } == [])
        let api = api { $0.handsOutLinks = true }
        let handed = try await ask(.post, "/users/a/link", of: api)
        let token = try #require(handed.json["link"]?.stringValue?.split(separator: "=").last.map(String.init))
        let claimed = try links.read(token, at: clock.now)
        #expect(
            try links.verify(claimed, for: try #require(await user("a")).credentials, at: clock.now).holder.id
                == User.ann.id)
        #expect(store.audited.last == AuditLine(.linkHandedOut, of: User.ann.id, by: .app, at: clock.now))
    }

    @Test func `erases, but not before its owner heard of the changed password`() async throws {
        _ = try await ask(.put, "/users/a", #"{"email": "Ann@example.com"}"#)
        let ann = try #require(try await user("a"))
        #expect(try await store.replace(ann.credentials, with: User.bob.passwordHash, at: clock.now))
        let refused = try await ask(.delete, "/users/a")
        #expect(refused.status == 503 && refused.json["code"] == .string("unavailable"))
        for lease in try await store.outbox.lease(atMost: 9, for: .seconds(60), at: clock.now) {
            _ = try await store.outbox.settle(
                [Settlement(lease, of: ann.id, as: .delivered(messageID: nil))], at: clock.now)
        }
        for lease in try await store.webhooks.lease(atMost: 9, for: .seconds(60), at: clock.now) {
            _ = try await store.webhooks.settle([WebhookSettlement(lease, as: .delivered)], at: clock.now)
        }
        #expect(try await ask(.delete, "/users/a").status == 204)
        #expect(try await ask(.delete, "/users/a").status == 404)
    }

    @Test func `refuses pages of browsers before the token, and other tokens`() async throws {
        let api = api()
        for (token, fields) in [
            (Self.token, [("Origin" as FieldName, "null")]), (nil, [("Origin", "https://x.example")]),
        ] {
            let response = await api.respond(to: request(.get, "/users/a", token: token, fields))
            #expect(response?.status == .forbidden)
        }
        for token in [nil, "", "x", Self.token + "x", String(Self.token.dropLast())] {
            let response = try #require(await api.respond(to: request(.get, "/users/a", token: token)))
            #expect(response.status == .unauthorized && response["WWW-Authenticate"] == "Bearer")
        }
        // Before the body is read.
        #expect(api.refuseEarly(request(.put, "/users/a", "{}", token: "x"))?.status == .unauthorized)
        #expect(api.refuseEarly(request(.put, "/users/a", "a=b", type: "text/plain"))?.status == .unsupportedMediaType)
        #expect(api.refuseEarly(request(.put, "/users/a", "{}")) == nil)
    }

    @Test func `turns wrong tokens away after thirty a minute, and never a good one for them`() async throws {
        let api = api()
        var statuses: [Int] = []
        for _ in 0..<31 {
            let response = try #require(await api.respond(to: request(.get, "/users/a", token: "wrong")))
            statuses.append(Int(response.status.code))
        }
        #expect(statuses == Array(repeating: 401, count: 30) + [429])
        #expect(try await ask(.get, "/users/a", of: api).status == 404)
    }

    @Test func `takes two hundred requests at once, then says when to come again`() async throws {
        let api = api()
        for _ in 0..<200 { #expect(try await ask(.get, "/users/a", of: api).status == 404) }
        let refused = try #require(await api.respond(to: request(.get, "/users/a")))
        #expect(refused.status == .tooManyRequests && refused["Retry-After"] == "1")
        clock.advance(by: .seconds(1))
        #expect(try await ask(.get, "/users/a", of: api).status == 404)
    }

    @Test func `is 503 while the store does not answer`() async throws {
        store.fail(with: StorageFailed(.unavailable, reason: "away"))
        #expect(try await ask(.get, "/users/a").status == 503)
        #expect(try await ask(.put, "/users/a", #"{"email": "new@example.com"}"#).status == 503)
    }

    @Test func `describes itself without a token, and names every code that it uses`() async throws {
        let response = try #require(await api().respond(to: request(.get, "/openapi.json", token: nil)))
        let document = try JSON(parsing: response.body)
        #expect(document["openapi"] == .string("3.1.0"))
        let codes = document["components"]?["schemas"]?["Problem"]?["properties"]?["code"]?["enum"]?.arrayValue
        for code in ["email_taken", "has_password", "hash_invalid", "not_verified", "rate_limited"] {
            #expect(codes?.contains(.string(code)) == true, "\(code)")
        }
    }
}
