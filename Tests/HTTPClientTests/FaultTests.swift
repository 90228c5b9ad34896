/// Everything a server can do wrong after the handshake or before it, one line each.

import HTTP
import TLS
import TestKit
import Testing

@testable import HTTPClient

@Suite struct `A failure` {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let answer: Answer
        let expected: HTTPClientFailed

        init(_ description: String, _ answer: Answer, _ stage: HTTPClientFailed.Stage, _ reason: String) {
            testDescription = description
            self.answer = answer
            expected = HTTPClientFailed(stage: stage, reason: reason)
        }

        /// Short only where it is to be reached. A busy machine may take as long for all that comes before; then it is tried
        /// again with more time.
        var limits: [Duration] {
            expected.reason == "timed out" ? [.seconds(1), .seconds(5), .seconds(30)] : [.seconds(60)]
        }
    }

    private static let cut = "unexpected eof while reading"
    private static let head = "HTTP/1.1 200 OK\r\n"

    static let cases = [
        Case("silence", .stall, .waiting, "timed out"),
        Case("an end without a word", .rawAndClose(""), .waiting, "closed"),
        Case("a cut without a word", .rawAndTruncate(""), .waiting, cut),
        Case("a reset without a word", .rawAndReset(""), .waiting, "recv: Connection reset by peer"),
        Case("half a head, then silence", .raw("HTTP/1.1 200"), .receiving, "timed out"),
        Case("half a head", .rawAndClose("HTTP/1.1 200"), .receiving, "answer refused: truncated"),
        Case(
            "a length that is none", .raw("\(head)Content-Length: +4\r\n\r\nhalf"), .receiving,
            "answer refused: head(HTTP.HeadRefused.contentLengthNotDigits)"),
        Case(
            "something else", .raw("SSH-2.0-OpenSSH_9.2\r\n"), .receiving,
            "answer refused: head(HTTP.HeadRefused.statusLineMalformed)"),
        Case(
            "another protocol", .raw("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), .receiving,
            "answer refused: protocolSwitched"),
        Case(
            "endless interim answers", .raw(String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 9)),
            .receiving,
            "answer refused: tooManyInterim(limit: 8)"),
        Case(
            "an answer byte by byte, too slowly", .dribble("\(head)Content-Length: 0\r\n\r\n", everyMilliseconds: 1500),
            .receiving,
            "timed out"),
    ]

    @Test(arguments: cases) func `of an answer is no success, and says at which stage it came`(fault: Case) async throws
    {
        #expect(fault.expected.wasWritten)
        for limit in fault.limits {
            let (failed, connections) = try await failure(of: fault, within: limit)
            let wasTooSlow = failed.reason == "timed out" && failed != fault.expected || connections == nil
            if wasTooSlow, limit != fault.limits.last { continue }
            #expect(failed == fault.expected)
            // The request came once, the connection is not used again, and its place is free.
            #expect(connections == [0, 1])
            return
        }
    }

    /// - Returns: how the first request failed, and over which connections that and the next came; nil where the next was not answered.
    private func failure(of fault: Case, within limit: Duration) async throws -> (HTTPClientFailed, [Int]?) {
        var result: (HTTPClientFailed, [Int]?)?
        try await withServer(answers: [fault.answer], options: .limits(total: limit)) { client, server in
            let failed = await #expect(throws: HTTPClientFailed.self) { _ = try await client.post() }
            let next = try? await client.post()
            result = failed.map { ($0, next?.status == .ok ? server.requests.map(\.connection) : nil) }
        }
        return try #require(result)
    }

    @Test(arguments: [
        (Welcome.stall, "timed out"), (.close, "handshake: unexpected eof while reading"),
        (.plaintext, "handshake: wrong version number"), (.alert(40), "handshake: sslv3 alert handshake failure"),
        (.alert(112), "handshake: tlsv1 unrecognized name"),
    ])
    func `of a handshake sends nothing`(welcome: Welcome, reason: String) async throws {
        var options = HTTPClientOptions.quick
        // The answer to a stall; the other two come by themselves.
        if case .stall = welcome { options.handshakeLimit = .seconds(3) }
        try await withServer(welcomes: [welcome], options: options) { client, server in
            let expected = HTTPClientFailed(stage: .handshake, reason: reason)
            #expect(!expected.wasWritten)
            await #expect(throws: expected) { _ = try await client.post() }
            #expect(server.requests.isEmpty)
            try await expect(.ok, of: client)
        }
    }

    @Test func `of the encryption is no answer`() async throws {
        try await withServer(welcomes: [.garbleAfterHandshake]) { client, server in
            let failed = await #expect(throws: HTTPClientFailed.self) { _ = try await client.post() }
            #expect(failed == HTTPClientFailed(stage: .waiting, reason: "wrong version number"))
            try await expect(.ok, of: client)
        }
    }

    /// More than the buffers between two sockets of one machine hold.
    private static let large = [UInt8](repeating: 0x78, count: 16 << 20)

    @Test func `to take a request is not waited for without end`() async throws {
        var options = HTTPClientOptions.quick
        options.writeLimit = .milliseconds(300)
        try await withServer(welcomes: [.answerEarly([], resets: false)], options: options) { client, _ in
            let expected = HTTPClientFailed(stage: .sending, reason: "timed out")
            #expect(!expected.wasWritten)
            await #expect(throws: expected) { _ = try await client.send(.post, "/", body: Self.large) }
            try await expect(.ok, of: client)
        }
    }

    @Test func `to begin an answer is not waited for without end`() async throws {
        var options = HTTPClientOptions.quick
        options.firstByteLimit = .milliseconds(300)
        try await withServer(answers: [.stall], options: options) { client, _ in
            let expected = HTTPClientFailed(stage: .waiting, reason: "timed out")
            await #expect(throws: expected) { _ = try await client.post() }
            try await expect(.ok, of: client)
        }
    }

    @Test(
        arguments: [
            ["HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nwhy"],
            ["HTTP/1.1 413 Too Large\r\n", "Content-Length: 3\r\n\r\nwhy"],
            ["HTTP/1.1 103 Early", " Hints\r\n\r\nHTTP/1.1 413 ", "Too Large\r\nContent-Length: 3\r\n\r\nwhy"],
        ], [(resets: true, isSecure: true), (false, true), (true, false), (false, false)])
    func `to read a request to its end is none where the answer came`(
        answer: [String], _ manner: (resets: Bool, isSecure: Bool)
    ) async throws {
        var options = HTTPClientOptions.quick
        options.writeLimit = .seconds(1)
        let welcome = Welcome.answerEarly(answer, resets: manner.resets)
        try await withServer(welcomes: [welcome], isSecure: manner.isSecure, options: options) { client, server in
            let response = try await client.send(.post, "/", body: Self.large)
            #expect(response.status == .contentTooLarge)
            #expect(response.body == Array("why".utf8))
            // What was not sent would be taken for the next request.
            try await expect(.ok, of: client)
            #expect(server.requests.map(\.connection) == [1])
        }
    }

    @Test(arguments: ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"])
    func `to wait until it is asked does not end a request`(interim: String) async throws {
        try await withServer(welcomes: [.serveAfterSaying(interim)]) { client, server in
            #expect(try await client.send(.post, "/", body: Self.large).status == .ok)
            #expect(server.requests.map(\.body.count) == [Self.large.count])
            try await expect(.ok, of: client)
            #expect(server.requests.map(\.connection) == [0, 0])
        }
    }

    @Test(
        arguments: [
            ["HTTP/1.1 103 Early Hints\r\nLi", "nk: x\r\n\r\n"], ["H", "TTP/1.1 100 Continue\r\n\r\n"],
            ["HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 ", "Continue\r\n", "\r\n"],
        ], [true, false])
    func `to say at once that the rest is wanted does not end a request`(pieces: [String], isSecure: Bool) async throws
    {
        let welcome = Welcome.serveAfterSayingInPieces(pieces)
        try await withServer(welcomes: [welcome], isSecure: isSecure) { client, server in
            #expect(try await client.send(.post, "/", body: Self.large).status == .ok)
            #expect(server.requests.map(\.body.count) == [Self.large.count])
            try await expect(.ok, of: client)
            #expect(server.requests.map(\.connection) == [0, 0])
        }
    }

    @Test func `of an answer that comes too early is no sign that the request was read`() async throws {
        let welcome = Welcome.answerEarly(["SSH-2.0-OpenSSH_9.2\r\n"], resets: false)
        try await withServer(welcomes: [welcome]) { client, _ in
            let failed = await #expect(throws: HTTPClientFailed.self) {
                _ = try await client.send(.post, "/", body: Self.large)
            }
            #expect(failed?.stage == .sending)
            #expect(failed?.wasWritten == false)
        }
    }

    @Test func `of a certificate sends nothing`() async throws {
        let identity = try ServerIdentity(.leaf(dnsNames: ["example.com"]))
        let server = try FaultServer(.tls(identity))
        defer { server.stop() }
        let url = "https://localhost:\(server.port)"
        try await withClient(of: url, trusting: .file(path: identity.authorityFile)) { client in
            let expected = HTTPClientFailed(stage: .handshake, reason: "certificate: hostname mismatch")
            await #expect(throws: expected) { _ = try await client.post() }
        }
        #expect(server.requests.isEmpty)
    }

    @Test func `to connect names what the system said`() async throws {
        let server = try FaultServer(.none)
        server.stop()
        try await eventually { server.hasEnded }
        try await withClient(of: "http://127.0.0.1:\(server.port)", trusting: .system) { client in
            let expected = HTTPClientFailed(stage: .connecting, reason: "connect: Connection refused")
            await #expect(throws: expected) { _ = try await client.post() }
        }
    }
}

