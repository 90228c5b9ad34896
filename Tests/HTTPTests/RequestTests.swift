/// A request as its answerer sees it, and what the connection learns beside it.

import HTTP
import Testing

@Suite struct `A request` {
    private func read(_ wire: String) throws -> Request {
        var reader = RequestReader(from: IPAddress(parsing: "192.0.2.7")!)
        reader.received.append(contentsOf: wire.utf8)
        if case .announced = try reader.next() {}
        guard case .request(let request) = try reader.next() else { throw RequestRefused.head(.targetMissing) }
        return request
    }

    private func firstReading(_ reader: inout RequestReader, _ wire: String) throws -> Request? {
        reader.received.append(contentsOf: wire.utf8)
        guard case .announced(let request) = try reader.next() else { return nil }
        return request
    }

    @Test func `knows method, path, query, fields, body and peer`() throws {
        let request = try read(
            "POST /a/b?c=d HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nx-one:  2\t\r\nContent-Length: 2\r\n\r\nhi")
        #expect(request.method == .post)
        #expect(request.path == "/a/b")
        #expect(request.query == "c=d")
        #expect(request["X-ONE"] == "1, 2")
        #expect(request.values(of: "x-One") == ["1", "2"])
        #expect(request["Accept"] == nil)
        #expect(request.body == Array("hi".utf8))
        #expect(request.peer == IPAddress(bytes: [192, 0, 2, 7]))
        #expect(request.framing == .length(2))
    }

    @Test func `that was made is like one that was read`() {
        let request = Request(.put, "/a?b", fields: [("X", "1"), ("x", "2")], body: [7])
        #expect(request.path == "/a")
        #expect(request.query == "b")
        #expect(request["x"] == "1, 2")
        #expect(request.body == [7])
        #expect(request.peer == .loopback)
    }

    @Test(arguments: [
        ("/healthz", true), ("/health", false), ("/healthzz", false), ("/Healthz", false), ("/healthz/", false),
    ])
    func `compares its path byte by byte`(path: String, isSame: Bool) {
        #expect(Request(.get, path + "?x").path(is: "/healthz") == isSame)
    }

    @Test func `keeps bytes that are not UTF-8`() throws {
        var reader = RequestReader(from: .loopback)
        reader.received = Array("GET / HTTP/1.0\r\nX: a".utf8) + [0xFF, 0xE9] + Array("\r\n\r\n".utf8)
        guard case .request(let request) = try reader.next() else { throw RequestRefused.head(.targetMissing) }
        #expect(request["X"] == "a\u{FF}\u{E9}")
    }

    @Test func `that is kept stays as it was while more is received`() throws {
        var reader = RequestReader(from: .loopback)
        reader.received.append(contentsOf: "GET /first HTTP/1.0\r\nX: 1\r\n\r\n".utf8)
        guard case .request(let first) = try reader.next() else { throw RequestRefused.head(.targetMissing) }
        guard case .needsMore = try reader.next() else { throw RequestRefused.head(.targetMissing) }
        reader.received.append(contentsOf: "GET /other HTTP/1.0\r\nY: 2\r\n\r\n".utf8)
        guard case .request(let second) = try reader.next() else { throw RequestRefused.head(.targetMissing) }
        #expect([first.path, second.path] == ["/first", "/other"])
        #expect([first["X"], first["Y"], second["X"], second["Y"]] == ["1", nil, nil, "2"])
    }

