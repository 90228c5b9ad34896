import Testing

@testable import Keyturn

@Suite struct `The signature of a message to the app` {
    private static let old = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let new = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    private func signature(_ secrets: String...) throws -> String {
        try #require(WebhookSecrets(secrets)).signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
    }

    /// As the reference library of the scheme makes it.
    @Test func `is the reference library's`() throws {
        #expect(try signature(Self.old) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `is given with every secret, so that the app may know any`() throws {
        #expect(try signature(Self.old, Self.new) == signature(Self.old) + " " + signature(Self.new))
    }

    @Test(arguments: [
        [], ["whsec_"], ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa"],
        ["whsec_not base64, and long enough to be one"], [old, "whsec_AAAA"], [old, old, old, old, old],
        ["whsec_" + String(repeating: "A", count: 88)],
    ])
    func `needs one to four secrets of 24 to 64 bytes`(texts: [String]) {
        #expect(WebhookSecrets(texts) == nil)
    }

    @Test func `is made with a secret that is made here`() {
        let (one, other) = (WebhookSecrets.generate(), WebhookSecrets.generate())
        #expect(one != other)
        #expect(WebhookSecrets([one, other]) != nil)
    }
}
