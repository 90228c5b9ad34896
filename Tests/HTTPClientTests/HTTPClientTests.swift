/// What the client promises, met over real sockets.

import Glibc
import HTTP
import Sockets
import Synchronization
import TLS
import TestKit
import Testing

@testable import HTTPClient

@Suite struct `A client` {
    @Test(arguments: [true, false]) func `sends what it was given and returns what came`(isSecure: Bool) async throws {
        let answer = Answer.respond(202, fields: [("X-Message-Id", "abc"), ("X-Message-Id", "def")], body: "taken")
        try await withServer(answers: [answer], isSecure: isSecure) { client, server in
            let response = try await client.post("/v3/mail/send?sandbox=1")
            #expect(response.status == .accepted)
            #expect(response["x-message-id"] == "abc")
            #expect(response.fields.map(\.value) == ["abc", "def", "5"])
            #expect(response.body == Array("taken".utf8))
            let request = try #require(server.requests.first)
            #expect(request.method == "POST")
            #expect(request.target == "/base/v3/mail/send?sandbox=1")
            #expect(request.fields.map(\.name) == ["Host", "Authorization", "Content-Length"])
            #expect(request.fields.map(\.value) == ["localhost:\(server.port)", "Bearer key", "5"])
            #expect(request.body == Array("hello".utf8))
        }
    }

    @Test func `keeps its connection`() async throws {
        try await withServer { client, server in
            for _ in 0..<5 { _ = try await client.post() }
            #expect(server.requests.map(\.connection) == [0, 0, 0, 0, 0])
        }
    }

    @Test func `never follows a redirect`() async throws {
        let answer = Answer.respond(307, fields: [("Location", "https://localhost/elsewhere")])
        try await withServer(answers: [answer]) { client, server in
            try await expect(Status(307), of: client)
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: ["/a b", "/a\r\nX: y", "/a#b", "/\u{e9}", "/%zz"])
    func `refuses a path that is none`(path: String) async throws {
        try await withServer { client, server in
            await #expect(throws: HTTPClientFailed(stage: .request, reason: Self.unsendable)) {
                _ = try await client.post(path)
            }
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `refuses a field that would end its line`() async throws {
        try await withServer { client, server in
            await #expect(throws: HTTPClientFailed(stage: .request, reason: Self.unsendable)) {
                _ = try await client.send(.get, "/", fields: [("Authorization", "Bearer key\r\nX: y")])
            }
            #expect(server.requests.isEmpty)
        }
    }

    private static let unsendable = "the path or a field holds what it must not"

    @Test func `uses a connection once that the server will close`() async throws {
        let answer = Answer.respond(200, fields: [("Connection", "close")])
        try await withServer(otherwise: answer) { client, server in
            _ = try await client.post()
            _ = try await client.post()
            #expect(server.requests.map(\.connection) == [0, 1])
        }
    }

    @Test func `does not take for an answer what came before it asked`() async throws {
        let answers: [Answer] = [
            .raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 Unasked\r\nContent-Length: 0\r\n\r\n"),
            .respond(202),
        ]
        try await withServer(answers: answers) { client, server in
            try await expect(.ok, of: client)
            try await expect(.accepted, of: client)
            #expect(server.requests.map(\.connection) == [0, 1])
        }
    }

    @Test(arguments: [true, false])
    func `does not take for an answer what came while the connection was idle`(isSecure: Bool) async throws {
        let first = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        let unasked = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
        let answers: [Answer] = [.twice(first, unasked, afterMilliseconds: 20), .respond(202)]
        try await withServer(answers: answers, isSecure: isSecure) { client, server in
            try await expect(.ok, of: client)
            try await Task.sleep(for: .milliseconds(100))
            try await expect(.accepted, of: client)
            #expect(server.requests.map(\.connection) == [0, 1])
        }
    }

    @Test func `looks at a kept connection before each use, whoever had it the moment before`() async throws {
        let loops = try EventLoops(count: 1)
        for (isQuiet, isKept, isWritten) in [(false, true, false), (true, true, true), (false, false, true)] {
            let stream = StreamInMemory(loops.next(), isQuiet: isQuiet)
            let exchange = Exchange(
                method: .post, request: Array("hello".utf8), options: .quick, deadline: .now + .seconds(60))
            let failed = await #expect(throws: ExchangeFailed.self) {
                _ = try await exchange.run(over: stream, isKept: isKept)
            }
            #expect(stream.written == (isWritten ? "hello" : ""))
            #expect(failed?.maySendAgain == true)
            #expect(failed?.failure.wasWritten == isWritten)
        }
        await loops.shutDown()
    }

