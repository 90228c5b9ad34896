/// Where a server may listen, and what may lie between it and the socket.
import Glibc
import HTTPServer
import Sockets
import Synchronization
import Testing

private let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
private let now = "GET /now HTTP/1.1\r\nHost: h\r\n\r\n"

/// Turns every byte round: enough of a layer to see that nothing goes past it.
private final class Scrambled: ByteStream {
    private let inner: SocketStream
    init(_ inner: SocketStream) { self.inner = inner }

    var loop: EventLoop { inner.loop }
    var hasWord: Bool { inner.hasWord }
    var isQuiet: Bool { inner.isQuiet }

    func read(into buffer: inout [UInt8], atMost limit: Int, until deadline: Deadline?) async throws(SocketFailed)
        -> Int
    {
        var scrambled: [UInt8] = []
        let count = try await inner.read(into: &scrambled, atMost: limit, until: deadline)
        buffer.append(contentsOf: scrambled.map { ~$0 })
        return count
    }

    func write(_ bytes: [UInt8], until deadline: Deadline?) async throws(SocketFailed) {
        try await inner.write(bytes.map { ~$0 }, until: deadline)
    }

    func finishWriting() { inner.finishWriting() }
    func close() { inner.close() }
}

/// The server's end of ``Scrambled``.
private final class ScrambledLayer: SocketLayer {
    private let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    func shakeHands() -> SocketProgress { .done(0) }

    func receive(into space: UnsafeMutableRawBufferPointer) -> SocketProgress {
        let count = recv(descriptor, space.baseAddress, space.count, 0)
        for index in 0..<max(0, count) { space[index] = ~space[index] }
        return count < 0 ? .blocked : .done(count)
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> SocketProgress {
        let scrambled = bytes.map { ~$0 }
        let count = Glibc.send(descriptor, scrambled, scrambled.count, Int32(MSG_NOSIGNAL))
        return count < 0 ? .blocked : .done(count)
    }

    func finishSending() { _ = Array("bye".utf8).withUnsafeBytes(send) }
}

/// A client that has sent so many requests before any was read.
private final class Torrent: SocketLayer, Sendable {
    private let left: Atomic<Int>
    /// Whose other work waits while we are read.
    let loop = Mutex<EventLoop?>(nil)
    /// How often we were read since that had a turn, now and at the most.
    private let run = Atomic(0)
    let longestRun = Atomic(0)

    init(requests: Int) { left = Atomic(requests) }

    func shakeHands() -> SocketProgress { .done(0) }

    func receive(into space: UnsafeMutableRawBufferPointer) -> SocketProgress {
        if left.wrappingSubtract(1, ordering: .relaxed).newValue < 0 { return .blocked }
        let run = run.wrappingAdd(1, ordering: .relaxed).newValue
        longestRun.max(run, ordering: .relaxed)
        if run == 1 {
            Task(executorPreference: loop.withLock(\.self)) { self.run.store(0, ordering: .relaxed) }
        }
        space.copyBytes(from: now.utf8)
        return .done(now.utf8.count)
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> SocketProgress { .done(bytes.count) }
    func finishSending() {}
}

/// Shakes hands as it is told.
private final class Unwilling: SocketLayer {
    private let refuses: Bool
    init(refuses: Bool) { self.refuses = refuses }

    func shakeHands() throws(SocketFailed) -> SocketProgress {
        if refuses { throw .layer("no") }
        return .blocked
    }

    func receive(into space: UnsafeMutableRawBufferPointer) -> SocketProgress { .blocked }
    func send(_ bytes: UnsafeRawBufferPointer) -> SocketProgress { .blocked }
    func finishSending() {}
}

@Suite struct `A server` {
    @Test func `answers on IPv6`() async throws {
        try await withServer(on: .ip(bytes: [UInt8](repeating: 0, count: 15) + [1], port: 0)) { server in
            let received = try await server.exchange([get])
            #expect(received == answer("200 OK", "/a"))
        }
    }

    @Test func `answers on a Unix socket, where nobody is counted as one client`() async throws {
        let path = "/tmp/http-server-tests-\(getpid())"
        defer { unlink(path) }
        try await withServer(on: .unix(path: path), { $0.limits.connectionsPerClient = 1 }) { server in
            let first = try await server.connect()
            try await first.write(Array(get.utf8), until: soon)
            #expect(try await read(first, until: "/a") == answer("200 OK", "/a"))
            #expect(try await server.exchange([get]) == answer("200 OK", "/a"))
        }
    }

