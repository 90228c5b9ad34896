import Cryptography
import Foundation
import TestKit
import Testing

/// Every forgery here is signed as well as its forger can: only what is named can be the reason to refuse it.
@Suite struct `A forged link` {
    /// Two accounts with the same stored hash, as after a careless import.
    func service() async throws -> (RunningKeyturn, ann: Forger, bob: Forger) {
        let keyturn = try await RunningKeyturn.serve()
        // passlib's way to write it, at a cost that no test notices; nobody knows the password.
        let hash = "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
        var forgers: [Forger] = []
        for email in ["Ann@example.com", "bob@example.com"] {
            let added = try await keyturn.command("user", "add", email, "--password-hash", hash)
            try #require(added.status == 0, "\(added.errors)")
            let id = added.output.trimmingCharacters(in: .whitespacesAndNewlines)
            forgers.append(Forger(id: id, email: email, hash: hash))
        }
        return (keyturn, forgers[0], forgers[1])
    }

    /// What all three doors for links say.
    func answers(_ keyturn: RunningKeyturn, _ token: String) async throws -> [String] {
        let json = Forger.json(token)
        let query = token.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let answers = [
            try await keyturn.visitor.get("/reset-password?token=\(query)", ["Accept: application/json"]),
            try await keyturn.visitor.post(
                "/reset-password", json: #"{"token": \#(json), "password": "sixteen letters!"}"#),
            try await keyturn.visitor.post("/not-me", json: #"{"token": \#(json)}"#),
        ]
        return answers.map { "\($0.status) \($0.json("code") ?? $0.json("status") ?? "")" }
    }

    func expectRefused(_ keyturn: RunningKeyturn, _ forgeries: [(String, String)]) async throws {
        for (name, token) in forgeries {
            let said = try await answers(keyturn, token)
            #expect(said == Array(repeating: "400 token_invalid", count: 3), "\(name)")
        }
    }

    /// The proof that the forger could do it, were anything let through.
    func expectGood(_ keyturn: RunningKeyturn, _ forger: Forger) async throws {
        let look = try await keyturn.visitor.get(
            "/reset-password?token=\(forger.token())", ["Accept: application/json"])
        #expect(look.json("status") == "valid")
        let done = try await keyturn.visitor.post(
            "/reset-password", json: #"{"token": "\#(forger.token())", "password": "a password nobody knows"}"#)
        #expect(done.status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `has another header than ours`() async throws {
        let (keyturn, ann, _) = try await service()
        let algorithms = [
            "none", "None", "NONE", "nOnE", "", "HS384", "HS512", "hs256", "HS256 ", "RS256", "PS256", "ES256", "EdDSA",
            "A256KW",
        ]
        var forgeries = algorithms.map { ("alg \($0)", ann.token(#"{"alg":"\#($0)","typ":"password-reset+jwt"}"#)) }
        forgeries += algorithms.prefix(4).map { algorithm in
            let unsigned = ann.token(#"{"alg":"\#(algorithm)","typ":"password-reset+jwt"}"#).split(separator: ".")
                .dropLast()
            return ("alg \(algorithm), no signature", unsigned.joined(separator: ".") + ".")
        }
        forgeries += [#"["HS256"]"#, "null", "1", "{}", "true"].map {
            ("alg \($0)", ann.token(#"{"alg":\#($0),"typ":"password-reset+jwt"}"#))
        }
        forgeries += ["JWT", "at+jwt", "PASSWORD-RESET+JWT", "application/password-reset+jwt", ""].map {
            ("typ \($0)", ann.token(#"{"alg":"HS256","typ":"\#($0)"}"#))
        }
        let own = Array("a key the attacker brings along....".utf8)
        let jwk = #"{"kty":"oct","k":"\#(Base64URL.encode(own))"}"#
        forgeries += [
            #""jwk":\#(jwk)"#, #""jku":"https://evil.example/keys""#, #""x5u":"https://evil.example/cert""#,
            #""x5c":["MIIB"]"#, #""kid":"../../../../dev/null""#, #""kid":"' UNION SELECT 'x"# + "\"",
            #""crit":["exp"]"#,
            #""b64":false"#, #""zip":"DEF""#, #""cty":"JWT""#, #""epk":{}"#,
        ].flatMap { member in
            let header = #"{"alg":"HS256","typ":"password-reset+jwt",\#(member)}"#
            return [
                (member, ann.token(header)), ("\(member), own key", ann.token(header, key: own)),
                ("\(member), no key", ann.token(header, key: [])),
            ]
        }
        forgeries += [
            (name: "alg twice", ann.token(#"{"alg":"none","alg":"HS256","typ":"password-reset+jwt"}"#)),
            ("alg missing", ann.token(#"{"typ":"password-reset+jwt"}"#)),
            ("typ missing", ann.token(#"{"alg":"HS256"}"#)),
            ("no object", ann.token(#""HS256""#)), ("nothing", ann.token("")),
        ]
        try await expectRefused(keyturn, forgeries)
        try await expectGood(keyturn, ann)
    }

    @Test func `is signed with another key`() async throws {
        let (keyturn, ann, bob) = try await service()
        try await expectRefused(
            keyturn,
            [
                ("no key", ann.token(key: [])), ("the secret", ann.token(key: Array(Forger.secret.utf8))),
                ("the stored hash", ann.token(key: Array(ann.hash.utf8))),
                ("the issuer", ann.token(key: Array(Forger.issuer.utf8))),
                ("another secret", ann.token(key: ann.key(secret: "another deployment's secret, 32 bytes"))),
                ("another case of the address", ann.token(key: ann.key(email: "ann@example.com"))),
                ("a later epoch", ann.token(key: ann.key(epoch: 1))),
                ("the key of a user with the same hash", ann.token(key: bob.key())),
                ("that user's token with our id", bob.token(Forger.header, bob.claims(subject: "\"\(ann.id)\""))),
                ("nobody's", ann.token(Forger.header, ann.claims(subject: "\"999999\""), key: ann.key(id: "999999"))),
            ])
        try await expectGood(keyturn, ann)
    }

    @Test func `spells a good token in another way`() async throws {
        let (keyturn, ann, _) = try await service()
        let good = ann.token()
        let parts = good.split(separator: ".").map(String.init)
        let signature = try #require(Base64URL.decode(parts[2].utf8))
        // 32 bytes leave two bits of the last character over: three more spellings would mean the same bytes.
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let place = try #require(parts[2].last.flatMap { alphabet.firstIndex(of: $0) })
        var forgeries = (1...3).map { ("twin \($0)", String(good.dropLast()) + String(alphabet[place ^ $0])) }
        forgeries += ["=", "==", " ", "\t", "\n", "\0", ".", "A", "%3D", "\u{200B}"].flatMap { extra in
            [("behind: \(extra.debugDescription)", good + extra), ("before: \(extra.debugDescription)", extra + good)]
        }
        forgeries += [
            ("no signature", "\(parts[0]).\(parts[1])."), ("two parts", "\(parts[0]).\(parts[1])"),
            ("five parts", "\(good).a.b"),
            ("in hex", "\(parts[0]).\(parts[1])." + signature.map { String($0, radix: 16) }.joined()),
            ("padded", "\(parts[0]).\(parts[1])." + Base64.encode(signature)),
            ("cut", "\(parts[0]).\(parts[1])." + Base64URL.encode(Array(signature.prefix(16)))),
            ("longer", "\(parts[0]).\(parts[1])." + Base64URL.encode(signature + [0])),
            ("in capitals", good.uppercased()),
            ("JSON form", #"{"payload":"\#(parts[1])","signature":"\#(parts[2])"}"#),
        ]
        try await expectRefused(keyturn, forgeries)
        try await expectGood(keyturn, ann)
    }

    @Test func `claims what ours never do`() async throws {
        let (keyturn, ann, _) = try await service()
        let now = Int(Date().timeIntervalSince1970)
        func signed(_ claims: String) -> String { ann.token(Forger.header, claims) }
        let moments = [
            "\(now + 1800).0", "\(now + 1800).5", "\"\(now + 1800)\"", "1e10", "-1", "null", "true", "[]", "{}",
            "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e400",
        ]
        var forgeries = moments.map { ("exp \($0)", signed(ann.claims(expiry: $0))) }
        forgeries += (moments + ["\(now + 120)"]).map { ("iat \($0)", signed(ann.claims(issued: $0))) }
        forgeries += [
            "null", "1", "[\"\(ann.id)\"]", "{}", "\"\"", "\" \(ann.id)\"", "\"\(ann.id) \"", "\"0\(ann.id)\"",
            "\"-1\"",
            "\"\(ann.id)\\u0000\"", "\"9223372036854775808\"", "\"\(ann.id) OR 1=1\"", "\"\(ann.email)\"",
        ].map { (value: String) in ("sub \(value)", signed(ann.claims(subject: value))) }
        forgeries += ["null", "[\"password-reset\"]", "\"session\"", "\"\""].map { (value: String) in
            ("aud \(value)", signed(ann.claims(audience: value)))
        }
        forgeries += [
            "null", "\"\"", "\"\(Forger.issuer)/\"", "\"https://ACCOUNTS.example.com\"",
            "\"https://staging.example.com\"",
        ].map { (value: String) in ("iss \(value)", signed(ann.claims(issuer: value))) }
        forgeries += [
            ("no iss", signed(ann.claims(issuer: nil))), ("no aud", signed(ann.claims(audience: nil))),
            ("no sub", signed(ann.claims(subject: nil))), ("no iat", signed(ann.claims(issued: nil))),
            ("no exp", signed(ann.claims(expiry: nil))), ("one more", signed(ann.claims(extra: #","jti":"1""#))),
            ("nbf", signed(ann.claims(extra: ",\"nbf\":\(now)"))),
            ("sub twice", signed(ann.claims(extra: ",\"sub\":\"\(ann.id)\""))),
            ("sub twice, escaped", signed(ann.claims(extra: ",\"s\\u0075b\":\"\(ann.id)\""))),
            ("huge", signed(ann.claims(extra: ",\"x\":\"\(String(repeating: "x", count: 700))\""))),
            (
                "deep",
                signed(ann.claims(subject: String(repeating: "[", count: 300) + String(repeating: "]", count: 300)))
            ),
            ("too long a life", signed(ann.claims(expiry: "\(now + 100_000)"))),
            (
                "over, and forged",
                ann.token(Forger.header, ann.claims(issued: "\(now - 1900)", expiry: "\(now - 100)"), key: [1])
            ),
        ]
        try await expectRefused(keyturn, forgeries)
        // Only who can sign learns that the time is over.
        for (issued, expiry) in [(now - 1900, now - 100), (now - 10, now - 10), (now - 10, now - 20)] {
            let over = signed(ann.claims(issued: "\(issued)", expiry: "\(expiry)"))
            #expect(try await answers(keyturn, over) == Array(repeating: "410 token_expired", count: 3))
        }
        try await expectGood(keyturn, ann)
    }

    @Test func `is no session, and a session is no link`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        for (email, password) in [
            ("ann@example.com", "the password of ann"), ("bob@example.com", "the password of bob"),
        ] {
            _ = try await keyturn.command("user", "add", email, "--password-stdin", input: password + "\n")
        }
        let signedIn = try await keyturn.visitor.post(
            "/login", json: #"{"email": "ann@example.com", "password": "the password of ann"}"#)
        let session = try #require(signedIn.json("access_token"))
        #expect(
            try await keyturn.visitor.get("/me", ["Authorization: Bearer \(session)"]).json("email")
                == "ann@example.com")
        #expect(try await answers(keyturn, session) == Array(repeating: "400 token_invalid", count: 3))

        let parts = session.split(separator: ".").map(String.init)
        let claims = String(decoding: try #require(Base64URL.decode(parts[1].utf8)), as: UTF8.self)
        let forger = Forger(id: "1", email: "ann@example.com", hash: "unknown")
        let secret = Array(Forger.secret.utf8)
        let header = #"{"alg":"HS256","typ":"at+jwt"}"#
        // Even who holds the secret cannot speak for another: the fingerprint is of one account's password.
        #expect(forger.token(header, claims, key: secret) == session)
        let forged = [
            try await keyturn.requestLink(for: "ann@example.com"), session + "=", "\(parts[0]).\(parts[1]).",
            forger.token(#"{"alg":"none","typ":"at+jwt"}"#, claims, key: secret),
            forger.token(#"{"alg":"HS256","typ":"password-reset+jwt"}"#, claims, key: secret),
            forger.token(header, claims.replacing("\"sub\":\"1\"", with: "\"sub\":\"2\""), key: secret),
            forger.token(header, claims.replacing("\"session\"", with: "\"password-reset\""), key: secret),
            forger.token(header, claims.replacing(/,"password_fingerprint":"[^"]*"/, with: ""), key: secret),
            forger.token(header, claims, key: []), forger.token(header, claims, key: Array(Forger.issuer.utf8)),
        ]
        for token in forged {
            let answer = try await keyturn.visitor.get("/me", ["Authorization: Bearer \(token)"])
            #expect(answer.status == 401, "\(token)")
            #expect(answer.json("code") == "token_invalid")
            #expect(answer["www-authenticate"]?.hasPrefix("Bearer") == true)
        }
        #expect(await keyturn.stop() == 0)
    }
}
