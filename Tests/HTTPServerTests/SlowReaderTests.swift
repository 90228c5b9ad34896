/// Clients that ask for more than they take: what they cost the kernel, and what is left of them.
import Glibc
import HTTPServer
import Testing

@testable import Sockets

private func get(_ path: String, _ fields: String = "") -> String { "GET \(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n" }

@Suite struct `A client that reads nothing` {
    private static let requests = String(repeating: get("/large"), count: 400)

    /// Pipelined requests; and more of them than anything reads, for as long as the kernel takes them.
    @Test(arguments: [1, 200]) func `costs the kernel at most 128 KiB`(times: Int) async throws {
        try await withServer { server in
            guard case .ip(_, let port) = server.address else { return #expect(Bool(false)) }
            let clients = try (0..<10).map { _ in try DeafClient(port: port) }
            for client in clients { for _ in 0..<times { client.sendWhatFits(Self.requests) } }
            #expect(try await server.counts("http_connections_open 10"))
            try await Task.sleep(for: .milliseconds(300))
            let bytes = kernelBytes(ofConnectionsAt: port)
            #expect(bytes.count == 10)
            for bytes in bytes { #expect(bytes <= 128 * 1024) }
            for client in clients { client.close() }
        }
    }

    @Test func `costs the kernel no more over a Unix socket`() async throws {
        let path = "/tmp/http-server-slow-\(getpid())"
        defer { unlink(path) }
        try await withServer(on: .unix(path: path)) { server in
            let stream = try await server.connect()
            try await stream.write(Array(Self.requests.utf8), until: soon)
            #expect(try await server.counts("http_connections_open 1"))
            try await Task.sleep(for: .milliseconds(300))
            let bytes = kernelBytes { $0 == .unix(path: path) }
            #expect(bytes.count == 1)
            for bytes in bytes { #expect(bytes <= 128 * 1024) }
            stream.close()
        }
    }

    enum Asking: CaseIterable {
        case forMoreThanTheKernelTakes, forWhatTheKernelTakes, toCloseBehindIt, havingFinished

        var sent: String {
            switch self {
            case .forMoreThanTheKernelTakes: requests
            case .forWhatTheKernelTakes, .havingFinished: get("/medium")
            case .toCloseBehindIt: get("/medium", "Connection: close\r\n")
            }
        }
    }

    @Test(arguments: Asking.allCases)
    func `keeps its place until its time is over, and leaves nothing to the kernel`(asking: Asking) async throws {
        let change: (inout HTTPServerOptions) -> Void = {
            ($0.limits.writeDeadline, $0.limits.idle) = (.milliseconds(700), .milliseconds(700))
        }
        try await withServer(change) { server in
            guard case .ip(_, let port) = server.address else { return #expect(Bool(false)) }
            let clients = try (0..<5).map { _ in try DeafClient(port: port, receiveBytes: 2048) }
            for client in clients {
                client.sendWhatFits(asking.sent)
                if asking == .havingFinished { client.finish() }
            }
            #expect(try await server.counts(#"http_connections_closed_total{cause="slow"} 5"#))
            #expect(try await server.counts("http_connections_open 0"))
            #expect(orphans(at: port) == 0)
            for client in clients { client.close() }
        }
    }

    @Test func `is closed before its time where what waits for it and others is too much`() async throws {
        try await withServer({ ($0.limits.unsentBytes, $0.limits.writeDeadline) = (100_000, .seconds(600)) }) {
            server in
            guard case .ip(_, let port) = server.address else { return #expect(Bool(false)) }
            let client = try DeafClient(port: port)
            client.sendWhatFits(Self.requests)
            #expect(try await server.counts(#"http_connections_closed_total{cause="slow"} 1"#))
            client.close()
        }
    }

    @Test func `leaves nothing to the kernel when the server ends, either`() async throws {
        try await withServer({ $0.shutdownGrace = .milliseconds(50) }) { server in
            guard case .ip(_, let port) = server.address else { return #expect(Bool(false)) }
            let client = try DeafClient(port: port, receiveBytes: 2048)
            client.sendWhatFits(Self.requests)
            #expect(try await server.counts("http_connections_open 1"))
            try await Task.sleep(for: .milliseconds(100))
            server.server.shutDown()
            await server.running.value
            #expect(try await server.counts(#"http_connections_closed_total{cause="stopped"} 1"#))
            #expect(orphans(at: port) == 0)
            client.close()
        }
    }
}

@Suite struct `A closed connection` {
    private static let half = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel"

    enum Course: String, CaseIterable {
        case client, answered, incomplete, lingering, idle, broken

        var sent: String {
            switch self {
            case .client: get("/a")
            case .answered: get("/a", "Connection: close\r\n")
            case .lingering: "nonsense\r\n\r\n"
            case .incomplete: half
            case .idle: ""
            case .broken: get("/chunks/broken")
            }
        }
        var finishes: Bool { self == .client || self == .incomplete }
        var cause: String { self == .incomplete ? "answered" : rawValue }
    }

    @Test(arguments: Course.allCases) func `is counted by its cause`(course: Course) async throws {
        try await withServer({ if course == .idle { $0.limits.idle = .milliseconds(50) } }) { server in
            let stream = try await server.connect()
            try await stream.write(Array(course.sent.utf8), until: soon)
            if course.finishes { stream.finishWriting() }
            // Reads to the end, and holds its own end open where it does not finish.
            _ = try? await readAll(stream)
            if course == .answered { stream.close() }
            #expect(try await server.counts("http_connections_closed_total{cause=\"\(course.cause)\"} 1"))
            #expect(try await server.counts("http_connections_open 0"))
            stream.close()
        }
    }

    @Test func `is counted as reset where its client resets it`() async throws {
        try await withServer { server in
            let stream = try await server.connect()
            try await stream.write(Array(Self.half.utf8), until: soon)
            #expect(try await server.counts("http_connections_open 1"))
            reset(stream)
            #expect(try await server.counts(#"http_connections_closed_total{cause="reset"} 1"#))
        }
    }
}

/// A socket that sends and never receives.
private struct DeafClient {
    let descriptor: Int32

    /// - Parameter receiveBytes: what its kernel takes for it.
    init(port: UInt16, receiveBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var receiveBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
    }

    func sendWhatFits(_ text: String) {
        _ = Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }

    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }
    func close() { _ = Glibc.close(descriptor) }
}

/// What the kernel holds for each accepted connection of this process: queued to be sent, received and not read, and set aside.
private func kernelBytes(ofConnectionsAt port: UInt16) -> [Int] {
    kernelBytes { if case .ip(_, port) = $0 { true } else { false } }
}

private func kernelBytes(where isOurs: (SocketAddress) -> Bool) -> [Int] {
    (Int32(0)..<4096).compactMap { descriptor in
        guard let address = ownAddress(of: descriptor), isOurs(address), number(SO_ACCEPTCONN, of: descriptor) == 0
        else { return nil }
        // SO_MEMINFO, sk_meminfo: rmem_alloc, rcvbuf, wmem_alloc, sndbuf, fwd_alloc, wmem_queued …
        var numbers = [UInt32](repeating: 0, count: 9)
        var size = socklen_t(numbers.count * MemoryLayout<UInt32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, 55, &numbers, &size) == 0 else { return nil }
        return Int(numbers[0] + numbers[2] + numbers[4] + numbers[5])
    }
}

private func number(_ option: Int32, of descriptor: Int32) -> Int32 {
    var (value, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
    return getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : -1
}

private func ownAddress(of descriptor: Int32) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard result == 0 else { return nil }
    return withUnsafeBytes(of: &storage) { SocketAddress($0, length: Int(length)) }
}

/// Connections that the kernel still has at this port and no program: proc_net_tcp, state in hexadecimal (10 listens, 6 waits) and the
/// number of the file, which is 0 where no program holds it.
private func orphans(at port: UInt16) -> Int {
    var text: [UInt8] = []
    let descriptor = open("/proc/net/tcp", O_RDONLY)
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &piece, piece.count)
        guard count > 0 else { break }
        text += piece[..<count]
    }
    close(descriptor)
    let place = String(port, radix: 16, uppercase: true)
    let local = ":" + String(repeating: "0", count: 4 - place.count) + place
    var count = 0
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count > 9, words[1].hasSuffix(local), words[9] == "0" else { continue }
        if words[3] != "0A", words[3] != "06" { count += 1 }
    }
    return count
}
