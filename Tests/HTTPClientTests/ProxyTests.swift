/// The way to a server through a proxy.

import HTTP
import Sockets
import TLS
import TestKit
import Testing

@testable import HTTPClient

@Suite struct `A proxy` {
    private static let host = "api.sendgrid.test"

    /// A server that only the proxy finds, since its name means nothing here.
    private func withTunnel(
        _ manner: ProxyServer.Manner = .tunnel, limit: Duration = .seconds(60), saying userAgent: String? = nil,
        _ body: (HTTPClient, FaultServer, ProxyServer) async throws -> Void
    ) async throws {
        let identity = try ServerIdentity(.leaf(dnsNames: [Self.host]))
        let server = try FaultServer(.tls(identity))
        let proxy = try ProxyServer(manner)
        defer {
            server.stop()
            proxy.stop()
        }
        var options = HTTPClientOptions.quick
        options.connectLimit = limit
        options.userAgent = userAgent
        options.proxy = Proxy(parsing: "http://127.0.0.1:\(proxy.port)")
        let url = "https://\(Self.host):\(server.port)"
        try await withClient(of: url, trusting: .file(path: identity.authorityFile), options: options) { client in
            try await body(client, server, proxy)
        }
    }

    @Test(arguments: [
        ProxyServer.Manner.tunnel, .tunnelSaying("HTTP/1.0 200 OK\r\nVia: x\r\n\r\n"),
        .tunnelSaying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        .tunnelSaying("HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: gzip\r\n\r\n"),
    ])
    func `opens a tunnel, and learns the server's name and port alone`(manner: ProxyServer.Manner) async throws {
        try await withTunnel(manner) { client, server, proxy in
            for _ in 0..<2 { try await expect(.ok, of: client) }
            let target = "\(Self.host):\(server.port)"
            #expect(proxy.heads == ["CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n\r\n"])
            #expect(server.requests.map(\.connection) == [0, 0])
            #expect(server.requests.map { $0["host"] } == [target, target])
            #expect(server.requests.map(\.serverName) == [Self.host, Self.host])
        }
    }

    @Test func `hears who we are`() async throws {
        try await withTunnel(saying: "keyturn/1.2") { client, server, proxy in
            try await expect(.ok, of: client)
            let target = "\(Self.host):\(server.port)"
            #expect(proxy.heads == ["CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\nUser-Agent: keyturn/1.2\r\n\r\n"])
        }
    }

    @Test(arguments: [
        (ProxyServer.Manner.say("HTTP/1.1 407 No\r\nContent-Length: 3\r\n\r\nwho"), "answered 407"),
        (.say("HTTP/1.1 302 Elsewhere\r\nLocation: http://example.com\r\n\r\n"), "answered 302"),
        (.say("HTTP/1.1 200 OK\r\n\r\nmore"), "said more than it was asked"),
        (.say("SSH-2.0-x\r\n"), "answer refused: head(HTTP.HeadRefused.statusLineMalformed)"),
        (.close, "closed"),
    ])
    func `that opens none is no way to the server`(manner: ProxyServer.Manner, reason: String) async throws {
        try await withTunnel(manner) { client, server, _ in
            let expected = HTTPClientFailed(stage: .proxy, reason: reason)
            #expect(!expected.wasWritten)
            await #expect(throws: expected) { _ = try await client.post() }
            #expect(server.connectionCount == 0)
        }
    }

    @Test func `that says nothing is waited for, but not for ever`() async throws {
        try await withTunnel(.say(""), limit: .milliseconds(300)) { client, server, _ in
            await #expect(throws: HTTPClientFailed(stage: .proxy, reason: "timed out")) { _ = try await client.post() }
            #expect(server.connectionCount == 0)
        }
    }

    @Test func `is not asked for what is in the clear and stays on this machine`() async throws {
        let server = try FaultServer(.none)
        let proxy = try ProxyServer()
        defer {
            server.stop()
            proxy.stop()
        }
        var options = HTTPClientOptions.quick
        options.proxy = Proxy(parsing: "http://127.0.0.1:\(proxy.port)")
        try await withClient(of: "http://127.0.0.1:\(server.port)", trusting: .system, options: options) { client in
            try await expect(.ok, of: client)
        }
        #expect(proxy.heads.isEmpty)
    }

    @Test(
        arguments: [
            ("http://proxy.example.com:3128", "proxy.example.com", 3128), ("http://PROXY", "proxy", 80),
            ("http://10.0.0.1:8080/", "10.0.0.1", 8080), ("http://[::1]:8080", "::1", 8080),
        ] as [(String, String, UInt16)])
    func `is named as a URL`(url: String, host: String, port: UInt16) {
        #expect(Proxy(parsing: url)?.host == host)
        #expect(Proxy(parsing: url)?.port == port)
    }

    @Test(arguments: [
        "", "proxy:3128", "https://proxy:3128", "socks5://proxy", "http://", "http://user:secret@proxy:1",
        "http://proxy/x",
        "http://proxy:0", "http://proxy:65536", "http://pro xy", "http://proxy?x", "http://127.1",
    ])
    func `is nothing else`(url: String) { #expect(Proxy(parsing: url) == nil) }
}
