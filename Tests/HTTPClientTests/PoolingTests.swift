/// Many callers at once, idle connections, and the end.

import HTTP
import TestKit
import Sockets
import Testing

@testable import HTTPClient

@Suite struct `Requests at the same time` {
    @Test func `share the connections there may be`() async throws {
        let options = HTTPClientOptions.limits(total: .seconds(60), connections: 3)
        try await withServer(options: options) { client, server in
            try await withThrowingTaskGroup { group in
                for number in 0..<60 { group.addTask { try await client.post("/\(number)").status.code } }
                for try await status in group { #expect(status == 200) }
            }
            #expect(Set(server.requests.map(\.target)).count == 60)
            #expect(server.connectionCount == 3)
        }
    }

    @Test func `wait for a connection no longer than their deadline`() async throws {
        let pool = ConnectionPool(.limits(total: .seconds(60), connections: 1))
        _ = try await pool.take(until: .now)
        await #expect(throws: HTTPClientFailed(stage: .pool, reason: "no connection became free in time")) {
            _ = try await pool.take(until: .now + .milliseconds(20))
        }
        pool.lost()
        _ = try await pool.take(until: .now)
    }

    @Test func `that are cancelled give up, waiting or sent`() async throws {
        let options = HTTPClientOptions.limits(total: .seconds(60), connections: 1)
        try await withServer(answers: [.stall], options: options) { client, server in
            let sent = Task { try await client.post() }
            try await eventually { server.requests.count == 1 }
            let waiting = Task { try await client.post() }
            waiting.cancel()
            await #expect(throws: HTTPClientFailed(stage: .pool, reason: "cancelled")) { _ = try await waiting.value }
            sent.cancel()
            await #expect(throws: HTTPClientFailed(stage: .waiting, reason: "closed")) { _ = try await sent.value }
            try await expect(.ok, of: client)
        }
    }
}

@Suite struct `Kept connections` {
    @Test func `are closed when they were idle for long enough`() async throws {
        let options = HTTPClientOptions.limits(total: .seconds(60), idle: .milliseconds(30))
        try await withServer(options: options) { client, server in
            for _ in 0..<2 {
                _ = try await client.post()
                try await eventually { server.openCount == 0 }
            }
            #expect(server.requests.map(\.connection) == [0, 1])
        }
    }

    @Test func `are closed when the client is shut down, and nothing is sent any more`() async throws {
        try await withServer { client, server in
            _ = try await client.post()
            await client.shutDown()
            try await eventually { server.openCount == 0 }
            await #expect(throws: HTTPClientFailed(stage: .pool, reason: "the client was shut down")) {
                _ = try await client.post()
            }
            #expect(server.requests.count == 1)
        }
    }

    @Test func `in use finish before the client has shut down`() async throws {
        let late = Answer.late("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", afterMilliseconds: 50)
        try await withServer(answers: [late]) { client, server in
            let sent = Task { try await client.post().status }
            try await eventually { server.requests.count == 1 }
            await client.shutDown()
            try await eventually { server.openCount == 0 }
            #expect(try await sent.value == .accepted)
        }
    }
}
