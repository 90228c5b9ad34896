/// Requests on the wire: what is read, what is refused, and where a body ends.

import HTTP
import Testing

private let host = "Host: a.example\r\n"

/// 255 octets in four labels.
private let longestHost = Array(repeating: String(repeating: "a", count: 63), count: 4).joined(separator: ".")

/// Wire and the requests that it holds.
private let accepted: [(String, [String])] = [
    ("GET / HTTP/1.1\r\n\(host)\r\n", ["GET / 1.1 stays"]),
    ("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", ["GET /healthz 1.1 stays"]),
    ("GET /a?b=c?d HTTP/1.1\r\n\(host)\r\n", ["GET /a?b=c?d 1.1 stays"]),
    ("GET /a? HTTP/1.1\r\n\(host)\r\n", ["GET /a? 1.1 stays"]),
    ("GET /a?off=50%&b=%+1&c=%zz&d=% HTTP/1.1\r\n\(host)\r\n", ["GET /a?off=50%&b=%+1&c=%zz&d=% 1.1 stays"]),
    ("GET /%7Ea/;p=1,2:@!$&'()*+ HTTP/1.1\r\n\(host)\r\n", ["GET /~a/;p=1,2:@!$&'()*+ 1.1 stays"]),
    ("GET //evil.example/x HTTP/1.1\r\n\(host)\r\n", ["GET //evil.example/x 1.1 stays"]),
    ("OPTIONS * HTTP/1.1\r\n\(host)\r\n", ["OPTIONS * 1.1 stays"]),
    ("GET http://a.example:80/x?y HTTP/1.1\r\n\(host)\r\n", ["GET /x?y 1.1 stays"]),
    ("GET HTTP://a.example HTTP/1.1\r\n\(host)\r\n", ["GET / 1.1 stays"]),
    ("GET http://a.example?q HTTP/1.1\r\n\(host)\r\n", ["GET /?q 1.1 stays"]),
    ("OPTIONS http://a.example HTTP/1.1\r\n\(host)\r\n", ["OPTIONS * 1.1 stays"]),
    ("\r\nGET / HTTP/1.1\r\n\(host)\r\n", ["GET / 1.1 stays"]),
    // Versions and persistence
    ("GET / HTTP/1.0\r\n\r\n", ["GET / 1.0 closes"]),
    // A minor version that is not known is the highest that is (RFC 9110 §2.5).
    ("GET / HTTP/1.2\r\n\(host)\r\n", ["GET / 1.1 stays"]),
    ("GET / HTTP/1.9\r\n\(host)Connection: close\r\n\r\n", ["GET / 1.1 closes"]),
    ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", ["GET / 1.0 stays"]),
    ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", ["GET / 1.0 closes"]),
    ("GET / HTTP/1.1\r\n\(host)Connection: x, CLOSE ,y\r\n\r\n", ["GET / 1.1 closes"]),
    ("GET / HTTP/1.1\r\n\(host)Connection: keep-alive\r\nconnection: close\r\n\r\n", ["GET / 1.1 closes"]),
    ("GET / HTTP/1.1\r\n\(host)Connection: closed\r\n\r\n", ["GET / 1.1 stays"]),
    ("GET / HTTP/1.1\r\n\(host)Connection: , ,\t,close,\r\n\r\n", ["GET / 1.1 closes"]),
    (
        "GET / HTTP/1.1\r\n\(host)Connection: Upgrade, HTTP2-Settings, TE\r\nUpgrade: h2c, websocket\r\n"
            + "HTTP2-Settings: AAMAAABk\r\nTE: trailers, gzip\r\nMax-Forwards: 0\r\n\r\n",
        ["GET / 1.1 stays"]
    ),
    ("GET / HTTP/1.1\r\n\(host)Expect: , 100-continue ,\r\nExpect:\r\n\r\n", ["GET / 1.1 stays"]),
    // Hosts
    ("GET / HTTP/1.1\r\nHOST:a.example\r\n\r\n", ["GET / 1.1 stays"]),
    ("GET / HTTP/1.1\r\nHost: \t[2001:db8::1]:443\t \r\n\r\n", ["GET / 1.1 stays"]),
    ("GET / HTTP/1.1\r\nHost: a.example:\r\n\r\n", ["GET / 1.1 stays"]),
    ("GET / HTTP/1.1\r\nHost: a%2D_~.example\r\n\r\n", ["GET / 1.1 stays"]),
    ("GET / HTTP/1.1\r\nHost: a.example.:65535\r\n\r\n", ["GET / 1.1 stays"]),
    ("GET / HTTP/1.1\r\nHost: \(longestHost):80\r\n\r\n", ["GET / 1.1 stays"]),
    ("GET / HTTP/1.1\r\nHost: \(String(repeating: "%61", count: 63)).example\r\n\r\n", ["GET / 1.1 stays"]),
    // Percent-encoding that need not be there
    ("GET /%68ealth%7A/%2F%41?%41 HTTP/1.1\r\n\(host)\r\n", ["GET /healthz/%2FA?%41 1.1 stays"]),
    // Fields
    ("GET / HTTP/1.1\r\n\(host)X:\r\nY: a\tb \u{E9}\r\n!#$%&'*+-.^_`|~09azAZ: 1\r\n\r\n", ["GET / 1.1 stays"]),
    // Bodies
    ("POST / HTTP/1.1\r\n\(host)Content-Length: 5\r\n\r\nhello", ["POST / 1.1 stays \"hello\""]),
    ("POST / HTTP/1.1\r\n\(host)content-length:\t0005 \r\n\r\nhello", ["POST / 1.1 stays \"hello\""]),
    ("POST / HTTP/1.1\r\n\(host)Content-Length: 0\r\n\r\n", ["POST / 1.1 stays \"\""]),
    ("POST / HTTP/1.1\r\n\(host)\r\n", ["POST / 1.1 stays"]),
    ("GET / HTTP/1.1\r\n\(host)Content-Length: 2\r\n\r\nhi", ["GET / 1.1 stays \"hi\""]),
    (
        "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ["POST / 1.1 stays \"hello\""]
    ),
    (
        "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n"
            + "003;a;b=c;d=\"e;\\\"\"\r\nhel\r\n2\r\nlo\r\n00\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n",
        ["POST / 1.1 stays \"hello\""]
    ),
    // One behind the other
    (
        chunked("3\r\nabc\r\n0\r\n\r\n") + chunked("2\r\nde\r\n0\r\n\r\n"),
        ["POST / 1.1 stays \"abc\"", "POST / 1.1 stays \"de\""]
    ),
    (
        "GET /1 HTTP/1.0\r\n\r\n\r\nGET /2 HTTP/1.0\r\n\r\n\r\nGET /3 HTTP/1.0\r\n\r\n",
        ["GET /1 1.0 closes", "GET /2 1.0 closes", "GET /3 1.0 closes"]
    ),
    (
        "GET /1 HTTP/1.1\r\n\(host)\r\nPOST /2 HTTP/1.1\r\n\(host)Content-Length: 2\r\n\r\nhi\r\n"
            + "POST /3 HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nGET /4 HTTP/1.0\r\n\r\n",
        ["GET /1 1.1 stays", "POST /2 1.1 stays \"hi\"", "POST /3 1.1 stays \"x\"", "GET /4 1.0 closes"]
    ),
]

