/// The server's side, met by our own client.

import Sockets
import TLS
import TestKit
import Testing

@Suite struct `A TLS listener` {
    @Test func `carries a megabyte each way, whole`() async throws {
        let sent = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        try await withLoop { loop in
            let (client, server) = try await Self.meet(on: loop)
            let deadline = Deadline.now + .seconds(10)
            async let echoed: Void = {
                let received = try await Self.readAll(server)
                try await server.write(received, until: deadline)
                server.finishWriting()
            }()
            try await client.write(sent, until: deadline)
            client.finishWriting()
            let received = try await Self.readAll(client)
            try await echoed
            #expect(received == sent)
        }
    }

    @Test func `waits where the other end does not read, no longer than its deadline`() async throws {
        try await withLoop { loop in
            let (client, server) = try await Self.meet(on: loop)
            let flood = [UInt8](repeating: 7, count: 32 * 1024 * 1024)
            await #expect(throws: SocketFailed.timedOut) {
                try await client.write(flood, until: .now + .milliseconds(100))
            }
            server.close()
        }
    }

    @Test(arguments: [false, true])
    func `survives a client that has gone while it writes`(endIsRead: Bool) async throws {
        try await withLoop { loop in
            let (client, server) = try await Self.meet(on: loop)
            client.close()
            if endIsRead { #expect(try await Self.readAll(server) == []) }
            let failed = await #expect(throws: SocketFailed.self) {
                for _ in 0..<100 {
                    try await server.write([UInt8](repeating: 7, count: 100_000), until: .now + .seconds(5))
                }
            }
            // 32 and 104: EPIPE and ECONNRESET, whichever the kernel noticed first.
            #expect([32, 104].contains { failed == .system(call: "send", errno: $0) })
        }
    }

    @Test(arguments: [
        (["http/1.1"], ["http/1.1"], "http/1.1"), (["b", "a"], ["a", "b"], "b"), (["a"], [], ""), ([], ["a"], ""),
    ])
    func `chooses the first of its protocols that the client offers`(
        ours: [String], offered: [String], chosen: String
    ) async throws {
        try await withLoop { loop in
            let (client, server) = try await Self.meet(on: loop, serving: ours, offering: offered)
            #expect(client.applicationProtocol == chosen)
            #expect(server.applicationProtocol == chosen)
        }
    }

    @Test func `refuses a client that speaks none of its protocols`() async throws {
        await #expect(throws: SocketFailed.layer("handshake: tlsv1 alert no application protocol")) {
            try await withLoop { loop in _ = try await Self.meet(on: loop, serving: ["http/1.1"], offering: ["h2"]) }
        }
    }

    @Test func `closed by another task ends a wait`() async throws {
        try await withLoop { loop in
            let (client, server) = try await Self.meet(on: loop)
            let waiting = Task {
                var buffer: [UInt8] = []
                return try await client.read(into: &buffer, atMost: 1, until: .now + .seconds(5))
            }
            try await Task.sleep(for: .milliseconds(20))
            client.close()
            await #expect(throws: SocketFailed.closed) { _ = try await waiting.value }
            server.close()
        }
    }

    @Test func `gives what lies here half read before it waits for more`() async throws {
        try await withLoop { loop in
            let (client, server) = try await Self.meet(on: loop)
            let deadline = Deadline.now + .seconds(5)
            try await server.write(Array("abc".utf8), until: deadline)
            var received: [UInt8] = []
            _ = try await client.read(into: &received, atMost: 1, until: deadline)
            try await client.write([7], until: deadline)
            _ = try await client.read(into: &received, atMost: 2, until: deadline)
            #expect(received == Array("abc".utf8))
            client.close()
            server.close()
        }
    }

    @Test(arguments: [
        (updates: 63, rounds: 3, received: "abcabcabc", failure: nil),
        // 103: ECONNABORTED
        (updates: 2000, rounds: 1, received: "", failure: SocketFailed.system(call: "recv", errno: 103)),
    ])
    func `hears out a client that changes its key now and then, and none that does nothing else`(
        updates: Int, rounds: Int, received: String, failure: SocketFailed?
    ) async throws {
        try await withLoop { loop in
            let (server, sent) = try await Self.meet(on: loop) { port in
                await OpenSSLClient.send("abc", after: updates, rounds: rounds, to: port)
            }
            var bytes: [UInt8] = []
            var failed: SocketFailed?
            do throws(SocketFailed) {
                while try await server.read(into: &bytes, atMost: 100, until: .now + .seconds(10)) > 0 {}
            } catch {
                failed = error
            }
            #expect(String(decoding: bytes, as: UTF8.self) == received)
            #expect(failed == failure)
            server.close()
            let isSent = await sent.value
            if failure == nil { #expect(isSent) }
        }
    }

    @Test func `cuts off a client that changes its key between its bytes, again and again`() async throws {
        try await withLoop { loop in
            let (server, sent) = try await Self.meet(on: loop) { port in
                await OpenSSLClient.send("a", after: 60, rounds: 2000, to: port)
            }
            var bytes: [UInt8] = []
            // 103: ECONNABORTED
            await #expect(throws: SocketFailed.system(call: "recv", errno: 103)) {
                while try await server.read(into: &bytes, atMost: 100, until: .now + .seconds(10)) > 0 {}
            }
            // 256 changes and what had been received with them.
            #expect((4...40).contains(bytes.count))
            server.close()
            _ = await sent.value
        }
    }

    @Test func `never counts the records of data`() async throws {
        try await withLoop { loop in
            let (server, sent) = try await Self.meet(on: loop) { port in
                await OpenSSLClient.send("a", after: 0, rounds: 2000, to: port)
            }
            #expect(try await Self.readAll(server).count == 2000)
            #expect(await sent.value)
            server.close()
        }
    }

    @Test(arguments: [(0x303, "TLSv1.2"), (0x304, "TLSv1.3")])
    func `answers a client that ends without close_notify`(version: Int32, name: String) async throws {
        try await withLoop { loop in
            let (server, heard) = try await Self.meet(on: loop) { port in
                await OpenSSLClient.ask("abc", speaking: version, endingWithoutNotify: true, to: port)
            }
            #expect(server.version == name)
            #expect(try await Self.readAll(server) == Array("abc".utf8))
            try await server.write(Array("answer".utf8), until: .now + .seconds(10))
            server.close()
            let answer = await heard.value
            #expect(answer?.text == "answer")
            #expect(answer?.isEnded == true)
        }
    }

    @Test(arguments: [(0x303, "TLSv1.2"), (0x304, "TLSv1.3")])
    func `gives nobody a session to resume`(version: Int32, name: String) async throws {
        try await withLoop { loop in
            let (server, isGiven) = try await Self.meet(on: loop) { port in
                await OpenSSLClient.isGivenSession(speaking: version, by: port)
            }
            #expect(server.version == name)
            try await server.write(Array("hello".utf8), until: .now + .seconds(10))
            server.close()
            #expect(await isGiven.value == false)
        }
    }

    /// A client that is not ours, at the port that it is given, and our end of its connection.
    private static func meet<Result: Sendable>(
        on loop: EventLoop, _ client: @escaping @Sendable (_ port: UInt16) async -> Result
    ) async throws -> (server: TLSStream, client: Task<Result, Never>) {
        let identity = try ServerIdentity()
        let context = try TLSServerContext(certificateFile: identity.certificateFile, keyFile: identity.keyFile)
        let acceptor = try Acceptor(try Listener(.ip(bytes: [127, 0, 0, 1], port: 0)), on: loop)
        defer { acceptor.close() }
        guard case .ip(_, let port) = acceptor.listener.address else { throw SocketFailed.closed }
        let met = Task { await client(port) }
        let deadline = Deadline.now + .seconds(10)
        let socket = try await acceptor.accept(until: deadline)
        return (try await TLSStream.accept(over: socket, with: context, until: deadline), met)
    }

    /// Both ends of one connection.
    private static func meet(
        on loop: EventLoop, serving: [String] = ["http/1.1"], offering: [String] = ["http/1.1"]
    ) async throws -> (client: TLSStream, server: TLSStream) {
        let identity = try ServerIdentity()
        let serverContext = try TLSServerContext(
            certificateFile: identity.certificateFile, keyFile: identity.keyFile, applicationProtocols: serving)
        let clientContext = try TLSClientContext(
            trust: .file(path: identity.authorityFile), applicationProtocols: offering)
        let listener = try Listener(.ip(bytes: [127, 0, 0, 1], port: 0))
        let acceptor = try Acceptor(listener, on: loop)
        defer { acceptor.close() }
        let deadline = Deadline.now + .seconds(5)
        async let server = {
            let socket = try await acceptor.accept(until: deadline)
            return try await TLSStream.accept(over: socket, with: serverContext, until: deadline)
        }()
        let socket = try await SocketStream.connect(to: listener.address, on: loop, until: deadline)
        let client = try await TLSStream.connect(over: socket, to: "localhost", with: clientContext, until: deadline)
        return (client, try await server)
    }

    private static func readAll(_ stream: TLSStream) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while try await stream.read(into: &bytes, atMost: 65_536, until: .now + .seconds(10)) > 0 {}
        return bytes
    }
}