    @Test(arguments: [true, false])
    func `does not send again what was read whole and answered with the end of the connection`(isSecure: Bool)
        async throws
    {
        let answers: [Answer] = [.respond(200), .closeLate(afterMilliseconds: 1500), .respond(202)]
        try await withServer(answers: answers, isSecure: isSecure) { client, server in
            _ = try await client.post()
            let failed = await #expect(throws: HTTPClientFailed.self) { _ = try await client.post() }
            #expect(failed == HTTPClientFailed(stage: .waiting, reason: "closed"))
            #expect(failed?.wasWritten == true)
            #expect(server.requests.count == 2)
        }
    }

    @Test(arguments: [true, false])
    func `sends again once where a kept connection ended unanswered`(isSecure: Bool) async throws {
        let answers: [Answer] = [.respond(200), .rawAndClose(""), .respond(202)]
        try await withServer(answers: answers, isSecure: isSecure) { client, server in
            _ = try await client.post()
            try await expect(.accepted, of: client)
            #expect(server.requests.map(\.connection) == [0, 0, 1])
        }
    }

    @Test(arguments: [0, 60]) func `delivers once where the server ended an idle connection`(milliseconds: Int)
        async throws
    {
        try await withServer(answers: [.respondAndClose(200), .respond(202)]) { client, server in
            _ = try await client.post("/first")
            try await Task.sleep(for: .milliseconds(milliseconds))
            #expect(try await client.post("/second").status == .accepted)
            #expect(server.requests.map(\.target) == ["/base/first", "/base/second"])
        }
    }

    @Test func `sends again once only, and over a new connection`() async throws {
        let answers: [Answer] = [.respond(200), .rawAndReset(""), .rawAndReset(""), .respond(202)]
        try await withServer(answers: answers) { client, server in
            _ = try await client.post()
            let failed = await #expect(throws: HTTPClientFailed.self) { _ = try await client.post() }
            #expect(failed?.stage == .waiting)
            #expect(failed?.wasWritten == true)
            #expect(server.requests.map(\.connection) == [0, 0, 1])
        }
    }

    @Test func `does not send again over a connection that never answered before`() async throws {
        try await withServer(answers: [.rawAndClose("")]) { client, server in
            await #expect(throws: HTTPClientFailed(stage: .waiting, reason: "closed")) { _ = try await client.post() }
            #expect(server.requests.count == 1)
        }
    }

    @Test func `does not send again where the answer had begun`() async throws {
        try await withServer(answers: [.respond(200), .rawAndReset("HTTP/1.1 2")]) { client, server in
            _ = try await client.post()
            let failed = await #expect(throws: HTTPClientFailed.self) { _ = try await client.post() }
            #expect(failed?.stage == .receiving)
            #expect(server.requests.count == 2)
        }
    }

