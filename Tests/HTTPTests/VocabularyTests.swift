/// The small values: addresses, dates, forms, media types, languages, bytes.

import HTTP
import Testing

@Suite struct `An address` {
    @Test(arguments: [
        ("0.0.0.0", [0, 0, 0, 0] as [UInt8], "0.0.0.0"), ("255.10.0.1", [255, 10, 0, 1], "255.10.0.1"),
        ("::ffff:1.2.3.4", [1, 2, 3, 4], "1.2.3.4"), ("::FFFF:102:304", [1, 2, 3, 4], "1.2.3.4"),
        ("::", Array(repeating: 0, count: 16), "::"), ("::1", Array(repeating: 0, count: 15) + [1], "::1"),
        ("2001:DB8::a:0:0:1", [32, 1, 13, 184, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 1], "2001:db8::a:0:0:1"),
        ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8], "1:2:3:4:5:6:7:8"),
        ("1::3:4:5:6:7:8", [0, 1, 0, 0, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8], "1:0:3:4:5:6:7:8"),
        ("fe80::", [254, 128] + Array(repeating: 0, count: 14), "fe80::"),
        ("64:ff9b::1.2.3.4", [0, 100, 255, 155, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], "64:ff9b::102:304"),
    ])
    func `is read, written and the same bytes`(text: String, bytes: [UInt8], written: String) throws {
        let address = try #require(IPAddress(parsing: text))
        #expect(address.bytes == bytes)
        #expect(address.description == written)
        #expect(IPAddress(bytes: bytes) == address)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.4 ", " 1.2.3.4", "1.2.3.0x4", "1.2..4", "+1.2.3.4",
        "1234",
        "1.2.3.1000", "٣.1.1.1", ":", ":::", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::",
        "::g",
        "::1%eth0", "[::1]", "1:2:3:4:5:6:7::8", "::1.2.3", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::1/64",
    ])
    func `has no other forms`(text: String) {
        // `1:2:3:4:5:6:7::8` has eight groups and a gap for none.
        #expect(IPAddress(parsing: text) == nil)
    }

    @Test(arguments: [0, 3, 5, 15, 17]) func `has four or sixteen bytes`(count: Int) {
        #expect(IPAddress(bytes: Array(repeating: 1, count: count)) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "1.2.3.4", true),
        ("1.2.3.4", "1.2.3.4", true), ("1.2.3.4/32", "1.2.3.5", false), ("::/0", "2001:db8::1", true),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
        ("2001:db8:0:1::/64", "2001:db8:0:1:f::", true), ("2001:db8::/65", "2001:db8::8000:0:0:0", false),
        ("::1/128", "::1", true), ("::1", "::2", false), ("::/0", "1.2.3.4", false), ("0.0.0.0/0", "::2", false),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true),
    ])
    func `is in a range or not`(range: String, address: String, isInside: Bool) throws {
        #expect(try #require(CIDR(parsing: range)).contains(try #require(IPAddress(parsing: address))) == isInside)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/+8", "10.0.0.0/08", "::/129", "10.0.0.0/8/8",
        "a/8",
    ])
    func `is in no malformed range`(range: String) {
        #expect(CIDR(parsing: range) == nil)
    }
}

@Suite struct `A date` {
    @Test(
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] as [(Int64, String)])
    func `is written and read back`(seconds: Int64, text: String) {
        #expect(HTTPDate.format(secondsSince1970: seconds) == text)
        #expect(HTTPDate.bytes(secondsSince1970: seconds) == Array(text.utf8))
        #expect(HTTPDate.parse(text) == seconds)
    }

    @Test func `out of four digits of year is the nearest inside`() {
        #expect(HTTPDate.format(secondsSince1970: .max) == "Fri, 31 Dec 9999 23:59:59 GMT")
        #expect(HTTPDate.format(secondsSince1970: .min) == "Sat, 01 Jan 0000 00:00:00 GMT")
    }

    @Test(
        arguments: [
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777), ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Wed Nov 16 08:49:37 1994", 784_975_777), ("Saturday, 01-Jan-00 00:00:00 GMT", 946_684_800),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
        ] as [(String, Int64)])
    func `is read in its older forms`(text: String, seconds: Int64) {
        #expect(HTTPDate.parse(text) == seconds)
    }

    @Test(arguments: [
        "", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Thu, 30 Feb 1995 00:00:00 GMT", "Sun, 06 Nov +994 08:49:37 GMT",
        "784111777", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun Nov 06 08:49:37 94",
    ])
    func `is nothing else`(text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }
}

