/// What keeps a reset link alive, and what ends it.
import Keyturn
import StrictJSON
import TestKit
import Testing

@Suite struct `A reset link` {
    private let links = ResetLinks.sample
    private let ann = User.ann.credentials

    private func verify(_ token: String, for user: Credentials?, at now: Timestamp = noon) throws(TokenRejected) {
        try links.verify(links.read(token, at: now), for: user, at: now)
    }

    @Test func `is good for whom it was signed, and says until when`() throws {
        let link = links.sign(for: ann, at: noon)
        #expect(link.expiresAt == Timestamp(seconds: noonSeconds + 1800))
        #expect(try links.read(link.token, at: noon).user == UserID("1"))
        #expect(try links.verify(links.read(link.token, at: noon), for: ann, at: noon).expiresAt == link.expiresAt)
    }

    @Test func `leads to the two pages below the public URL`() {
        let link = ResetLink(token: "a.b.c", issuer: issuer, expiresAt: noon)
        #expect(link.url == "https://accounts.example.com/reset-password?token=a.b.c")
        #expect(link.notMeURL == "https://accounts.example.com/not-me?token=a.b.c")
    }

    @Test func `is not printed`() {
        #expect("\(links.sign(for: ann, at: noon))" == "ResetLink(…)")
        #expect("\([links.sign(for: ann, at: noon)])" == "[ResetLink(…)]")
    }

    @Test(arguments: [
        User.ann.with(hash: "another"), User.ann.with(email: "ann@example.com"),
        User.ann.with(email: "eve@example.com"),
        User.ann.with(epoch: 1), User.ann.with(id: "2"), User.bob,
    ])
    func `dies when hash, address (its case too), epoch or owner is another`(changed: User) {
        let link = links.sign(for: ann, at: noon)
        #expect(throws: TokenRejected.invalid) { try verify(link.token, for: changed.credentials) }
    }

    @Test func `is nobody's when its user does not exist`() {
        #expect(throws: TokenRejected.invalid) { try verify(links.sign(for: ann, at: noon).token, for: nil) }
    }

    @Test func `of somebody with the same stored hash opens nothing here`() {
        let twin = User.ann.with(id: "9")
        let link = links.sign(for: twin.credentials, at: noon)
        #expect(throws: TokenRejected.invalid) { try verify(link.token, for: ann) }
        #expect(throws: TokenRejected.invalid) { try verify(signedForAnn(goodClaims("sub", .string("9"))), for: ann) }
    }

    @Test(
        arguments: [(0, nil), (1_799_999, nil), (1_800_000, .expired), (86_400_000, .expired)]
            as [(Int64, TokenRejected?)])
    func `lives thirty minutes and not a millisecond more`(milliseconds: Int64, rejected: TokenRejected?) {
        let token = links.sign(for: ann, at: noon).token
        let then = noon + .milliseconds(milliseconds)
        if let rejected {
            #expect(throws: rejected) { try verify(token, for: ann, at: then) }
        } else {
            #expect(throws: Never.self) { try verify(token, for: ann, at: then) }
        }
    }

