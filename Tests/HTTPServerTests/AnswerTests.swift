/// What goes in and what comes out, over real sockets.
import HTTPServer
import Sockets
import Testing

private let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
private let post = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
private let chunked =
    "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"

private func chunkedAnswer(_ body: String, isFramed: Bool = true) -> String {
    "HTTP/1.1 200 OK\r\nCache-Control: no-store, no-transform\r\nContent-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\n"
        + (isFramed ? "Transfer-Encoding: chunked\r\n\r\n" : "Connection: close\r\n\r\n") + body
}

private let examples: [(sent: String, answered: String)] = [
    (get, answer("200 OK", "/a")),
    (post, answer("200 OK", "hello")),
    (chunked, answer("200 OK", "hello")),
    ("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", answer("200 OK", "/a", hidesBody: true)),
    (
        get + post + chunked + get,
        answer("200 OK", "/a") + answer("200 OK", "hello") + answer("200 OK", "hello") + answer("200 OK", "/a")
    ),
    ("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n" + get, answer("200 OK", "slow") + answer("200 OK", "/a")),
    ("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + get, answer("200 OK", "/a", closes: true)),
    ("GET /a HTTP/1.0\r\n\r\n" + get, answer("200 OK", "/a", closes: true)),
    (
        get + "nonsense\r\n\r\n" + get,
        answer("200 OK", "/a") + answer("400 Bad Request", "request_invalid", closes: true)
    ),
    (
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel",
        answer("400 Bad Request", "request_incomplete", closes: true)
    ),
    ("GET /a HT", answer("400 Bad Request", "request_incomplete", closes: true)),
    (
        "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + get,
        answer("404 Not Found", "", type: nil) + answer("200 OK", "/a")
    ),
    (
        "GET /chunks HTTP/1.1\r\nHost: h\r\n\r\n" + get,
        chunkedAnswer("2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n") + answer("200 OK", "/a")
    ),
    ("HEAD /chunks HTTP/1.1\r\nHost: h\r\n\r\n" + get, chunkedAnswer("") + answer("200 OK", "/a")),
    ("GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get, chunkedAnswer("abcde", isFramed: false)),
    ("GET /chunks/broken HTTP/1.1\r\nHost: h\r\n\r\n", chunkedAnswer("2\r\nab\r\n")),
    ("", ""),
]

@Suite struct `A request` {
    @Test(arguments: examples)
    func `that comes whole is answered, also to a client that has finished sending`(sent: String, answered: String)
        async throws
    {
        try await withServer { server in
            let received = try await server.exchange([sent])
            #expect(received == answered)
        }
    }

    @Test(arguments: examples)
    func `that comes in two parts is answered alike, wherever it is cut`(sent: String, answered: String) async throws {
        try await withServer { server in
            let bytes = Array(sent.utf8)
            for cut in stride(from: 1, to: max(bytes.count, 1), by: 7) where bytes.count > 1 {
                let parts = [bytes[..<cut], bytes[cut...]].map { String(decoding: $0, as: UTF8.self) }
                let received = try await server.exchange(parts)
                #expect(received == answered)
            }
        }
    }

    @Test func `that comes byte by byte is answered alike`() async throws {
        try await withServer { server in
            let received = try await server.exchange(chunked.map { String($0) }, pause: .microseconds(100))
            #expect(received == answer("200 OK", "hello"))
        }
    }

    @Test func `after an answer goes over the same connection`() async throws {
        try await withServer { server in
            let stream = try await server.connect()
            for _ in 0..<3 {
                try await stream.write(Array(get.utf8), until: soon)
                #expect(try await read(stream, until: "/a") == answer("200 OK", "/a"))
            }
        }
    }

    @Test func `that is answered at once does not wait for a slow one behind it`() async throws {
        try await withServer { server in
            let stream = try await server.connect()
            let sent = ["/now", "/now", "/gate", "/now"].map { "GET \($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined()
            try await stream.write(Array(sent.utf8), until: soon)
            let now = answer("200 OK", "/now")
            #expect(try await read(stream, until: now + now) == now + now)
            await server.gate.untilEntered()
            await server.gate.open()
            #expect(try await read(stream, until: "/now") == answer("200 OK", "gate") + now)
        }
    }

    @Test func `many at once get their answers in their order`() async throws {
        try await withServer { server in
            let sent = (0..<2000).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined()
            let received = try await server.exchange([sent])
            #expect(received == (0..<2000).map { answer("200 OK", "/\($0)") }.joined())
        }
    }

    @Test func `whose body lies in the kernel already is read to its end`() async throws {
        try await withServer { server in
            let stream = try await server.connect()
            let body = String(repeating: "x", count: 60_000)
            let head = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n"
            try await stream.write(Array(("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n" + head + body).utf8), until: soon)
            await server.gate.untilEntered()
            // What came has been reported; the rest is read without another word from the kernel.
            try await Task.sleep(for: .milliseconds(20))
            await server.gate.open()
            let said = answer("200 OK", "gate") + answer("200 OK", body)
            #expect(try await read(stream, until: said) == said)
        }
    }

    @Test(arguments: ["/large", "/chunks/huge"])
    func `whose large answers nobody reads is not read on for ever`(path: String) async throws {
        try await withServer({ $0.limits.writeDeadline = .milliseconds(50) }) { server in
            let stream = try await server.connect()
            let many = [UInt8]((0..<100).map { _ in "GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined().utf8)
            try await stream.write(many, until: soon)
            try await Task.sleep(for: .milliseconds(150))
            var bytes: [UInt8] = []
            // What the kernel had room for, then the end of a connection that was given up.
            do throws(SocketFailed) {
                while try await stream.read(into: &bytes, atMost: 65_536, until: soon) > 0 {}
            } catch {
                #expect(error != .timedOut)
            }
            #expect(bytes.count < 20_000_000)
        }
    }

    @Test func `whose large answer is read slowly gets no more time for that`() async throws {
        try await withServer({ $0.limits.writeDeadline = .milliseconds(100) }) { server in
            let stream = try await server.connect()
            try await stream.write(Array("GET /huge HTTP/1.1\r\nHost: h\r\n\r\n".utf8), until: soon)
            var bytes: [UInt8] = []
            do throws(SocketFailed) {
                while try await stream.read(into: &bytes, atMost: 65_536, until: soon) > 0 {
                    try? await Task.sleep(for: .milliseconds(5))
                }
            } catch {
                #expect(error != .timedOut)
            }
            #expect(bytes.count < 20_000_000)
        }
    }

    @Test func `with a body waits for the word to go on, once`() async throws {
        try await withServer { server in
            let stream = try await server.connect()
            try await stream.write(
                Array("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".utf8),
                until: soon)
            #expect(try await read(stream, until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await stream.write(Array("hi".utf8), until: soon)
            #expect(try await read(stream, until: "hi") == answer("200 OK", "hi"))
        }
    }

    @Test func `whose answer is known before its body is told so at once`() async throws {
        try await withServer { server in
            let sent = "POST /early HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            let received = try await server.exchange([sent])
            #expect(received == answer("404 Not Found", "", type: nil, closes: true))
        }
    }

    @Test func `of HTTP 1.0 stays where it asks to`() async throws {
        try await withServer { server in
            let received = try await server.exchange([
                "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n"
            ])
            #expect(received.contains("Connection: keep-alive\r\n"))
            #expect(received.hasSuffix(answer("200 OK", "/b", closes: true)))
        }
    }
}