@Suite struct `A form` {
    @Test func `is pairs in order, decoded once`() throws {
        let form = try FormPairs(parsing: "a=1&b=%C3%A9+x&&a=%2526&c&d=e=f&=g".utf8)
        #expect(form.pairs.map(\.name) == ["a", "b", "a", "c", "d", ""])
        #expect(form.pairs.map(\.value) == ["1", "é x", "%26", "", "e=f", "g"])
        #expect(form.values(of: "a") == ["1", "%26"])
        #expect(form.values(of: "z") == [])
        #expect(try FormPairs(parsing: "".utf8).pairs.isEmpty)
    }

    @Test func `does not take look-alikes for the same name`() throws {
        #expect(try FormPairs(parsing: "%E2%84%AA=1".utf8).values(of: "K") == [])
    }

    @Test(arguments: [
        ("a=%", FormRefused.percentEncoding), ("a=%4", .percentEncoding), ("%zz=1", .percentEncoding),
        ("a=%+1", .percentEncoding), ("a=%FF", .notUTF8), ("a=%C0%80", .notUTF8), ("a=%ED%A0%80", .notUTF8),
    ])
    func `is refused where it has no one meaning`(text: String, refused: FormRefused) {
        #expect(throws: refused) { try FormPairs(parsing: text.utf8) }
    }

    @Test(arguments: [
        ("a=1&b=2&a=%33", ["1", "3"]), ("%61=x+y", ["x y"]), ("a", [""]), ("b=%&a=1&%=%zz&c=%FF", ["1"]), ("", []),
        ("A=1&ab=2&=3", []), (String(repeating: "b&", count: 4000) + "a=1", ["1"]),
    ])
    func `of a query is asked for one name, whatever the others are`(query: String, values: [String]) throws {
        #expect(try FormPairs.values(of: "a", inQuery: query) == values)
    }

    @Test(arguments: [("a=%", FormRefused.percentEncoding), ("b=1&a=%zz", .percentEncoding), ("a=%FF", .notUTF8)])
    func `of a query is refused where the value asked for has no one meaning`(query: String, refused: FormRefused) {
        #expect(throws: refused) { try FormPairs.values(of: "a", inQuery: query) }
    }

    @Test func `has a limited number of pairs`() throws {
        #expect(try FormPairs(parsing: "a&b&c".utf8, limit: 3).pairs.count == 3)
        #expect(throws: FormRefused.tooManyPairs(limit: 2)) { try FormPairs(parsing: "a&b&c".utf8, limit: 2) }
    }
}

@Suite struct `A preference` {
    @Test(arguments: [
        ("application/json", "application/json"), ("Application/JSON; charset=\"utf-8; x\"", "application/json"),
        ("text/html ;a=b", "text/html"), ("text/html;", "text/html"), ("text/html; a=\"\"", "text/html"),
        (#"text/html; a="b\"c;\\"; d=e"#, "text/html"),
    ])
    func `for a media type has an essence`(text: String, essence: String) {
        #expect(MediaType(parsing: text)?.essence == essence)
    }

    @Test(arguments: [
        "", "text", "text/", "/html", "text/html/x", "text /html", "text/html; a", "text/html; =b", "text/html; a=",
        "te,xt/html",
        "text/html, text/plain", "text/html; a=\"b", #"text/html; a="b"c""#, #"text/html; a="b"c"d""#,
        #"text/html; a="\""#,
        #"text/html; a="b\""#, "text/h\u{E9}ml",
    ])
    func `for a media type may be malformed`(text: String) {
        #expect(MediaType(parsing: text) == nil)
    }

    @Test(arguments: [
        (nil as String?, 1000, 1000), ("", 0, 0), ("*/*", 1000, 1000), ("text/html", 1000, 0),
        ("application/json", 0, 1000),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 1000, 800),
        ("TEXT/*;Q=0.5, */*;q=0", 500, 0),
        ("text/*;q=1, text/html;q=0.123", 123, 0), ("text/html;q=1.001, application/json;q=0.25", 0, 250),
        ("text/html;level=1", 0, 0), ("text/html;q=.5", 0, 0), (", ,application/json;q=1.000", 0, 1000),
    ])
    func `for an answer has a quality`(text: String?, html: Int, json: Int) {
        #expect(Accept(parsing: text).quality(of: "text/html") == html)
        #expect(Accept(parsing: text).quality(of: "application/json") == json)
    }

    @Test(arguments: [
        (nil as String?, []), ("de", ["de"]), ("de-CH, en;q=0.8, fr;q=0.9", ["de-ch", "fr", "en"]),
        ("en;q=0.5,de;q=0.5, *;q=0.1", ["en", "de"]), ("de;q=0, en", ["en"]), ("zh-Hant-TW", ["zh-hant-tw"]),
        ("../etc, en_US, toolongtag, a--b, 1a, x;q=2, ok", ["ok"]),
    ])
    func `for a language has an order`(text: String?, tags: [String]) {
        #expect(AcceptLanguage(parsing: text).tags == tags)
    }
}