    @Test func `that is over says so only where the signature is good`() {
        let token = links.sign(for: ann, at: noon).token
        let tomorrow = noon + .seconds(86_400)
        #expect(throws: TokenRejected.expired) { try verify(token, for: ann, at: tomorrow) }
        #expect(throws: TokenRejected.invalid) {
            try verify(token, for: User.ann.with(epoch: 1).credentials, at: tomorrow)
        }
        #expect(throws: TokenRejected.invalid) { try verify(token, for: nil, at: tomorrow) }
    }

    @Test(arguments: [0, 1, noonSeconds - 1, noonSeconds])
    func `that was over before it began is over, where the signature is good`(expiry: Int64) {
        let token = signedForAnn(goodClaims("exp", .integer(expiry)))
        #expect(throws: TokenRejected.expired) { try verify(token, for: ann) }
        #expect(throws: TokenRejected.invalid) { try verify(token, for: User.ann.with(epoch: 1).credentials) }
    }

    @Test func `outlives a rotation of secrets, until the old one is taken away`() throws {
        let old = "an old secret of thirty-two bytes", new = "a new secret of thirty-two bytes."
        let token = ResetLinks(secrets: Secrets(samples: old), issuer: issuer, lifetime: .seconds(1800))
            .sign(for: ann, at: noon).token
        let both = ResetLinks(secrets: Secrets(samples: new, old), issuer: issuer, lifetime: .seconds(1800))
        #expect(throws: Never.self) { try both.verify(both.read(token, at: noon), for: ann, at: noon) }
        let newest = ResetLinks(secrets: Secrets(samples: new), issuer: issuer, lifetime: .seconds(1800))
        #expect(throws: Never.self) {
            try newest.verify(newest.read(both.sign(for: ann, at: noon).token, at: noon), for: ann, at: noon)
        }
        #expect(throws: TokenRejected.invalid) {
            try newest.verify(newest.read(token, at: noon), for: ann, at: noon)
        }
    }

    @Test(arguments: ["https://accounts.example.org", "https://accounts.example.com/", "http://accounts.example.com"])
    func `of another deployment is refused`(other: String) {
        let token = ResetLinks(secrets: .sample, issuer: other, lifetime: .seconds(1800)).sign(for: ann, at: noon).token
        #expect(throws: TokenRejected.invalid) { try links.read(token, at: noon) }
    }

    @Test func `has claims that pass when they are the right ones`() {
        #expect(throws: Never.self) { try verify(signedForAnn(goodClaims), for: ann) }
    }

    @Test(
        arguments: [
            ("aud", .string("session")), ("aud", .array([.string("password-reset")])), ("aud", nil),
            ("iss", .string("https://accounts.example.com\u{0}")), ("iss", .array([])), ("iss", nil),
            ("sub", .string("")), ("sub", .number("1")), ("sub", .null), ("sub", nil),
            ("iat", .integer(noonSeconds + 6)), ("iat", .string("1767268800")), ("iat", .number("1767268800.0")),
            ("iat", .number("1767268800.5")), ("iat", .number("1.7672688e9")), ("iat", .integer(-1)),
            ("iat", .integer(.min)),
            ("iat", .number("-9223372036854775809")), ("iat", nil), ("iat", .integer(noonSeconds - 1)),
            ("exp", .integer(noonSeconds + 1801)), ("exp", .integer(-1)), ("exp", .integer(.max)),
            ("exp", .integer(.min)), ("exp", .number("1e300")),
            ("exp", .number("1767270600.0")),
            ("exp", .bool(true)), ("exp", .null), ("exp", nil),
        ] as [(String, JSON?)])
    func `with a claim that is missing, wrong or of another shape is refused unread`(name: String, value: JSON?) {
        #expect(throws: TokenRejected.invalid) { try links.read(signedForAnn(goodClaims(name, value)), at: noon) }
    }

    @Test(arguments: [0, 1, 5] as [Int64])
    func `signed by an instance whose clock is at most five seconds ahead is accepted`(seconds: Int64) {
        let token = signedForAnn(goodClaims("iat", .integer(noonSeconds + seconds)))
        #expect(throws: Never.self) { try verify(token, for: ann) }
    }

    @Test(arguments: ["nbf", "jti", "scope", "ISS", "iss "])
    func `with one claim more is refused`(name: String) {
        let claims = goodClaims + [.init(name, .string(issuer))]
        #expect(throws: TokenRejected.invalid) { try links.read(signedForAnn(claims), at: noon) }
    }

    @Test(arguments: ["iss", "exp", "sub"])
    func `with a claim twice is refused`(name: String) {
        let twice = goodClaims + goodClaims.filter { $0.name == name }
        #expect(throws: TokenRejected.invalid) { try links.read(signedForAnn(twice), at: noon) }
        let inPlaceOfAnother = goodClaims(name == "iss" ? "aud" : "iss", nil) + goodClaims.filter { $0.name == name }
        #expect(throws: TokenRejected.invalid) { try links.read(signedForAnn(inPlaceOfAnother), at: noon) }
    }

    @Test(arguments: ["JWT", "at+jwt", "PASSWORD-RESET+JWT", ""])
    func `of another type is refused`(type: String) {
        #expect(throws: TokenRejected.invalid) { try links.read(signedForAnn(goodClaims, type: type), at: noon) }
    }

    @Test func `is refused with anything around or inside it`() {
        let token = links.sign(for: ann, at: noon).token
        for spoiled in [
            " " + token, token + " ", token + "\n", "\t" + token, token + "=", token + "\u{0}", token + "\r\n",
            token + ".",
            "", ".", "..", token.replacing(".", with: "..", maxReplacements: 1), String(token.dropLast()),
            token + "A", token.uppercased(), token.replacing(".", with: "\u{FF0E}"),
        ] {
            #expect(throws: TokenRejected.invalid, "\(spoiled)") { try verify(spoiled, for: ann) }
        }
    }

    @Test func `has exactly one spelling: every changed character is another token, and none is good`() {
        let token = Array(links.sign(for: ann, at: noon).token)
        for index in token.indices {
            for character in "AQgwx-_" where character != token[index] {
                var changed = token
                changed[index] = character
                #expect(throws: TokenRejected.invalid) { try verify(String(changed), for: ann) }
            }
        }
    }

    @Test func `over one KiB is refused, and just below it is not`() {
        let long = signedForAnn(goodClaims("sub", .string(String(repeating: "1", count: 700))))
        #expect(long.utf8.count > 1024)
        #expect(throws: TokenRejected.invalid) { try links.read(long, at: noon) }
        let short = signedForAnn(goodClaims("sub", .string(String(repeating: "1", count: 500))))
        #expect((900...1024).contains(short.utf8.count))
        #expect(throws: Never.self) { try links.read(short, at: noon) }
    }

    @Test func `stays readable with the longest issuer and an id as long as a UUID`() throws {
        let long = "https://" + String(repeating: "a", count: ResetLinks.issuerLimitBytes - 8)
        let links = ResetLinks(secrets: .sample, issuer: long, lifetime: .seconds(1800))
        let user = User.ann.with(id: "018f4c2e-7b1a-7c3d-9e5f-0123456789ab").credentials
        #expect(throws: Never.self) { try links.read(links.sign(for: user, at: noon).token, at: noon) }
    }

    @Test func `of less than a second lives one`() {
        let links = ResetLinks(secrets: .sample, issuer: issuer, lifetime: .milliseconds(250))
        #expect(links.sign(for: ann, at: noon).expiresAt == noon + .seconds(1))
    }

    @Test func `is not a session, nor a session a link`() {
        let session = SessionTokens.sample.sign(for: .ann, at: noon)
        #expect(throws: TokenRejected.invalid) { try links.read(session, at: noon) }
        let link = links.sign(for: ann, at: noon).token
        #expect(throws: TokenRejected.invalid) { try SessionTokens.sample.userID(in: link, at: noon) }
        #expect(throws: TokenRejected.invalid) { try SessionTokens.sample.verify(link, for: .ann, at: noon) }
    }
}
