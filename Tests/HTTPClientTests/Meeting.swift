/// What the tests of the client have in common: a server that does what it is told, and a client of it.

import HTTP
import HTTPClient
import Sockets
import TLS
import TestKit
import Testing

/// Runs `body` with a client of a new server, over TLS; both end with it.
func withServer(
    welcomes: [Welcome] = [], answers: [Answer] = [], otherwise: Answer = .respond(200), isSecure: Bool = true,
    options: HTTPClientOptions = .quick, _ body: (HTTPClient, FaultServer) async throws -> Void
) async throws {
    let identity = try ServerIdentity()
    let server = try FaultServer(
        isSecure ? .tls(identity) : .none, welcomes: welcomes, answers: answers, otherwise: otherwise)
    defer { server.stop() }
    let url = "\(isSecure ? "https" : "http")://localhost:\(server.port)/base"
    try await withClient(of: url, trusting: .file(path: identity.authorityFile), options: options) { client in
        try await body(client, server)
    }
}

func withClient(
    of url: String, trusting trust: Trust, options: HTTPClientOptions = .quick,
    lookUp: @escaping HTTPClient.LookUp = Resolver.addresses, _ body: (HTTPClient) async throws -> Void
) async throws {
    let loops = try EventLoops(count: 1)
    let origin = try #require(Origin(parsing: url))
    let client = HTTPClient(to: origin, trust: trust, loops: loops, options: options, lookUp: lookUp)
    do {
        try await body(client)
        await client.shutDown()
        await loops.shutDown()
    } catch {
        await client.shutDown()
        await loops.shutDown()
        throw error
    }
}

extension HTTPClientOptions {
    /// Never reached, however busy the machine is.
    static let quick = limits(total: .seconds(60))

    static func limits(total: Duration, connections: Int = 8, idle: Duration = .seconds(30)) -> HTTPClientOptions {
        var options = HTTPClientOptions()
        options.totalLimit = total
        // A busy machine may take its time for a handshake: only the whole is limited.
        options.connectLimit = total
        options.handshakeLimit = total
        options.connectionsMax = connections
        options.idleLimit = idle
        options.responseBytesMax = 1000
        return options
    }
}

extension HTTPClient {
    /// Posts `hello`.
    func post(_ path: String = "/path") async throws -> ClientResponse {
        try await send(.post, path, fields: [("Authorization", "Bearer key")], body: Array("hello".utf8))
    }
}

/// Waits for what comes within moments, and before a ``FaultServer`` ends a connection by itself.
func eventually(_ holds: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(15)
    while !holds(), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(2)) }
    #expect(holds())
}

/// A post is answered with `status`.
func expect(_ status: Status, of client: HTTPClient, at location: SourceLocation = #_sourceLocation) async throws {
    let response = try await client.post()
    #expect(response.status == status, sourceLocation: location)
}
