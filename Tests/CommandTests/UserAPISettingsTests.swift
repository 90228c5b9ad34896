import Testing

@testable import Command

@Suite struct `The settings of the user API` {
    private let token = "tok-0123456789abcdefghijklmnopqrstuvwxyz"

    private func settings(_ values: [String: String]) throws -> Settings {
        try Settings(Layers(flags: values, environment: [:], file: nil)) { _ in Array("\(token)\nother-\(token)\n".utf8)
        }
    }

    private func refusal(_ values: [String: String]) -> String? {
        do { _ = try settings(values) } catch { return "\(error)" }
        return nil
    }

    @Test func `leave it off without a token`() throws {
        #expect(try settings([:]).userAPI == nil)
        #expect(try settings(["admin.token": token]).userAPI?.tokens == [token])
        #expect(try settings(["admin.tokenFile": "/x"]).userAPI?.tokens == [token, "other-" + token])
        #expect(try settings(["admin.token": token]).userAPI?.handsOutLinks == false)
    }

    @Test(arguments: ["short", "with a blank 0123456789abcdefghijkl", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"])
    func `refuse a weak token by the name of its key`(weak: String) {
        #expect(refusal(["admin.token": weak])?.hasPrefix("admin.token: ") == true)
    }

    @Test(arguments: ["0.0.0.0", "::", "192.0.2.7", "[2001:db8::1]"])
    func `demands certificates off this machine`(host: String) throws {
        let words = try #require(refusal(["admin.token": token, "admin.host": host]))
        #expect(words.contains("admin.tls.certificate") && words.contains("admin.tls.key"))
        #expect(refusal(["admin.host": host]) == nil)
        let secured = ["admin.token": token, "admin.host": host, "admin.tls.certificate": "/c", "admin.tls.key": "/k"]
        #expect(try settings(secured).userAPI != nil)
    }

    @Test(arguments: ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
    func `demand none on it`(host: String) throws {
        #expect(try settings(["admin.token": token, "admin.host": host]).userAPI != nil)
    }

    @Test func `want both files or none`() {
        #expect(refusal(["admin.tls.key": "/k"]) == "admin.tls.certificate and admin.tls.key: set both or neither")
    }

    @Test func `keep invitations within thirty days`() throws {
        #expect(try settings([:]).inviteLifetime == .seconds(7 * 86_400))
        #expect(refusal(["tokens.inviteLifetime": "31d"])?.hasPrefix("tokens.inviteLifetime: ") == true)
    }
}