private func post(_ fields: String, _ body: String = "") -> String {
    "POST / HTTP/1.1\r\n\(host)\(fields)\r\n\(body)"
}

private func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked\r\n", body) }

private func get(_ target: String) -> String { "GET \(target) HTTP/1.1\r\n\(host)\r\n" }

/// Wire and why it is refused.
private let refusedHeads: [(String, HeadRefused)] = [
    // Lines
    ("GET / HTTP/1.1\nHost: a\n\n", .bareLineFeed),
    ("GET / HTTP/1.1\r\nHost: a\n\r\n", .bareLineFeed),
    ("GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLineFeed),
    ("\nGET / HTTP/1.1\r\n\(host)\r\n", .bareLineFeed),
    ("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", .bareCarriageReturn),
    ("GET / HTTP/1.1\r\r\n\(host)\r\n", .bareCarriageReturn),
    ("GET / HTTP/1.1\r\nX: a\u{0}b\r\n\(host)\r\n", .controlByte),
    ("GET / HTTP/1.1\r\nX: a\u{7F}\r\n\(host)\r\n", .controlByte),
    ("GET / HTTP/1.1\r\nX: a\u{B}\r\n\(host)\r\n", .controlByte),
    ("\u{16}\u{3}\u{1}\u{2}", .controlByte),
    ("\r\n\r\nGET / HTTP/1.1\r\n\(host)\r\n", .emptyLinesBeforeRequest),
    // Methods
    (" GET / HTTP/1.1\r\n\(host)\r\n", .methodNotToken),
    ("G@T / HTTP/1.1\r\n\(host)\r\n", .methodNotToken),
    ("GET\t/ HTTP/1.1\r\n\(host)\r\n", .methodNotToken),
    ("GET\r\n\(host)\r\n", .methodNotToken),
    ("get / HTTP/1.1\r\n\(host)\r\n", .methodNotImplemented),
    ("BREW / HTTP/1.1\r\n\(host)\r\n", .methodNotImplemented),
    ("TRACE / HTTP/1.1\r\n\(host)\r\n", .methodNotImplemented),
    ("CONNECT a.example:443 HTTP/1.1\r\n\(host)\r\n", .methodNotImplemented),
    // Targets
    ("GET  / HTTP/1.1\r\n\(host)\r\n", .targetMissing),
    ("GET /\r\n\(host)\r\n", .targetMissing),
    ("GET HTTP/1.1\r\n\(host)\r\n", .targetMissing),
    (get("*"), .targetMalformed), (get("a.example:80"), .targetMalformed), (get("healthz"), .targetMalformed),
    (get("?a"), .targetMalformed), (get("/a#b"), .targetMalformed), (get("/a|b"), .targetMalformed),
    (get("/\u{E9}"), .targetMalformed), (get("/a\\b"), .targetMalformed), (get("/\"<>^`{}"), .targetMalformed),
    (get("/a\tb"), .targetMalformed), (get("ftp://a.example/"), .targetMalformed), (get("http://"), .targetMalformed),
    (get("http:///a"), .targetMalformed), (get("http://u@a.example/"), .targetMalformed),
    (get("http://a.example:70000/"), .targetMalformed), (get("/%"), .targetPercentEncoding),
    (get("/%4"), .targetPercentEncoding), (get("/%zz"), .targetPercentEncoding),
    (get("/%?b=1"), .targetPercentEncoding), (get("https://a.example/"), .targetMisdirected),
    // Versions
    (get("/ "), .versionMalformed), ("GET / http/1.1\r\n\(host)\r\n", .versionMalformed),
    ("GET / HTTP/1.1 \r\n\(host)\r\n", .versionMalformed), ("GET / HTTP/1.10\r\n\(host)\r\n", .versionMalformed),
    ("GET / HTTP/11\r\n\(host)\r\n", .versionMalformed), ("GET / x HTTP/1.1\r\n\(host)\r\n", .versionMalformed),
    ("GET / HTTP/0.9\r\n\(host)\r\n", .versionUnknown), ("GET / HTTP/2.1\r\n\(host)\r\n", .versionUnknown),
    ("GET / HTTP/1.2\r\n\r\n", .hostMissing),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .versionUnknown), ("GET / HTTP/3.0\r\n\(host)\r\n", .versionUnknown),
    // Fields
    ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .fieldFolded),
    ("GET / HTTP/1.1\r\n\(host)X: a\r\n\tb\r\n\r\n", .fieldFolded),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", .spaceBeforeColon),
    (post("Transfer-Encoding\t: chunked\r\n"), .spaceBeforeColon),
    (post("Content-Length\r\n"), .colonMissing), (post(": a\r\n"), .fieldNameNotToken),
    (post("Content\u{E9}: a\r\n"), .fieldNameNotToken), (post("A(b): a\r\n"), .fieldNameNotToken),
    // Host
    ("GET / HTTP/1.1\r\n\r\n", .hostMissing),
    ("GET http://a.example/ HTTP/1.1\r\n\r\n", .hostMissing),
    ("GET / HTTP/1.1\r\n\(host)\(host)\r\n", .hostTwice),
    ("GET / HTTP/1.0\r\n\(host)\(host)\r\n", .hostTwice),
]

