import Keyturn
import TestKit
import Testing

@Suite struct `Where an app may lead people` {
    private func admits(_ asked: String, _ entries: String...) throws -> Bool {
        try #require(ReturnURLs(entries)).admit(asked) == asked
    }

    @Test(arguments: [
        ("https://app.example.com/welcome", "https://app.example.com/welcome"),
        ("https://app.example.com/welcome/", "https://app.example.com/welcome"),
        ("https://app.example.com/welcome/back?x=1&y=%2F..", "https://app.example.com/welcome"),
        ("https://app.example.com/welcome?x", "https://app.example.com/welcome"),
        ("https://app.example.com/wel%63ome", "https://app.example.com/welcome"),
        ("https://app.example.com/welcome/x", "https://app.example.com/wel%63ome"),
        ("https://app.example.com", "https://app.example.com"), ("https://app.example.com/", "https://app.example.com"),
        ("https://app.example.com", "https://app.example.com/"),
        ("https://app.example.com/a/b", "https://app.example.com/"),
        ("https://app.example.com:8443/", "https://app.example.com:8443"),
        ("https://app.example.com/a/x", "https://app.example.com/a/"),
        ("http://127.0.0.1:5000/x", "http://127.0.0.1:5000"), ("http://localhost/x", "http://localhost"),
        ("http://[::1]:5000/x", "http://[::1]:5000"),
        ("https://app.example.com/%252e%252e/x", "https://app.example.com"),
    ])
    func `is an entry or below it`(asked: String, entry: String) throws {
        #expect(try admits(asked, entry))
        #expect(try admits(asked, "https://other.example", entry))
    }

    @Test(arguments: [
        "http://app.example.com/welcome", "https://app.example.com:443/welcome", "https://app.example.com:8443/welcome",
        "https://App.example.com/welcome", "HTTPS://app.example.com/welcome",
        "https://app.example.com.evil.example/welcome",
        "https://evil.example/welcome", "https://app.example.com@evil.example/welcome",
        "https://a:b@app.example.com/welcome",
        "https://@app.example.com/welcome", "//app.example.com/welcome", "/welcome", "welcome", "",
        "javascript:alert(1)",
        "data:text/html,x", "https:app.example.com/welcome", "https:/app.example.com/welcome",
        "https:///app.example.com/welcome",
        "https://app.example.com/welcomed", "https://app.example.com/wel", "https://app.example.com/",
        "https://app.example.com",
        "https://app.example.com/welcome#x", "https://app.example.com/welcome/../admin",
        "https://app.example.com/welcome/..",
        "https://app.example.com/welcome/./x", "https://app.example.com/welcome/%2e%2e/admin",
        "https://app.example.com/welcome/.%2E",
        "https://app.example.com/welcome%2F..%2Fadmin", "https://app.example.com/welcome/%2F..",
        "https://app.example.com\\welcome",
        "https://app.example.com/welcome\\x", "https://app.example.com/welcome/%5Cx",
        "https://app.example.com/welcome/%0d%0aX",
        "https://app.example.com/welcome/%00", "https://app.example.com/welcome/%zz",
        "https://app.example.com/welcome/%2",
        "https://app.example.com/welcome x", " https://app.example.com/welcome", "https://app.example.com/welcome\n",
        "https://app.example.com/welcome/é", "https://app.example.com\u{FF0F}welcome",
        "https://app.example.com?/welcome",
        "https://app.example.com/welcome/" + String(repeating: "a", count: 512),
    ])
    func `is nothing else`(asked: String) throws {
        #expect(try !admits(asked, "https://app.example.com/welcome"))
    }

    @Test func `has at most 512 bytes`() throws {
        let longest = "https://app.example.com/" + String(repeating: "a", count: 512 - 24)
        #expect(longest.utf8.count == 512)
        #expect(try admits(longest, "https://app.example.com"))
        #expect(try !admits(longest + "a", "https://app.example.com"))
    }