    @Test(arguments: [
        (get, finishes: true, answer("200 OK", "/a")),
        (
            "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", finishes: false,
            answer("200 OK", "/a", closes: true)
        ),
        (
            "GET / HTTP/3.0\r\n", finishes: false,
            answer("505 HTTP Version Not Supported", "version_not_supported", closes: true)
        ),
    ])
    func `speaks through the layer it was given, and says its end`(sent: String, finishes: Bool, said: String)
        async throws
    {
        try await withServer({ $0.secure = { ScrambledLayer($0) } }) { server in
            let stream = Scrambled(try await server.connect())
            try await stream.write(Array(sent.utf8), until: soon)
            if finishes { stream.finishWriting() }
            var bytes: [UInt8] = []
            while try await stream.read(into: &bytes, atMost: 4096, until: soon) > 0 {}
            #expect(withoutDates(bytes) == said + "bye")
        }
    }

    @Test func `lets others have their turn while one client never stops sending`() async throws {
        let torrent = Torrent(requests: 5000)
        let change: (inout HTTPServerOptions) -> Void = {
            $0.limits.requestsPerConnection = .max
            $0.secure = { _ in torrent }
        }
        try await withServer(loops: 1, change) { server in
            torrent.loop.withLock { $0 = server.loops.next() }
            let stream = try await server.connect()
            try await stream.write([0], until: soon)
            // The socket says nothing of it, and yet it is read to its end.
            #expect(try await server.counts("http_requests_total 5000"))
            let longestRun = torrent.longestRun.load(ordering: .relaxed)
            // 16 a turn; a new connection may have three before the others.
            #expect(longestRun <= 48)
            stream.close()
        }
    }

    @Test func `that is full closes where telling would cost a handshake`() async throws {
        let change: (inout HTTPServerOptions) -> Void = {
            $0.limits.connections = 1
            $0.secure = { ScrambledLayer($0) }
        }
        try await withServer(change) { server in
            let first = Scrambled(try await server.connect())
            // It is not idle.
            try await first.write(Array(get.utf8.prefix(10)), until: soon)
            #expect(try await server.exchange([], finishes: false) == "")
            #expect(try await server.counts(#"http_refusals_total{reason="connections_full"} 1"#))
            first.close()
        }
    }

    @Test func `closes where the layer refuses, and answers nothing`() async throws {
        try await withServer({ $0.secure = { _ in Unwilling(refuses: true) } }) { server in
            let stream = try await server.connect()
            try await stream.write([0], until: soon)
            #expect(try await said(to: stream) == "")
            #expect(try await server.counts("http_connections_open 0"))
            #expect(try await server.counts(#"http_connections_closed_total{cause="handshake_failed"} 1"#))
        }
    }

    @Test func `closes where there is no layer, and gives the place back`() async throws {
        let change: (inout HTTPServerOptions) -> Void = {
            $0.limits.connections = 1
            $0.secure = { (_) throws(SocketFailed) in throw .layer("none") }
        }
        try await withServer(change) { server in
            for _ in 0..<3 {
                let stream = try await server.connect()
                try await stream.write([0], until: soon)
                #expect(try await said(to: stream) == "")
                stream.close()
            }
            #expect(try await server.counts(#"http_refusals_total{reason="connections_full"} 0"#))
        }
    }

    @Test func `that is full says nothing past its layer`() async throws {
        let change: (inout HTTPServerOptions) -> Void = {
            $0.limits.connections = 0
            $0.secure = { ScrambledLayer($0) }
        }
        try await withServer(change) { server in
            let received = try await server.exchange([], finishes: false)
            #expect(received == "")
            #expect(try await server.counts(#"http_refusals_total{reason="connections_full"} 1"#))
        }
    }

    @Test func `gives a layer that never comes to an end a head's time`() async throws {
        let change: (inout HTTPServerOptions) -> Void = {
            $0.limits.headDeadline = .seconds(1)
            $0.secure = { _ in Unwilling(refuses: false) }
        }
        try await withServer(change) { server in
            for sent in ["", "x"] {
                let stream = try await server.connect()
                try await stream.write(Array(sent.utf8), until: soon)
                #expect(try await said(to: stream) == "")
            }
            #expect(try await server.counts(#"http_connections_closed_total{cause="idle"} 1"#))
            #expect(try await server.counts(#"http_connections_closed_total{cause="handshake_slow"} 1"#))
        }
    }

