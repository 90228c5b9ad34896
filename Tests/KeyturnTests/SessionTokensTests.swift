/// What a bearer token is good for, and until when.
import JWT
import Keyturn
import StrictJSON
import TestKit
import Testing

@Suite struct `A session token` {
    private let sessions = SessionTokens.sample

    @Test func `is, byte for byte, what an independent implementation signs`() {
        #expect(
            sessions.sign(for: .ann, at: noon)
                == "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmV4YW1wbGUuY29tIiwiYXVk"
                + "Ijoic2Vzc2lvbiIsInN1YiI6IjEiLCJpYXQiOjE3NjcyNjg4MDAsImV4cCI6MTc2NzI3MjQwMCwicGFzc3dvcmRfZmluZ2VycHJp"
                + "bnQiOiJoeWdXS3o2QUdkSFIxdWhQbzZfYl93In0.b5jmxAbCkFsn1Ck74_Rkpq1nCsD6tnCxKjVaT0ZwFes")
    }

    @Test func `names its user and is good for an hour`() throws {
        let token = sessions.sign(for: .ann, at: noon)
        #expect(sessions.lifetime == .seconds(3600))
        #expect(try sessions.userID(in: token, at: noon) == UserID("1"))
        #expect(throws: Never.self) { try sessions.verify(token, for: .ann, at: noon + .milliseconds(3_599_999)) }
        #expect(throws: TokenRejected.expired) { try sessions.verify(token, for: .ann, at: noon + .seconds(3600)) }
    }

    @Test(arguments: [
        nil, User.bob, User.ann.with(hash: "another"), User.ann.with(disabledAt: noon), User.ann.with(id: "2"),
    ])
    func `ends when the password changes, the account is disabled, or it is another's`(user: User?) {
        let token = sessions.sign(for: .ann, at: noon)
        #expect(throws: TokenRejected.invalid) { try sessions.verify(token, for: user, at: noon) }
    }

    @Test func `survives a revocation of links and another address`() {
        let token = sessions.sign(for: .ann, at: noon)
        #expect(throws: Never.self) {
            try sessions.verify(token, for: User.ann.with(email: "ann@example.net", epoch: 5), at: noon)
        }
    }

    @Test func `outlives a rotation of secrets`() {
        let old = "an old secret of thirty-two bytes", new = "a new secret of thirty-two bytes."
        let token = SessionTokens(secrets: Secrets(samples: old), issuer: issuer, lifetime: .seconds(60))
            .sign(for: .ann, at: noon)
        let both = SessionTokens(secrets: Secrets(samples: new, old), issuer: issuer, lifetime: .seconds(60))
        #expect(throws: Never.self) { try both.verify(token, for: .ann, at: noon) }
        let newest = SessionTokens(secrets: Secrets(samples: new), issuer: issuer, lifetime: .seconds(60))
        #expect(throws: TokenRejected.invalid) { try newest.verify(token, for: .ann, at: noon) }
    }

    @Test(arguments: [JSON.string("AAAAAAAAAAAAAAAAAAAAAA"), .string(""), .null, nil])
    func `without the right fingerprint is refused, though the signature is good`(fingerprint: JSON?) {
        let claims =
            goodClaims("aud", .string("session")) + (fingerprint.map { [.init("password_fingerprint", $0)] } ?? [])
        let token = JWT.sign(.object(claims), under: JWTHeader(type: "at+jwt"), key: Secrets.sample.keys[0])
        #expect(throws: TokenRejected.invalid) { try sessions.verify(token, for: .ann, at: noon) }
    }

    @Test func `signed by an instance whose clock is at most five seconds ahead is accepted`() {
        let token = sessions.sign(for: .ann, at: noon)
        #expect(throws: Never.self) { try sessions.verify(token, for: .ann, at: noon - .seconds(5)) }
        #expect(throws: TokenRejected.invalid) { try sessions.verify(token, for: .ann, at: noon - .seconds(6)) }
    }

    @Test func `from the future or of another deployment is refused`() {
        let token = sessions.sign(for: .ann, at: noon)
        #expect(throws: TokenRejected.invalid) { try sessions.verify(token, for: .ann, at: noon - .seconds(6)) }
        let other = SessionTokens(secrets: .sample, issuer: "https://other.example", lifetime: .seconds(3600))
        #expect(throws: TokenRejected.invalid) { try other.verify(token, for: .ann, at: noon) }
    }
}
