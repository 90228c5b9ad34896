/// Answers: what is written, and what a client reads of one.

import HTTP
import Testing

private func written(_ response: Response, to request: Request?, closes: Bool = false) -> String {
    var output: [UInt8] = []
    ResponseWriter(commonFields: Array("X-Frame-Options: DENY\r\n".utf8), date: 784_111_777)
        .append(response, to: request?.method, in: request?.version, closes: closes, to: &output)
    return String(decoding: output, as: UTF8.self)
}

private func request(_ wire: String) throws -> Request {
    var reader = RequestReader(from: .loopback)
    reader.received.append(contentsOf: wire.utf8)
    guard case .request(let request) = try reader.next() else { throw RequestRefused.head(.targetMissing) }
    return request
}

@Suite struct `An answer` {
    let hello = Response(.ok, contentType: "text/plain", body: Array("hello".utf8))

    @Test func `has a status line, date, length, caching, its own fields, the common ones, and its body`() {
        #expect(
            written(hello, to: Request(.get, "/")) == """
                HTTP/1.1 200 OK\r
                Cache-Control: no-store, no-transform\r
                Content-Type: text/plain\r
                X-Frame-Options: DENY\r
                Date: Sun, 06 Nov 1994 08:49:37 GMT\r
                Content-Length: 5\r
                \r
                hello
                """)
    }

    @Test func `may have its own in the place of the common ones`() {
        var response = hello
        response.replacesCommonFields = true
        response.add("X-Frame-Options", "SAMEORIGIN")
        #expect(
            written(response, to: Request(.get, "/")) == """
                HTTP/1.1 200 OK\r
                Cache-Control: no-store, no-transform\r
                Content-Type: text/plain\r
                X-Frame-Options: SAMEORIGIN\r
                Date: Sun, 06 Nov 1994 08:49:37 GMT\r
                Content-Length: 5\r
                \r
                hello
                """)
    }

    @Test func `to HEAD is that to GET without the body`() {
        #expect(written(hello, to: Request(.head, "/")) + "hello" == written(hello, to: Request(.get, "/")))
    }

    @Test(arguments: [204, 304]) func `with a status that forbids a body has none, and no length`(code: Int) {
        let text = written(Response(Status(code), body: [1]), to: Request(.get, "/"))
        #expect(!text.contains("Content-Length"))
        #expect(text.hasSuffix("GMT\r\n\r\n"))
    }

    @Test func `says how the connection goes on where the version does not`() throws {
        let old = try request("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(written(hello, to: old).contains("\r\nConnection: keep-alive\r\n"))
        #expect(written(hello, to: old, closes: true).contains("\r\nConnection: close\r\n"))
        #expect(written(hello, to: Request(.get, "/"), closes: true).contains("\r\nConnection: close\r\n"))
        #expect(!written(hello, to: Request(.get, "/")).contains("Connection"))
    }

    @Test func `of unknown length comes in chunks, or to its end`() throws {
        let response = Response(.ok) { nil }
        #expect(written(response, to: Request(.get, "/")).hasSuffix("GMT\r\nTransfer-Encoding: chunked\r\n\r\n"))
        let old = try request("GET / HTTP/1.0\r\n\r\n")
        #expect(written(response, to: old, closes: true).hasSuffix("GMT\r\nConnection: close\r\n\r\n"))
        var output: [UInt8] = []
        let writer = ResponseWriter()
        for chunk in [[UInt8](repeating: 97, count: 27), [], [98]] {
            writer.append(chunk: chunk, in: .http11, to: &output)
            writer.append(chunk: chunk, in: .http10, to: &output)
        }
        writer.appendLastChunk(in: .http11, to: &output)
        writer.appendLastChunk(in: .http10, to: &output)
        let many = String(repeating: "a", count: 27)
        #expect(String(decoding: output, as: UTF8.self) == "1b\r\n\(many)\r\n\(many)1\r\nb\r\nb0\r\n\r\n")
    }

    @Test func `to nothing that could be read has a date, too`() {
        let text = written(Response(.badRequest), to: nil, closes: true)
        #expect(text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(text.contains("\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"))
    }

    @Test func `may be kept by caches`() {
        var response = hello
        response.caching = .publicFor(seconds: 60)
        #expect(written(response, to: nil).contains("\r\nCache-Control: public, max-age=60\r\n"))
        response.caching = .immutable
        #expect(written(response, to: nil).contains("\r\nCache-Control: public, max-age=31536000, immutable\r\n"))
    }

    @Test(arguments: ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\u{0}", "a\u{7F}"])
    func `never splits at a value`(value: String) {
        var response = Response(.ok)
        response.add("Location", value)
        #expect(response["Location"] == nil)
        response.add("Location", "/login")
        #expect(response["location"] == "/login")
    }

    @Test func `with an unlisted status has an empty phrase`() {
        #expect(written(Response(Status(299)), to: nil).hasPrefix("HTTP/1.1 299 \r\n"))
        #expect(Status(299).reason == "")
        #expect(Status.headerFieldsTooLarge.reason == "Request Header Fields Too Large")
    }

    @Test func `before the answer lets a waiting client go on`() {
        var output: [UInt8] = []
        ResponseWriter().appendContinue(to: &output)
        #expect(output == Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }
}

/// `202 x=1 "body" stays`, a refusal, or nil where the answer is unfinished. `ends`: the other end closes behind the bytes.
private func read(_ pieces: [ArraySlice<UInt8>], to method: Method, ends: Bool) -> String? {
    var reader = ResponseReader(answering: method, bodyBytesMax: 8)
    do throws(ResponseRefused) {
        for piece in pieces {
            reader.received.append(contentsOf: piece)
            if let response = try reader.next() { return summary(of: response) }
        }
        return ends ? summary(of: try reader.finish()) : nil
    } catch {
        return "\(error)"
    }
}

private func summary(of response: ReceivedResponse) -> String {
    let body = String(decoding: response.body, as: UTF8.self)
    let end = response.isWhole ? response.keepsAlive ? "stays" : "closes" : response.keepsAlive ? "cut, stays" : "cut"
    return "\(response.status.code) \(response["X"] ?? "-") \"\(body)\" \(end)"
}

private func refusal(_ refused: ResponseRefused) -> String { "\(refused)" }

@Suite struct `An answer on the wire` {
    @Test(arguments: [
        ("HTTP/1.1 202 Accepted\r\nx: 1\r\nContent-Length: 0\r\n\r\n", "202 1 \"\" stays"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 - \"hi\" stays"),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", "200 - \"hi\" closes"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 - \"hi\" closes"),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", "200 - \"hi\" stays"),
        ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200 - \"\" stays"),
        ("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200 - \"\" stays"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: 2\r\n\r\n", "200 - \"hi\" stays"),
        ("HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n", "204 1 \"\" stays"),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "304 - \"\" stays"),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 \r\nX: 9\r\n\r\nHTTP/1.1 202 \r\nContent-Length: 0\r\n\r\n",
            "202 - \"\" stays"
        ),
        ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", refusal(.head(.bareLineFeed))),
        ("HTTP/2 200 OK\r\n\r\n", refusal(.head(.statusLineMalformed))),
        ("HTTP/1.1  200 OK\r\n\r\n", refusal(.head(.statusLineMalformed))),
        ("HTTP/1.1 20x OK\r\n\r\n", refusal(.head(.statusLineMalformed))),
        ("HTTP/1.1 600 OK\r\n\r\n", refusal(.head(.statusLineMalformed))),
        ("HTTP/1.1 2000 OK\r\n\r\n", refusal(.head(.statusLineMalformed))),
        ("<html>no</html>\r\n\r\n", refusal(.head(.statusLineMalformed))),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", refusal(.head(.contentLengthTwice))),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
            refusal(.head(.contentLengthWithTransferEncoding))
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", refusal(.head(.transferCodingUnknown))),
        ("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n12345678", "200 - \"12345678\" stays"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n12345678", "200 - \"12345678\" cut"),
        ("HTTP/1.1 200 OK\r\n\r\n123456789", "200 - \"12345678\" cut"),
        ("HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n123456789", "400 - \"12345678\" cut"),
        ("HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789oops", "400 - \"12345678\" cut"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\n", refusal(.body(.chunkDataEnd))),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", refusal(.protocolSwitched)),
        (String(repeating: "HTTP/1.1 103 \r\n\r\n", count: 9), refusal(.tooManyInterim(limit: 8))),
    ])
    func `is read alike whole, byte by byte and at every split`(text: String, expected: String) {
        let wire = Array(text.utf8)
        #expect(read([wire[...]], to: .post, ends: false) == expected)
        #expect(read(wire.indices.map { wire[$0...$0] }, to: .post, ends: false) == expected)
        for cut in wire.indices { #expect(read([wire[..<cut], wire[cut...]], to: .post, ends: false) == expected) }
    }

    @Test func `without a length ends with the connection`() {
        let wire = Array("HTTP/1.1 200 OK\r\n\r\nhi".utf8)
        #expect(read([wire[...]], to: .get, ends: false) == nil)
        #expect(read([wire[...]], to: .get, ends: true) == "200 - \"hi\" closes")
    }

    @Test(arguments: [
        "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
    ])
    func `is refused where the connection ends inside it`(text: String) {
        #expect(read([Array(text.utf8)[...]], to: .get, ends: true) == refusal(.truncated))
    }

    @Test(
        arguments: [
            ("HTTP/1.1 400 No\r\nContent-Length: 2\r\n", true, nil),
            ("HTTP/1.1 103 Early Hints\r\nLi", false, nil), ("HTTP/1.1 103 Early Hints\r\n\r\n", false, nil),
            ("HTTP/1.1 40", false, nil), ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 400 No\r\n", true, nil),
            ("HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\n", true, "400 - \"\" cut"),
            ("HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nh", true, "400 - \"h\" cut"),
            ("HTTP/1.1 400 No\r\n\r\nh", true, "400 - \"h\" cut"),
            ("HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nh", true, "400 - \"h\" cut"),
            ("HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhoops", true, "400 - \"h\" cut"),
        ] as [(String, Bool, String?)])
    func `is decided by its head, and begins with the status line that is no interim one`(
        text: String, hasBegun: Bool, begun: String?
    ) {
        var reader = ResponseReader(answering: .post, bodyBytesMax: 8)
        for byte in text.utf8 {
            reader.received.append(byte)
            _ = try? reader.next()
        }
        #expect(reader.hasBegun == hasBegun)
        #expect(reader.isDecided == (begun != nil))
        #expect(reader.begun.map(summary) == begun)
    }

    @Test func `to HEAD has no body, whatever it announces`() {
        let wire = Array("HTTP/1.1 200 OK\r\nContent-Length: 7000\r\n\r\n".utf8)
        #expect(read([wire[...]], to: .head, ends: false) == "200 - \"\" stays")
    }

    @Test(arguments: ["Content-Length: 2\r\n\r\nhi!", "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n!"])
    func `with bytes behind it makes the connection useless`(rest: String) {
        let wire = Array(("HTTP/1.1 200 OK\r\n" + rest).utf8)
        #expect(read([wire[...]], to: .get, ends: false) == "200 - \"hi\" closes")
    }

    @Test(arguments: ["", "\r\nContent-Length: 0\r\n\r\n"]) func `has a line that comes to an end`(rest: String) {
        let limit = HeadLimits().startLineBytes
        let longest = "HTTP/1.1 200 " + String(repeating: "x", count: limit - 13)
        let fitting = read([Array((longest + rest).utf8)[...]], to: .get, ends: false)
        #expect(fitting == (rest.isEmpty ? nil : "200 - \"\" stays"))
        let longer = read([Array((longest + "x" + rest).utf8)[...]], to: .get, ends: false)
        #expect(longer == refusal(.head(.startLineTooLong)))
    }
}

