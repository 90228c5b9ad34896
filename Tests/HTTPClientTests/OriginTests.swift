/// What a server's address may look like in a setting.

import Testing

@testable import HTTPClient

@Suite struct `An origin` {
    @Test(arguments: [
        ("https://api.sendgrid.com", "api.sendgrid.com", 443, "", "api.sendgrid.com"),
        ("https://api.sendgrid.com/", "api.sendgrid.com", 443, "", "api.sendgrid.com"),
        ("HTTPS://API.SendGrid.com:8443", "api.sendgrid.com", 8443, "", "api.sendgrid.com:8443"),
        ("https://example.com:443/base/v1/", "example.com", 443, "/base/v1", "example.com"),
        ("https://192.0.2.1", "192.0.2.1", 443, "", "192.0.2.1"),
        ("https://[2001:DB8::1]:444", "2001:db8::1", 444, "", "[2001:db8::1]:444"),
        ("https://a-b.3com.example", "a-b.3com.example", 443, "", "a-b.3com.example"),
    ])
    func `is read`(url: String, host: String, port: UInt16, basePath: String, hostField: String) throws {
        let origin = try #require(Origin(parsing: url))
        #expect(origin.isSecure)
        #expect(origin.host == host)
        #expect(origin.port == port)
        #expect(origin.basePath == basePath)
        #expect(origin.hostField == hostField)
    }

    @Test(arguments: [
        ("http://localhost:8080", "localhost:8080"), ("http://127.0.0.1", "127.0.0.1"),
        ("http://127.9.9.9:81", "127.9.9.9:81"),
        ("http://[::1]:81/base", "[::1]:81"),
    ])
    func `in the clear is on this machine`(url: String, hostField: String) throws {
        let origin = try #require(Origin(parsing: url))
        #expect(!origin.isSecure)
        #expect(origin.hostField == hostField)
    }

    @Test(arguments: [
        "http://example.com", "http://localhost.example.com", "http://127.0.0.1.example.com", "http://0.0.0.0",
        "http://[::]", "http://[2001:db8::1]", "http://192.168.0.1",
    ])
    func `in the clear is nowhere else`(url: String) { #expect(Origin(parsing: url) == nil) }

    @Test(arguments: [
        "", "https://", "https:///", "https:example.com", "ftp://example.com", "example.com", " https://example.com",
        "https://example.com ", "https://user@example.com", "https://user:secret@example.com", "https://example.com?x",
        "https://example.com/?x", "https://example.com#x", "https://example.com/a#x", "https://example.com:",
        "https://example.com:0", "https://example.com:65536", "https://example.com:+443", "https://example.com:4 3",
        "https://example.com:443:443", "https://exa mple.com", "https://example..com", "https://.example.com",
        "https://example.com.", "https://-a.example.com", "https://a-.example.com", "https://a_b.example.com",
        "https://bücher.example", "https://\u{212A}.example", "https://example.com\n", "https://example.com\0",
        "https://127.1", "https://0x7f000001", "https://2130706433", "https://127.0.0.01", "https://1.2.3.4.5",
        "https://example.com/../x", "https://example.com/a//b", "https://example.com//", "https://example.com/%2e",
        "https://example.com/a b", "https://example.com/a\r\nb", "https://[::1", "https://[::1]x",
        "https://[127.0.0.1]",
        "https://[]", "https://::1", "https://[fe80::1%25eth0]",
        "https://" + String(repeating: "a", count: 64) + ".example",
        "https://" + String(repeating: "a.", count: 127) + "example",
    ])
    func `is nothing else`(url: String) { #expect(Origin(parsing: url) == nil) }
}
