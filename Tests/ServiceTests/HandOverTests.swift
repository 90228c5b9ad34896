import Foundation
import Synchronization
import TestKit
import Testing

/// Clients that ask one question a connection, one after the other, until they are told to end.
private final class Crowd: Sendable {
    private struct State {
        var isOver = false
        var answered = 0
        var lost: [String] = []
    }
    private let state = Mutex(State())
    private let port: UInt16

    init(of count: Int, at port: UInt16) {
        self.port = port
        for number in 0..<count { Thread.detachNewThread { [self] in ask(as: number) } }
    }

    var answered: Int { state.withLock { $0.answered } }

    /// Those that were sent and not answered, each with what came instead.
    func end() -> (answered: Int, lost: [String]) {
        state.withLock { state in
            state.isOver = true
            return (state.answered, state.lost)
        }
    }

    private func ask(as number: Int) {
        let body = "email=nobody\(number)@example.com"
        let request =
            "POST /forgot-password HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n"
            + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        while !state.withLock({ $0.isOver }) {
            let answer = exchange(request)
            state.withLock { state in
                if answer.hasPrefix("HTTP/1.1 202 ") { state.answered += 1 } else { state.lost.append(answer) }
            }
        }
    }

    private func exchange(_ request: String) -> String {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(connection) }
        guard withLoopback(port, { connect(connection, $0, $1) }) == 0 else { return "connect: errno \(errno)" }
        let bytes = Array(request.utf8)
        guard send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            return "send: errno \(errno)"
        }
        var (answer, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 4096))
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count < 0 { return "recv: errno \(errno)" }
            if count == 0 { return String(decoding: answer, as: UTF8.self) }
            answer += buffer[..<count]
        }
    }
}

private func withLoopback<Value>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

@Suite struct `A listening socket that outlives the service` {
    /// As systemd's socket unit holds one.
    private func listeningSocket() throws -> (handle: FileHandle, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(withLoopback(0) { bind(descriptor, $0, $1) } == 0)
        try #require(listen(descriptor, 4096) == 0)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        try #require(status == 0)
        return (FileHandle(fileDescriptor: descriptor, closeOnDealloc: true), UInt16(bigEndian: address.sin_port))
    }

    /// The socket comes as descriptor 3, announced as systemd does (sd_listen_fds(3)).
    private func start(on socket: FileHandle, in directory: URL) async throws -> RunningKeyturn {
        try await RunningKeyturn.start(
            [
                "/bin/sh", "-c", #"exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve"#,
                RunningKeyturn.binary.path,
            ],
            environment: RunningKeyturn.environment(in: directory), directory: directory, input: socket)
    }

    @Test func `lets one process follow the other, and no request is lost under load`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let (socket, port) = try listeningSocket()
        var current = try await start(on: socket, in: directory)
        let crowd = Crowd(of: 8, at: port)
        for _ in 0..<3 {
            let before = crowd.answered
            // The new one serves beside the old one; the old one finishes what it has begun.
            let next = try await start(on: socket, in: directory)
            #expect(await current.stop() == 0)
            current = next
            for _ in 0..<200 where crowd.answered < before + 200 { try await Task.sleep(for: .milliseconds(20)) }
            #expect(crowd.answered >= before + 200)
        }
        // And with nobody there for a while, connections wait in the socket's queue.
        #expect(await current.stop() == 0)
        let last = try await start(on: socket, in: directory)
        let before = crowd.answered
        for _ in 0..<200 where crowd.answered < before + 200 { try await Task.sleep(for: .milliseconds(20)) }
        let (answered, lost) = crowd.end()
        #expect(lost == [])
        #expect(answered >= before + 200)
        #expect(await last.stop() == 0)
    }
}