    @Test func `does not send again where a kept connection stays silent`() async throws {
        let options = HTTPClientOptions.limits(total: .seconds(4))
        try await withServer(answers: [.respond(200), .stall], options: options) { client, server in
            _ = try await client.post()
            await #expect(throws: HTTPClientFailed(stage: .waiting, reason: "timed out")) {
                _ = try await client.post()
            }
            #expect(server.requests.count == 2)
        }
    }

    @Test(arguments: [false, true]) func `tries the next address of a name`(isFirstSilent: Bool) async throws {
        let server = try FaultServer(.none)
        defer { server.stop() }
        let elsewhere = try DeafListener(isSilent: isFirstSilent)
        defer { elsewhere.stop() }
        var options = HTTPClientOptions.quick
        options.connectLimit = .milliseconds(200)
        let addresses = [elsewhere.port, server.port].map { SocketAddress.ip(bytes: [127, 0, 0, 1], port: $0) }
        let lookUp: HTTPClient.LookUp = { _, _, _ in addresses }
        let began = ContinuousClock.now
        try await withClient(of: "http://localhost", trusting: .system, options: options, lookUp: lookUp) { client in
            try await expect(.ok, of: client)
        }
        // Far from its share of the whole time.
        #expect(ContinuousClock.now - began < .seconds(20))
    }

    @Test func `leaves time for the next address of a name`() async throws {
        let server = try FaultServer(.none)
        defer { server.stop() }
        let silent = try DeafListener(isSilent: true)
        defer { silent.stop() }
        let addresses = [silent.port, server.port].map { SocketAddress.ip(bytes: [127, 0, 0, 1], port: $0) }
        let options = HTTPClientOptions.limits(total: .seconds(4))
        let lookUp: HTTPClient.LookUp = { _, _, _ in addresses }
        try await withClient(of: "http://localhost", trusting: .system, options: options, lookUp: lookUp) { client in
            try await expect(.ok, of: client)
        }
    }

    @Test func `sends nothing in the clear to where a name has moved`() async throws {
        let lookUp: HTTPClient.LookUp = { _, _, _ in [.ip(bytes: [192, 0, 2, 1], port: 80)] }
        try await withClient(of: "http://localhost", trusting: .system, lookUp: lookUp) { client in
            await #expect(throws: HTTPClientFailed(stage: .resolving, reason: "no usable address")) {
                _ = try await client.post()
            }
        }
    }

    @Test func `resumes its sessions`() async throws {
        let answer = Answer.respond(200, fields: [("Connection", "close")])
        try await withServer(otherwise: answer) { client, server in
            _ = try await client.post()
            _ = try await client.post()
            #expect(server.requests.map(\.sessionWasResumed) == [false, true])
        }
    }

    @Test func `says who it is in every request`() async throws {
        var options = HTTPClientOptions.quick
        options.userAgent = "keyturn/1.2"
        try await withServer(options: options) { client, server in
            _ = try await client.post()
            _ = try await client.send(.get, "/")
            #expect(server.requests.map { $0["user-agent"] } == ["keyturn/1.2", "keyturn/1.2"])
            #expect(
                server.requests.first?.fields.map(\.name) == ["Host", "User-Agent", "Authorization", "Content-Length"])
        }
    }

    @Test func `waits no longer than it may for certificates that a file system does not give`() async throws {
        let directory = try TestDirectory()
        let pipe = "\(directory.path)/authority.pem"
        #expect(mkfifo(pipe, 0o600) == 0)
        var options = HTTPClientOptions.quick
        options.handshakeLimit = .milliseconds(300)
        let began = ContinuousClock.now
        try await withClient(of: "https://localhost:1", trusting: .file(path: pipe), options: options) { client in
            let expected = HTTPClientFailed(stage: .handshake, reason: "reading the trusted certificates: timed out")
            for _ in 0..<2 { await #expect(throws: expected) { _ = try await client.post() } }
            let cancelled = Task { try await client.post() }
            cancelled.cancel()
            await #expect(throws: HTTPClientFailed.self) { _ = try await cancelled.value }
        }
        #expect(ContinuousClock.now - began < .seconds(20))
        // Lets the thread go that reads it.
        let writer = open(pipe, O_WRONLY | O_NONBLOCK)
        if writer >= 0 { close(writer) }
    }

    @Test func `trusts those whom the file names when it is read again, and no kept connection beyond`() async throws {
        let identity = try ServerIdentity()
        let server = try FaultServer(.tls(identity))
        defer { server.stop() }
        let directory = try TestDirectory()
        let file = try directory.write(identity.authority, to: "authority.pem")
        try await withClient(of: "https://localhost:\(server.port)", trusting: .file(path: file)) { client in
            try await expect(.ok, of: client)
            _ = try directory.write(try ServerIdentity().authority, to: "authority.pem")
            try await expect(.ok, of: client)
            try await client.readTrustAgain()
            let failed = await #expect(throws: HTTPClientFailed.self) { _ = try await client.post() }
            #expect(failed?.stage == .handshake)
            _ = try directory.write(identity.authority, to: "authority.pem")
            try await client.readTrustAgain()
            try await expect(.ok, of: client)
            // What cannot be read changes nothing.
            _ = try directory.write("no certificate", to: "authority.pem")
            await #expect(throws: HTTPClientFailed.self) { try await client.readTrustAgain() }
            try await expect(.ok, of: client)
            #expect(server.requests.map(\.connection) == [0, 0, 2, 2])
        }
    }

    @Test func `reads a certificate file again that was mended`() async throws {
        let identity = try ServerIdentity()
        let server = try FaultServer(.tls(identity))
        defer { server.stop() }
        let directory = try TestDirectory()
        let file = "\(directory.path)/later.pem"
        try await withClient(of: "https://localhost:\(server.port)", trusting: .file(path: file)) { client in
            let failed = await #expect(throws: HTTPClientFailed.self) { _ = try await client.post() }
            #expect(failed?.stage == .handshake)
            #expect(failed?.reason.contains(file) == true)
            _ = try directory.write(identity.authority, to: "later.pem")
            try await expect(.ok, of: client)
        }
    }
}

/// A connection that takes what is written and ends without an answer.
private final class StreamInMemory: ByteStream {
    let loop: EventLoop
    let isQuiet: Bool
    var hasWord: Bool { false }
    private let bytes = Mutex<[UInt8]>([])

    init(_ loop: EventLoop, isQuiet: Bool) {
        self.loop = loop
        self.isQuiet = isQuiet
    }

    var written: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }

    func read(into buffer: inout [UInt8], atMost limit: Int, until deadline: Deadline?) async throws(SocketFailed)
        -> Int
    { 0 }

    func write(_ bytes: [UInt8], until deadline: Deadline?) async throws(SocketFailed) {
        self.bytes.withLock { $0 += bytes }
    }

    func finishWriting() {}
    func close() {}
}
