import Keyturn
import Testing
import Wording

@testable import Command

/// Where pages lead, and what they say.
@Suite struct `The settings of pages` {
    private func settings(_ environment: [String: String]) throws -> Settings {
        try Settings(Layers(flags: [:], environment: environment, file: nil), readFile: { _ in [] })
    }

    private func refusal(_ environment: [String: String]) -> String? {
        do { _ = try settings(environment) } catch { return "\(error)" }
        return nil
    }

    @Test(arguments: [
        ("https://example.com/account", "https://example.com/account"),
        ("https://example.com/account/", "https://example.com/account"),
        ("https://example.com/a/b-c_d.e~f", "https://example.com/a/b-c_d.e~f"),
        ("https://example.com/", "https://example.com"),
        ("http://127.0.0.1:8081/account", "http://127.0.0.1:8081/account"),
    ])
    func `take a public URL with a path`(url: String, taken: String) throws {
        #expect(try settings(["KEYTURN_SERVER_PUBLIC_URL": url]).server.publicURL == taken)
    }

    @Test(arguments: [
        "https://example.com/a/../b", "https://example.com/..", "https://example.com/.", "https://example.com/a%20b",
        "https://example.com//", "https://example.com//a", "https://example.com/a//b", "https://example.com/a//",
        "https://example.com/a?b",
        "https://example.com?b", "https://example.com/a#b", "https://example.com/#", "https://example.com/a b",
        "https://example.com/a;b",
        "https://example.com/a\\b", "https://example.com/\"", "https://user@example.com/a", "/account",
        "https://example.com/" + String(repeating: "a", count: 400),
    ])
    func `refuse a public URL that is more than that`(url: String) {
        #expect(refusal(["KEYTURN_SERVER_PUBLIC_URL": url])?.hasPrefix("server.publicURL: ") == true, "\(url)")
    }

    @Test(arguments: [
        (["KEYTURN_APP_LOGIN_URL": "javascript:alert(1)"], "app.loginURL: must be an address"),
        (["KEYTURN_APP_HOME_URL": "/"], "app.homeURL: must be an address"),
        (["KEYTURN_APP_RETURN_URLS": "https://a.example,http://b.example"], "app.returnURLs: each must be"),
        (["KEYTURN_LOGIN_ENABLED": "yes"], "login.enabled: must be true or false"),
        (["KEYTURN_LANGUAGES_OFFERED": "de,xx"], "languages.offered: each must be one of en, de"),
        (["KEYTURN_LANGUAGES_OFFERED": "de,de"], "languages.offered: each must be one of"),
        (["KEYTURN_LANGUAGES_DEFAULT": "xx"], "languages.default: must be one of en, de"),
        (
            ["KEYTURN_LANGUAGES_OFFERED": "de,fr", "KEYTURN_LANGUAGES_DEFAULT": "en"],
            "languages.default: en is not among languages.offered"
        ),
        (["KEYTURN_LINKS_RESET": "https://app.example.com/{token}"], "links.reset: must hold {token} once"),
        (["KEYTURN_LINKS_RESET": "http://app.example.com/#{token}"], "links.reset: must be an https:// address"),
        (
            ["KEYTURN_LINKS_RESET": "https://app.example.com/#{token}"],
            "links.reset: its origin https://app.example.com is not in server.allowedOrigins"
        ),
        (
            [
                "KEYTURN_LINKS_RESET": "https://app.example.com/#{token}",
                "KEYTURN_SERVER_ALLOWED_ORIGINS": "https://app.example.com:8443",
            ],
            "links.reset: its origin"
        ),
    ])
    func `are refused in words that name the key`(environment: [String: String], words: String) {
        #expect(refusal(environment)?.hasPrefix(words) == true, "\(refusal(environment) ?? "accepted")")
    }

    @Test func `know the languages that are offered`() throws {
        #expect(try settings([:]).pages.languages == .all)
        let two = try settings(["KEYTURN_LANGUAGES_OFFERED": "fr,de"]).pages.languages
        #expect(two == OfferedLanguages([.french, .german], standard: .french))
        let german = try settings(["KEYTURN_LANGUAGES_DEFAULT": "de"]).pages.languages
        #expect(german.standard == .german && german.languages.count == 15)
    }

    @Test(arguments: [("#token=", false), ("?token=", true)])
    func `warn if links have their token in the query`(place: String, isWarned: Bool) throws {
        let settings = try settings([
            "KEYTURN_LINKS_RESET": "https://app.example.com/new\(place){token}",
            "KEYTURN_SERVER_ALLOWED_ORIGINS": "https://other.example,https://app.example.com",
        ])
        #expect(Danger.all(in: settings).contains { $0.hasPrefix("links.reset has {token} in the query") } == isWarned)
    }
}
