/// Many clients of the worst kind beside one good one.
import HTTPServer
import Sockets
import Testing

private let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

@Suite struct `A good client is answered` {
    @Test func `beside many whose heads and bodies trickle`() async throws {
        try await withServer { server in
            let beginnings = [
                "GET /a HTTP/1.1\r\nA: ", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n",
            ]
            var slow: [SocketStream] = []
            for index in 0..<200 {
                let stream = try await server.connect()
                try await stream.write(Array(beginnings[index % 2].utf8), until: soon)
                slow.append(stream)
            }
            let good = try await server.connect()
            for _ in 0..<20 {
                // On a busy machine some have been cut off as too slow.
                for stream in slow { try? await stream.write([0x61], until: soon) }
                try await good.write(Array(get.utf8), until: soon)
                #expect(try await read(good, until: "/a") == answer("200 OK", "/a"))
            }
        }
    }

    @Test func `after a flood past the limit, as soon as the others have left`() async throws {
        try await withServer({ $0.limits.connections = 20 }) { server in
            var flood: [SocketStream] = []
            // None is idle: each has begun a request.
            for _ in 0..<100 {
                flood.append(try await server.connect())
                try? await flood.last?.write(Array(get.utf8.prefix(10)), until: soon)
            }
            #expect(try await server.counts(#"http_refusals_total{reason="connections_full"} 80"#))
            #expect(try await server.counts("http_connections_open 20"))
            for stream in flood { stream.close() }
            #expect(try await server.counts("http_connections_open 0"))
            #expect(try await server.exchange([get]) == answer("200 OK", "/a"))
        }
    }

    @Test func `after a flood of which not even all are told`() async throws {
        try await withServer({ $0.limits.connections = 1 }) { server in
            let good = try await server.connect()
            try await good.write(Array(get.utf8.prefix(10)), until: soon)
            #expect(try await server.counts("http_connections_open 1"))
            var flood: [SocketStream] = []
            for _ in 0..<300 { flood.append(try await server.connect()) }
            for stream in flood {
                let said = try await readAll(stream)
                #expect(said == "" || said.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            }
            try await good.write(Array(get.utf8.dropFirst(10)), until: soon)
            #expect(try await read(good, until: "/a") == answer("200 OK", "/a"))
            for stream in flood { stream.close() }
        }
    }

    @Test func `on a full server, in the place of the connection that has been idle for longest`() async throws {
        try await withServer({ $0.limits.connections = 3 }) { server in
            var streams: [SocketStream] = []
            // The first asks again: the second has been idle for longest.
            for index in [0, 1, 2, 0] {
                if index == streams.count { streams.append(try await server.connect()) }
                try await streams[index].write(Array(get.utf8), until: soon)
                #expect(try await read(streams[index], until: "/a") == answer("200 OK", "/a"))
                // The loop's time has the steps of its rounds.
                try await Task.sleep(for: .milliseconds(5))
            }
            for evicted in [1, 2] {
                let newcomer = try await server.connect()
                try await newcomer.write(Array(get.utf8), until: soon)
                #expect(try await read(newcomer, until: "/a") == answer("200 OK", "/a"))
                #expect(try await readAll(streams[evicted]) == "")
                streams.append(newcomer)
                try await Task.sleep(for: .milliseconds(5))
            }
            try await streams[0].write(Array(get.utf8), until: soon)
            #expect(try await read(streams[0], until: "/a") == answer("200 OK", "/a"))
            #expect(try await server.counts(#"http_connections_closed_total{cause="scarce"} 2"#))
            #expect(try await server.counts("http_connections_open 3"))
            #expect(try await server.counts(#"http_refusals_total{reason="connections_full"} 0"#))
            for stream in streams { stream.close() }
        }
    }

    @Test func `after many who reset their connections in the middle of a request`() async throws {
        try await withServer { server in
            for index in 0..<300 {
                let stream = try await server.connect()
                let cut = 1 + index % (get.utf8.count - 1)
                try await stream.write(Array(get.utf8.prefix(cut)), until: soon)
                reset(stream)
            }
            #expect(try await server.counts("http_connections_total 300"))
            #expect(try await server.counts("http_connections_open 0"))
            #expect(try await server.exchange([get]) == answer("200 OK", "/a"))
        }
    }

    @Test func `and never with what others no longer waited for`() async throws {
        try await withServer { server in
            for _ in 0..<8 {
                let stream = try await server.connect()
                try await stream.write(Array("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n".utf8), until: soon)
                await server.gate.untilEntered()
                reset(stream)
            }
            #expect(try await server.counts("http_connections_total 8"))
            await server.gate.open()
            #expect(try await server.counts("http_connections_open 0"))
            for _ in 0..<8 { #expect(try await server.exchange([get]) == answer("200 OK", "/a")) }
        }
    }

    @Test func `while one that was refused and never stops sending is cut off`() async throws {
        try await withServer { server in
            let stream = try await server.connect()
            try await stream.write(
                Array("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n".utf8), until: soon)
            var megabytes = 0
            let failure = await #expect(throws: SocketFailed.self) {
                while true {
                    try await stream.write([UInt8](repeating: 120, count: 1_000_000), until: soon)
                    megabytes += 1
                }
            }
            #expect(failure != .timedOut)
            // A quarter is heard; the kernel on either side takes some more.
            #expect(megabytes < 20)
            #expect(try await server.counts("http_connections_open 0"))
            #expect(try await server.exchange([get]) == answer("200 OK", "/a"))
        }
    }
}