private let malformedHosts = [
    "", " ", ":80", "a b", "a,b", "a/b", "a@b", "a:b", "a:80:80", "a:-1", "a:+80", "a:65536", "[::1", "::1", "[::1]x",
    "[]", "[v1.a]", "[1.2.3.4]", "[::g]", "[1:::2]", "[:::]", "[1:2:3:4:5:6:7:8:9]", "[fe80::1%25eth0]", "a%", "a%2",
    "\u{E9}.example", "http://a", "a?b", "a#b",
    // Lengths that no name and no label has
    longestHost + ".", longestHost + ".:80", String(repeating: "a", count: 64),
    "a." + String(repeating: "b", count: 64), String(repeating: "a.", count: 2000) + "a", ".", ".a", "a..b", "a%2e.b",
    "a..",
]

private let refusedFramings: [(String, HeadRefused)] = [
    ("Content-Length: +5\r\n", .contentLengthNotDigits), ("Content-Length: -1\r\n", .contentLengthNotDigits),
    ("Content-Length: \r\n", .contentLengthNotDigits), ("Content-Length: 5 5\r\n", .contentLengthNotDigits),
    ("Content-Length: 5, 5\r\n", .contentLengthNotDigits), ("Content-Length: 0x5\r\n", .contentLengthNotDigits),
    ("Content-Length: 5;\r\n", .contentLengthNotDigits), ("Content-Length: 5_0\r\n", .contentLengthNotDigits),
    ("Content-Length: \u{665}\r\n", .contentLengthNotDigits), ("Content-Length: 1e3\r\n", .contentLengthNotDigits),
    ("Content-Length: 9223372036854775808\r\n", .contentLengthOverflow),
    ("Content-Length: 18446744073709551621\r\n", .contentLengthOverflow),
    ("Content-Length: \(String(repeating: "9", count: 400))\r\n", .contentLengthOverflow),
    ("Content-Length: 5\r\nContent-Length: 5\r\n", .contentLengthTwice),
    ("Content-Length: 5\r\ncontent-length: 6\r\n", .contentLengthTwice),
    ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", .contentLengthWithTransferEncoding),
    ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", .contentLengthWithTransferEncoding),
    ("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", .contentLengthWithTransferEncoding),
    ("Transfer-Encoding: gzip\r\n", .transferEncodingNotChunkedLast),
    ("Transfer-Encoding: identity\r\n", .transferEncodingNotChunkedLast),
    ("Transfer-Encoding:\r\n", .transferEncodingNotChunkedLast),
    ("Transfer-Encoding: ,\r\n", .transferEncodingNotChunkedLast),
    ("Transfer-Encoding: , ,\r\nContent-Length: 5\r\n", .contentLengthWithTransferEncoding),
    ("Transfer-Encoding: ,\r\nTransfer-Encoding: chunked\r\n", .transferCodingUnknown),
    ("Transfer-Encoding: xchunked\r\n", .transferEncodingNotChunkedLast),
    ("Transfer-Encoding: chunked;q=1\r\n", .transferEncodingNotChunkedLast),
    ("Transfer-Encoding: \"chunked\"\r\n", .transferEncodingNotChunkedLast),
    ("Transfer-Encoding: \u{B}chunked\r\n", .controlByte),
    ("Transfer-Encoding: chunked, chunked\r\n", .transferEncodingNotChunkedLast),
    ("Transfer-Encoding: chunked, gzip\r\n", .transferEncodingNotChunkedLast),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", .transferEncodingNotChunkedLast),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", .transferEncodingNotChunkedLast),
    ("Transfer-Encoding: gzip, chunked\r\n", .transferCodingUnknown),
    ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", .transferCodingUnknown),
    ("Transfer-Encoding: , chunked\r\n", .transferCodingUnknown),
    ("Expect: 200-ok\r\n", .expectationUnknown), ("Expect: 100-continue, x\r\n", .expectationUnknown),
]