    @Test func `makes no layer for a client that sends nothing`() async throws {
        let made = Atomic(0)
        let change: (inout HTTPServerOptions) -> Void = {
            $0.secure = {
                made.add(1, ordering: .relaxed)
                return ScrambledLayer($0)
            }
        }
        try await withServer(change) { server in
            let silent = try await server.connect()
            #expect(try await server.exchange([]) == "")
            let asking = Scrambled(try await server.connect())
            try await asking.write(Array(get.utf8), until: soon)
            var bytes: [UInt8] = []
            #expect(try await asking.read(into: &bytes, atMost: 4096, until: soon) > 0)
            #expect(try await server.counts("http_connections_total 3"))
            let madeAtMost = made.load(ordering: .relaxed)
            #expect(madeAtMost == 1)
            silent.close()
            asking.close()
        }
    }

    @Test func `counts connections, answers and refusals`() async throws {
        try await withServer { server in
            #expect(try await server.exchange([get + get]) == answer("200 OK", "/a") + answer("200 OK", "/a"))
            _ = try await server.exchange(["nonsense\r\n\r\n"], finishes: false)
            let early = "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
            _ = try await server.exchange([early + "\r\n1"])
            _ = try await server.exchange([early + "Expect: 100-continue\r\n\r\n"], finishes: false)
            #expect(try await server.counts("http_connections_open 0"))
            #expect(try await server.counts("http_connections_total 4"))
            #expect(try await server.counts("http_requests_total 4"))
            #expect(try await server.counts(#"http_refusals_total{reason="request_invalid"} 1"#))
        }
    }

    /// Each response is one line, whatever had been decided on before.
    @Test(
        arguments: [
            (["POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1"], [404], "/early"),
            (["POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"], [404], "/early"),
            (["POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n1"], [408], nil),
            ([now + now], [200, 200], "/now"), (["nonsense\r\n\r\n"], [400], nil),
        ] as [([String], [Int], String?)])
    func `tells what was sent, and how long it took`(sent: [String], statuses: [Int], path: String?) async throws {
        try await withServer({ ($0.limits.bodyDeadline, $0.limits.idle) = (.milliseconds(60), .seconds(1)) }) {
            server in
            _ = try await server.exchange(sent, finishes: false)
            let told = server.told.all
            #expect(told.map(\.status) == statuses)
            for response in told {
                #expect(response.path == path)
                #expect(response.duration > (response.status == 408 ? .milliseconds(60) : .zero))
                #expect(response.duration < .seconds(10))
            }
        }
    }

    @Test func `tells that it was full`() async throws {
        try await withServer({ $0.limits.connections = 0 }) { server in
            _ = try await server.exchange([])
            #expect(server.told.all.map(\.status) == [503])
        }
    }

    @Test func `without descriptors turns newcomers away, keeps those who are in, and recovers`() async throws {
        await #expect(processExitsWith: .success) {
            try await withServer { server in
                guard case .ip(_, let port) = server.address else { exit(2) }
                let first = try await server.connect()
                try await first.write(Array(get.utf8), until: soon)
                guard try await read(first, until: "/a") == answer("200 OK", "/a") else { exit(3) }

                // Dispatch opens its timer with the first sleep, and traps where it cannot.
                try await Task.sleep(for: .milliseconds(1))
                let newcomers = (0..<20).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
                var limit = rlimit(rlim_cur: 256, rlim_max: 256)
                guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { exit(4) }
                var fillers: [Int32] = []
                while case let filler = dup(2), filler >= 0 { fillers.append(filler) }
                for newcomer in newcomers { guard saysGoodBye(newcomer, port: port) else { exit(5) } }

                try await first.write(Array(get.utf8), until: soon)
                guard try await read(first, until: "/a") == answer("200 OK", "/a") else { exit(6) }
                guard try await server.counts("http_connections_total 1") else { exit(8) }
                for descriptor in fillers + newcomers { close(descriptor) }
                guard try await server.exchange([get]) == answer("200 OK", "/a") else { exit(7) }
            }
        }
    }
}

/// As ``readAll(_:)``, of a connection that may be reset since what it sent was not read.
private func said(to stream: SocketStream) async throws -> String {
    do { return try await readAll(stream) } catch SocketFailed.system("recv", ECONNRESET) { return "" }
}

/// Connects, and waits ten seconds at most for the end of the connection.
private func saysGoodBye(_ descriptor: Int32, port: UInt16) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard connected == 0 else { return false }
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, 0)
    return count == 0 || count < 0 && errno == ECONNRESET
}
