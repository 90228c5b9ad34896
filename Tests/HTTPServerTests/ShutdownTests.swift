/// How a server ends.
import Glibc
import HTTPServer
import Sockets
import Synchronization
import Telemetry
import Testing

@Suite struct `A server that is shut down` {
    @Test func `closes idle connections at once and comes back`() async throws {
        try await withServer { server in
            let stream = try await server.connect()
            try await stream.write(Array("GET /a HTTP/1.1\r\nHost: h\r\n\r\n".utf8), until: soon)
            #expect(try await read(stream, until: "/a") == answer("200 OK", "/a"))
            server.server.shutDown()
            #expect(try await readAll(stream) == "")
            await server.running.value
            await #expect(throws: SocketFailed.system(call: "connect", errno: ECONNREFUSED)) {
                try await server.connect()
            }
        }
    }

    @Test func `finishes the answer in progress and says that it is the last`() async throws {
        try await withServer { server in
            let stream = try await server.connect()
            try await stream.write(Array("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n".utf8), until: soon)
            await server.gate.untilEntered()
            server.server.shutDown()
            await server.gate.open()
            let received = try await readAll(stream)
            #expect(received == answer("200 OK", "gate", closes: true))
            await server.running.value
        }
    }

    @Test func `answers what came before it, though nobody has said so yet`() async throws {
        try await withServer { server in
            let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
            // One on each loop.
            let streams = [try await server.connect(), try await server.connect()]
            for stream in streams {
                try await stream.write(Array(get.utf8), until: soon)
                #expect(try await read(stream, until: "/a") == answer("200 OK", "/a"))
            }
            let descriptors = streams.map(\.descriptor)
            server.loops.next().perform {
                for descriptor in descriptors { _ = Glibc.send(descriptor, get, get.utf8.count, Int32(MSG_NOSIGNAL)) }
                server.server.shutDown()
            }
            // The loop that was told first says that it was the last; the other may have answered before.
            let received = [try await readAll(streams[0]), try await readAll(streams[1])]
            #expect(received.contains(answer("200 OK", "/a", closes: true)))
            for said in received { #expect(said.hasPrefix("HTTP/1.1 200 OK\r\n")) }
        }
    }

    @Test func `answers the first request of a connection that it has just taken`() async throws {
        try await withServer({ $0.shutdownGrace = .seconds(60) }) { server in
            let (asking, silent) = (try await server.connect(), try await server.connect())
            #expect(try await server.counts("http_connections_open 2"))
            server.server.shutDown()
            try await asking.write(Array("GET /a HTTP/1.1\r\nHost: h\r\n\r\n".utf8), until: soon)
            #expect(try await readAll(asking) == answer("200 OK", "/a", closes: true))
            #expect(try await readAll(silent) == "")
            await server.running.value
        }
    }

    @Test func `answers those who had sent a whole request and were not accepted yet`() async throws {
        try await withServer { server in
            // Neither loop accepts while they come.
            let busy = Atomic(0)
            let told = Atomic(false)
            for loop in server.loops.all {
                loop.perform {
                    busy.add(1, ordering: .relaxed)
                    while !told.load(ordering: .relaxed) { usleep(1000) }
                }
            }
            while busy.load(ordering: .relaxed) < 2 { try await Task.sleep(for: .milliseconds(1)) }
            let others = try EventLoops(count: 1)
            var waiting: [SocketStream] = []
            for _ in 0..<100 {
                let stream = try await SocketStream.connect(to: server.address, on: others.next(), until: soon)
                try await stream.write(Array("GET /a HTTP/1.1\r\nHost: h\r\n\r\n".utf8), until: soon)
                waiting.append(stream)
            }
            server.server.shutDown()
            told.store(true, ordering: .relaxed)
            for stream in waiting {
                let received = try? await readAll(stream)
                #expect(received == answer("200 OK", "/a", closes: true))
            }
            await server.running.value
            await others.shutDown()
        }
    }

    @Test func `waits a second at most for a client of its layer that sends nothing`() async throws {
        try await withServer({
            $0.shutdownGrace = .seconds(60)
            $0.secure = { _ in Silent() }
        }) { server in
            let streams = [try await server.connect(), try await server.connect()]
            try await streams[1].write([0], until: soon)
            #expect(try await server.counts("http_connections_open 2"))
            let began = ContinuousClock.now
            server.server.shutDown()
            await server.running.value
            #expect(ContinuousClock.now - began < .seconds(5))
            for stream in streams { stream.close() }
        }
    }

    @Test func `hears a client out that sent another request before it knew`() async throws {
        try await withServer { server in
            let get = Array("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
            let stream = try await server.connect()
            try await stream.write(get, until: soon)
            await server.gate.untilEntered()
            // Not read while the first is answered: closing with it unread would reset the connection.
            try await stream.write(get, until: soon)
            server.server.shutDown()
            await server.gate.open()
            #expect(try await readAll(stream) == answer("200 OK", "gate", closes: true))
            stream.close()
        }
    }

    @Test func `waits for nobody longer than its grace`() async throws {
        try await withServer({ $0.shutdownGrace = .milliseconds(40) }) { server in
            let stream = try await server.connect()
            try await stream.write(Array("GET /a HT".utf8), until: soon)
            try await Task.sleep(for: .milliseconds(20))
            server.server.shutDown()
            await server.running.value
            #expect(try await readAll(stream) == "")
        }
    }

    @Test func `writes an answer to its end`() async throws {
        try await withServer({ ($0.limits.writeDeadline, $0.shutdownGrace) = (.seconds(60), .seconds(60)) }) { server in
            let stream = try await server.connect()
            try await stream.write(Array("GET /huge HTTP/1.1\r\nHost: h\r\n\r\n".utf8), until: soon)
            var bytes: [UInt8] = []
            // The answer is under way, and far more than the kernel holds.
            #expect(try await stream.read(into: &bytes, atMost: 1000, until: soon) > 0)
            server.server.shutDown()
            while try await stream.read(into: &bytes, atMost: 65_536, until: soon) > 0 {}
            await server.running.value
            #expect(bytes.count > 20_000_000)
        }
    }
}

/// Never comes to an end of its handshake.
private final class Silent: SocketLayer {
    func shakeHands() -> SocketProgress { .blocked }
    func receive(into space: UnsafeMutableRawBufferPointer) -> SocketProgress { .blocked }
    func send(_ bytes: UnsafeRawBufferPointer) -> SocketProgress { .blocked }
    func finishSending() {}
}

@Suite struct `A server that epoll refuses to hear for` {
    private let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

    /// A listener whose descriptor holds a device in the place of its socket: epoll refuses that. `body` is given what puts the socket back.
    private func withDeafListener(
        _ change: (inout HTTPServerOptions) -> Void,
        _ body: (HTTPServer, Metrics, SocketAddress, EventLoops, _ mend: () -> Void) async throws -> Void
    ) async throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(listen(descriptor, 10) == 0)
        let listener = try Listener(adopting: descriptor)
        guard case .ip(_, let port) = listener.address else { return #expect(Bool(false)) }
        let kept = dup(descriptor)
        let device = open("/dev/null", O_RDONLY)
        dup2(device, descriptor)
        close(device)
        defer { close(kept) }
        var options = HTTPServerOptions()
        change(&options)
        let (loops, metrics) = (try EventLoops(count: 2), Metrics())
        let server = HTTPServer(
            Answers(gate: Gate()), on: [listener], loops: loops, options: options, metrics: metrics)
        do {
            try await body(server, metrics, .ip(bytes: [127, 0, 0, 1], port: port), loops) { dup2(kept, descriptor) }
        } catch {
            server.shutDown()
            await loops.shutDown()
            throw error
        }
        await loops.shutDown()
    }

    @Test func `hears again as soon as it may`() async throws {
        try await withDeafListener({ $0.deafnessMax = .seconds(60) }) { server, metrics, address, loops, mend in
            let running = Task { try await server.run() }
            for _ in 0..<2000 where !metrics.text().contains("http_accept_failures_total 2") {
                try await Task.sleep(for: .milliseconds(5))
            }
            mend()
            let stream = try await SocketStream.connect(to: address, on: loops.next(), until: soon)
            try await stream.write(Array(get.utf8), until: soon)
            var bytes: [UInt8] = []
            #expect(try await stream.read(into: &bytes, atMost: 4096, until: soon) > 0)
            #expect(withoutDates(bytes).hasSuffix("\r\n\r\n/a"))
            stream.close()
            server.shutDown()
            try await running.value
        }
    }

    @Test func `ends with the reason if it never may`() async throws {
        try await withDeafListener({ $0.deafnessMax = .milliseconds(150) }) { server, _, _, _, _ in
            await #expect(throws: SocketFailed.system(call: "epoll_ctl", errno: EPERM)) { try await server.run() }
        }
    }
}
