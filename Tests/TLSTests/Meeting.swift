/// What the tests of TLS have in common: a loop, and the two ways to a server.

import Sockets
import TLS
import TestKit

/// Runs `body` with a loop of its own.
func withLoop<Result: Sendable>(_ body: @Sendable (EventLoop) async throws -> Result) async throws -> Result {
    let loops = try EventLoops(count: 1)
    do {
        let result = try await body(loops.next())
        await loops.shutDown()
        return result
    } catch {
        await loops.shutDown()
        throw error
    }
}

extension FaultServer {
    /// A verified connection to this server, which is asked for as `host`.
    func connect(
        as host: String, trusting trust: Trust, on loop: EventLoop, within limit: Duration = .seconds(60)
    ) async throws -> TLSStream {
        try await connect(as: host, with: TLSClientContext(trust: trust), on: loop, within: limit)
    }

    func connect(
        as host: String, with context: TLSClientContext, on loop: EventLoop, within limit: Duration = .seconds(60)
    ) async throws -> TLSStream {
        let deadline = Deadline.now + limit
        let address = SocketAddress.ip(bytes: [127, 0, 0, 1], port: port)
        let socket = try await SocketStream.connect(to: address, on: loop, until: deadline)
        return try await TLSStream.connect(over: socket, to: host, with: context, until: deadline)
    }
}

extension TLSStream {
    /// Asks for `/` and reads until the answer holds `end`.
    func ask(until end: String = "\r\n\r\n") async throws -> String {
        let deadline = Deadline.now + .seconds(60)
        try await write(Array("GET / HTTP/1.1\r\nHost: test\r\n\r\n".utf8), until: deadline)
        var answer: [UInt8] = []
        while !String(decoding: answer, as: UTF8.self).contains(end) {
            guard try await read(into: &answer, atMost: 4096, until: deadline) > 0 else { break }
        }
        return String(decoding: answer, as: UTF8.self)
    }
}
