/// How a server ends.
import Glibc
import HTTPServer
import Sockets
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
        try await withServer { server in
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