@Suite struct `A request to be sent` {
    @Test func `has its host first and its length last`() throws {
        let bytes = RequestWriter.bytes(
            .post, target: "/v3/mail/send", host: "api.example", fields: [("Authorization", "Bearer k")],
            body: Array("{}".utf8))
        #expect(
            bytes.map { String(decoding: $0, as: UTF8.self) } == """
                POST /v3/mail/send HTTP/1.1\r
                Host: api.example\r
                Authorization: Bearer k\r
                Content-Length: 2\r
                \r
                {}
                """)
    }

    @Test(arguments: [
        (Method.get, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (.post, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
    ])
    func `says its length where a body is usual`(method: Method, text: String) {
        #expect(RequestWriter.bytes(method, target: "/", host: "a", fields: [], body: []) == Array(text.utf8))
    }

    @Test(arguments: [
        ("/ HTTP/1.1\r\nX: y", "a", "b"), ("", "a", "b"), ("a", "a", "b"), ("/\r\n", "a", "b"), ("/", "a\r\nX: y", "b"),
        ("/", "", "b"), ("/", "a", "b\r\nX: y"), ("/", "a", "b\n"), ("/", "a", "b\u{0}"),
    ])
    func `is refused where a part could end its line`(target: String, host: String, value: String) {
        #expect(RequestWriter.bytes(.get, target: target, host: host, fields: [("X", value)], body: []) == nil)
    }
}