    @Test func `is nowhere if no entry says so`() {
        #expect(ReturnURLs.none.admit("https://app.example.com/") == nil)
        #expect(ReturnURLs.none.admit(nil) == nil)
    }

    @Test(arguments: [
        "", "app.example.com", "http://app.example.com", "https://App.example.com", "https://app.example.com?x",
        "https://app.example.com/#x", "https://u@app.example.com", "https://app.example.com/../x",
        "https://app.example.com:0/",
        "https://app.example.com:65536", "https://-", "https://a..b", "https://*.example.com", "javascript:x",
        "https://a b",
        "http://127.evil.example",
    ])
    func `cannot be listed as`(entry: String) {
        #expect((ReturnURLs([entry]) == nil) == (entry != "https://-"))
    }
}

@Suite struct `The pattern of links` {
    private func url(_ pattern: String, returnTo: String? = nil) throws -> String {
        let links = ResetLinks(
            secrets: .sample, issuer: issuer, lifetime: .seconds(1800), pattern: try LinkPattern(parsing: pattern))
        let link = links.sign(for: User.ann.credentials, at: noon)
        #expect(link.notMeURL == "\(issuer)/not-me?token=\(link.token)")
        return link.url(returningTo: returnTo).replacing(link.token, with: "T")
    }

    @Test(arguments: [
        (
            "https://app.example.com/new-password#token={token}", "https://app.example.com/new-password#token=T",
            "https://app.example.com/new-password#token=T&return_to=https%3A%2F%2Fapp.example.com%2Fx%3Fa%3Db"
        ),
        (
            "https://app.example.com/#/reset/{token}", "https://app.example.com/#/reset/T",
            "https://app.example.com/#/reset/T?return_to=https%3A%2F%2Fapp.example.com%2Fx%3Fa%3Db"
        ),
        (
            "https://app.example.com/new?t={token}&v=1", "https://app.example.com/new?t=T&v=1",
            "https://app.example.com/new?t=T&v=1&return_to=https%3A%2F%2Fapp.example.com%2Fx%3Fa%3Db"
        ),
        (
            "https://app.example.com/new?t={token}#form", "https://app.example.com/new?t=T#form",
            "https://app.example.com/new?t=T&return_to=https%3A%2F%2Fapp.example.com%2Fx%3Fa%3Db#form"
        ),
        (
            "http://localhost:3000/#{token}", "http://localhost:3000/#T",
            "http://localhost:3000/#T?return_to=https%3A%2F%2Fapp.example.com%2Fx%3Fa%3Db"
        ),
    ])
    func `holds the token, and where the app wants the person`(pattern: String, plain: String, returning: String) throws
    {
        #expect(try url(pattern) == plain)
        #expect(try url(pattern, returnTo: "https://app.example.com/x?a=b") == returning)
    }

    @Test func `of ours has that as a parameter too`() {
        let link = ResetLinks.sample.sign(for: User.ann.credentials, at: noon)
        #expect(link.url(returningTo: "https://a.example/") == "\(link.url)&return_to=https%3A%2F%2Fa.example%2F")
    }

    @Test(
        arguments: [
            ("https://app.example.com/new#token=", .place), ("https://app.example.com/{token}", .place),
            ("https://app.example.com/new?a={token}#{token}", .place), ("https://{token}.example.com/?x", .notAddress),
            ("http://app.example.com/#{token}", .notAddress), ("javascript:alert('{token}')", .notAddress),
            ("https://u:p@app.example.com/#{token}", .notAddress), ("https://app.example.com/ #{token}", .notAddress),
            ("https://app.example.com/#{token}{", .place), ("//app.example.com/#{token}", .notAddress),
            ("https://app.example.com/#{TOKEN}", .place),
            ("https://a.example/#{token}" + String(repeating: "a", count: 400), .tooLong),
        ] as [(String, LinkPattern.Refused)])
    func `is refused unless it is an address with one place for the token`(
        pattern: String, refused: LinkPattern.Refused
    ) {
        #expect(throws: refused) { try LinkPattern(parsing: pattern) }
    }
}