@Suite struct `An answer` {
    private static let head = "HTTP/1.1 200 OK\r\n"

    @Test(arguments: [
        (
            Answer.raw("\(head)Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"),
            true
        ),
        (.raw("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n\(head)Content-Length: 5\r\n\r\nhello"), true),
        (.rawAndClose("\(head)\r\nhello"), false),
        (.dribble("\(head)Content-Length: 5\r\n\r\nhello", everyMilliseconds: 1), true),
        (.raw("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"), false),
    ])
    func `is whole however it is framed`(answer: Answer, isReused: Bool) async throws {
        try await withServer(answers: [answer]) { client, server in
            let response = try await client.post()
            #expect(response.body == Array("hello".utf8))
            #expect(response.isWhole)
            _ = try await client.post()
            #expect(server.requests.map(\.connection) == [0, isReused ? 0 : 1])
        }
    }

    private static let refused = "HTTP/1.1 400 Bad Request\r\n"
    private static let many = String(repeating: "x", count: 3000)

    @Test(
        arguments: [
            (.rawAndClose("\(refused)Content-Length: 9\r\n\r\nhalf"), "half"),
            (.rawAndReset("\(refused)Content-Length: 9\r\n\r\nhalf"), "half"),
            (.rawAndTruncate("\(refused)Content-Length: 9\r\n\r\nhalf"), "half"),
            (.rawAndTruncate("\(refused)\r\nhalf"), "half"),
            (.raw("\(refused)Content-Length: 9\r\n\r\nhalf"), "half"),
            (.rawAndClose("\(refused)Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"), "half"),
            (.raw("\(refused)Transfer-Encoding: chunked\r\n\r\n4\r\nhalfoops"), "half"),
            (.raw("\(refused)Content-Length: 3000\r\n\r\n\(many)"), many.prefix(1000)),
            (.raw("\(refused)Content-Length: 9000000000\r\n\r\n\(many)"), many.prefix(1000)),
            (.rawAndClose("\(refused)\r\n\(many)"), many.prefix(1000)),
            (.raw("\(refused)Transfer-Encoding: chunked\r\n\r\nffffff\r\n\(many)"), many.prefix(1000)),
            (.raw("\(refused)Content-Length: 1\r\n\r\n"), ""),
        ] as [(Answer, Substring)])
    func `is decided by its head, and its body is cut where it does not end`(answer: Answer, body: Substring)
        async throws
    {
        var options = HTTPClientOptions.quick
        options.bodyLimit = .seconds(1)
        try await withServer(answers: [answer], options: options) { client, server in
            let response = try await client.post()
            #expect(response.status == .badRequest)
            #expect(!response.isWhole)
            #expect(String(decoding: response.body, as: UTF8.self) == body)
            _ = try await client.post()
            #expect(server.requests.map(\.connection) == [0, 1])
        }
    }

    @Test func `to HEAD has no body`() async throws {
        try await withServer(answers: [.raw("\(Self.head)Content-Length: 5\r\n\r\n")]) { client, server in
            let response = try await client.send(.head, "/")
            #expect(response.body.isEmpty)
            _ = try await client.post()
            #expect(server.requests.map(\.connection) == [0, 0])
        }
    }
}