private let refusedBodies: [(String, BodyRefused)] = [
    ("\r\n", .chunkSizeMalformed), ("g\r\n", .chunkSizeMalformed), ("-1\r\n", .chunkSizeMalformed),
    ("+1\r\n", .chunkSizeMalformed), (" 1\r\n", .chunkSizeMalformed), ("1 \r\n", .chunkSizeMalformed),
    ("0x1\r\n", .chunkSizeMalformed), ("1_0\r\n", .chunkSizeMalformed), (";a\r\n", .chunkSizeMalformed),
    ("1\u{0}\r\n", .chunkSizeMalformed), ("10000000000000001\r\n", .chunkSizeOverflow),
    ("0000000000000001\r\n", .chunkSizeOverflow),
    ("1\nx\r\n0\r\n\r\n", .chunkLineEnd), ("1\rx\r\n", .chunkLineEnd), ("1;a\nx", .chunkLineEnd),
    ("1;a\rx", .chunkLineEnd),
    ("1\r\nxy\r\n", .chunkDataEnd), ("1\r\nx\n0\r\n\r\n", .chunkDataEnd), ("1\r\nx\r\r\n", .chunkDataEnd),
    ("1\r\nxab0\r\n\r\n", .chunkDataEnd),
    ("1;\r\nx", .chunkExtensionMalformed), ("1; a\r\n", .chunkExtensionMalformed),
    ("1;a \r\n", .chunkExtensionMalformed),
    ("1;a=\r\n", .chunkExtensionMalformed), ("1;a=\"b\r\n", .chunkExtensionMalformed),
    ("1;a=\"b\"c\r\n", .chunkExtensionMalformed), ("1;;a\r\n", .chunkExtensionMalformed),
    ("1;a=b=c\r\n", .chunkExtensionMalformed), ("1;a=\"\\\r\n", .chunkExtensionMalformed),
    ("0\r\nX\r\n\r\n", .trailer(.colonMissing)), ("0\r\nX : a\r\n\r\n", .trailer(.spaceBeforeColon)),
    ("0\r\nX: a\n\r\n", .trailer(.bareLineFeed)), ("0\r\n\n", .trailer(.bareLineFeed)),
    ("0\r\n X: a\r\n\r\n", .trailer(.fieldFolded)),
]