    @Test(arguments: [
        ("HTTP/1.1", "Expect: 100-Continue\r\nContent-Length: 2\r\n", true),
        ("HTTP/1.1", "Expect: ,\t100-continue,\r\nContent-Length: 2\r\n", true),
        ("HTTP/1.1", "Expect: ,\r\nContent-Length: 2\r\n", false),
        ("HTTP/1.1", "Content-Length: 2\r\n", false),
        ("HTTP/1.0", "Expect: 100-continue\r\nContent-Length: 2\r\n", false),
        ("HTTP/1.0", "Expect: other\r\nContent-Length: 2\r\n", false),
    ])
    func `that waits for a go-ahead is known when its body is announced`(version: String, fields: String, waits: Bool)
        throws
    {
        var reader = RequestReader(from: .loopback)
        let request = try #require(try firstReading(&reader, "POST /x \(version)\r\nHost: a\r\n\(fields)\r\n"))
        #expect(request.expectsContinue == waits)
        #expect(request.path(is: "/x"))
        #expect(request.body == [])
        #expect(reader.isInBody == true)
        #expect(reader.hasUnreadBytes == false)
    }

    @Test(arguments: ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"])
    func `whose body is here needs no go-ahead`(rest: String) throws {
        var reader = RequestReader(from: .loopback)
        let announced = try firstReading(&reader, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\(rest)")
        #expect(announced?.expectsContinue == true)
        #expect(reader.hasUnreadBytes == true)
    }

    @Test func `without a body never waits for a go-ahead`() throws {
        var reader = RequestReader(from: .loopback)
        reader.received.append(contentsOf: "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n".utf8)
        guard case .request(let request) = try reader.next() else { throw RequestRefused.head(.targetMissing) }
        #expect(request.expectsContinue == false)
    }

    @Test func `that was just read leaves a storage that begins anew`() throws {
        var reader = RequestReader(from: .loopback)
        reader.received.append(contentsOf: "GET / HTTP/1.0\r\n\r\n".utf8)
        guard case .request = try reader.next() else { throw RequestRefused.head(.targetMissing) }
        reader.take(reader.giveBack())
        reader.received.append(contentsOf: "GET /next HTTP/1.0\r\n\r\n".utf8)
        // What has come is kept: this storage is not taken.
        reader.take(RequestReader.Storage())
        guard case .request(let next) = try reader.next() else { throw RequestRefused.head(.targetMissing) }
        #expect(next.path == "/next")
    }

    @Test(arguments: [
        ("", "/", false), ("", "/large", true), ("/account", "/large", false), ("/account", "/account/large", true),
        ("/account", "/acc%6Funt/lar%67e", true), ("/account", "/account", false), ("/account", "/accountlarge", false),
    ])
    func `announces a large body only where its path may have one`(base: String, path: String, isLarge: Bool) throws {
        var limits = RequestLimits()
        limits.largerBodies = [LargerBodies(at: "/large", below: base, bytes: 100_000)]
        var reader = RequestReader(from: .loopback, limits: limits)
        _ = try firstReading(&reader, "POST \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(reader.expectsLargeBody == isLarge)
    }

    @Test func `that has not begun leaves its connection idle`() throws {
        var reader = RequestReader(from: .loopback)
        #expect(reader.isIdle == true)
        reader.received.append(contentsOf: "GET / HTTP/1.0\r\n".utf8)
        guard case .needsMore = try reader.next() else { throw RequestRefused.head(.targetMissing) }
        #expect(reader.isIdle == false)
        // What has begun is not given away.
        #expect(reader.giveBack().capacity == 0)
        reader.received.append(contentsOf: "\r\n\r\n".utf8)
        guard case .request = try reader.next() else { throw RequestRefused.head(.targetMissing) }
        // The second line end belongs to nobody.
        guard case .needsMore = try reader.next() else { throw RequestRefused.head(.targetMissing) }
        #expect(reader.isIdle == true)
        let lent = reader.giveBack()
        #expect(lent.capacity > 0)
        #expect(reader.received.capacity == 0)
        reader.take(lent)
        #expect(reader.received.capacity > 0)
        reader.received.append(contentsOf: "GET /next HTTP/1.0\r\n\r\n".utf8)
        guard case .request(let next) = try reader.next() else { throw RequestRefused.head(.targetMissing) }
        #expect(next.path == "/next")
    }
}