@Suite struct `A request on the wire` {
    @Test(arguments: accepted)
    func `is read alike whole, byte by byte and at every split`(wire: String, requests: [String]) {
        let (whole, disagreeing) = readEveryWay(wire)
        #expect(whole == Outcome(requests: requests))
        #expect(disagreeing == [])
    }

    @Test(arguments: accepted)
    func `is unfinished until its last byte`(wire: String, requests: [String]) {
        for length in 1..<wire.utf8.count {
            let outcome = read([Array(wire.utf8)[..<length]])
            #expect(outcome.refused == nil)
            #expect(outcome.requests == Array(requests.prefix(outcome.requests.count)))
            #expect(outcome.requests.count < requests.count)
        }
    }

    @Test(arguments: refusedHeads)
    func `is refused where its head could be read in two ways`(wire: String, refused: HeadRefused) {
        let (whole, disagreeing) = readEveryWay(wire)
        #expect(whole == Outcome(refused: .head(refused)))
        #expect(disagreeing == [])
    }

    @Test(arguments: malformedHosts) func `is refused with a malformed host`(host: String) {
        for version in ["1.0", "1.1"] {
            let (whole, disagreeing) = readEveryWay("GET / HTTP/\(version)\r\nHost: \(host)\r\n\r\n")
            #expect(whole.refused == .head(.hostMalformed))
            #expect(disagreeing == [])
        }
    }

    @Test(arguments: refusedFramings)
    func `is refused where its body's length is in doubt`(fields: String, refused: HeadRefused) {
        let (whole, disagreeing) = readEveryWay(post(fields))
        #expect(whole == Outcome(refused: .head(refused)))
        #expect(disagreeing == [])
    }

    @Test(arguments: refusedBodies)
    func `is refused where its chunks could be read in two ways`(body: String, refused: BodyRefused) {
        let (whole, disagreeing) = readEveryWay(chunked(body))
        #expect(whole == Outcome(refused: .body(refused)))
        #expect(disagreeing == [])
    }

    @Test func `of version 1.0 has no chunks`() {
        let outcome = read([Array("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)[...]])
        #expect(outcome.refused == .head(.transferEncodingInHTTP10))
    }

    @Test(arguments: refusedHeads) func `keeps refusing once refused`(wire: String, refused: HeadRefused) throws {
        var reader = RequestReader(from: .loopback)
        reader.received.append(contentsOf: wire.utf8)
        #expect(throws: RequestRefused.head(refused)) { try reader.next() }
        reader.received.append(contentsOf: "GET / HTTP/1.0\r\n\r\n".utf8)
        #expect(throws: RequestRefused.head(refused)) { try reader.next() }
    }

    @Test(arguments: [(false, "http", "https"), (true, "https", "http")])
    func `names the scheme of its connection or is misdirected`(isSecure: Bool, right: String, wrong: String) {
        let good = readEveryWay(get("\(right)://a.example/x"), isSecure: isSecure)
        #expect(good.whole.requests == ["GET /x 1.1 stays"])
        let bad = readEveryWay(get("\(wrong)://a.example/x"), isSecure: isSecure)
        #expect(bad.whole.refused == .head(.targetMisdirected))
    }

    @Test(arguments: [
        (HeadRefused.startLineTooLong, 414), (.headTooLarge, 431), (.fieldTooLarge, 431), (.tooManyFields, 431),
        (.methodNotImplemented, 501), (.transferCodingUnknown, 501), (.versionUnknown, 505), (.targetMisdirected, 421),
        (.expectationUnknown, 417), (.hostMissing, 400), (.contentLengthTwice, 400), (.bareLineFeed, 400),
    ])
    func `is refused with the status that fits`(refused: HeadRefused, code: Int) {
        #expect(RequestRefused.head(refused).status.code == code)
    }
}
