/// What a good connection does, and how it may end.

import Sockets
import TLS
import TestKit
import Testing

@Suite struct `A TLS connection` {
    @Test func `is made with the newest version, and the name is announced`() async throws {
        let identity = try ServerIdentity()
        let server = try FaultServer(.tls(identity), otherwise: .respond(200, body: "hello"))
        defer { server.stop() }
        try await withLoop { loop in
            let stream = try await server.connect(
                as: "localhost", trusting: .file(path: identity.authorityFile), on: loop)
            #expect(stream.version == "TLSv1.3")
            #expect(try await stream.ask(until: "hello").hasSuffix("\r\n\r\nhello"))
            stream.close()
        }
        #expect(server.requests.map(\.serverName) == ["localhost"])
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func `is made to an IP address, which is not announced`(host: String) async throws {
        let identity = try ServerIdentity()
        let server = try FaultServer(.tls(identity))
        defer { server.stop() }
        try await withLoop { loop in
            let stream = try await server.connect(as: host, trusting: .file(path: identity.authorityFile), on: loop)
            _ = try await stream.ask()
            stream.close()
        }
        #expect(server.requests.map(\.serverName) == [nil])
    }

    @Test func `is made through an intermediate and by a wildcard`() async throws {
        let root = try Certificate.authority()
        let intermediate = try root.issue(.authority(named: "intermediate"))
        let leaf = try intermediate.issue(.leaf(dnsNames: ["*.example.com"]))
        let identity = try ServerIdentity(chain: [leaf, intermediate], trusted: root)
        let server = try FaultServer(.tls(identity))
        defer { server.stop() }
        try await withLoop { loop in
            let stream = try await server.connect(
                as: "api.example.com", trusting: .file(path: identity.authorityFile), on: loop)
            #expect(try await stream.ask().hasPrefix("HTTP/1.1 200 "))
            stream.close()
        }
    }

    @Test func `resumes a session of the same name, once each, and of no other name`() async throws {
        let identity = try ServerIdentity(.leaf(dnsNames: ["localhost", "other.example.com"]))
        let server = try FaultServer(.tls(identity))
        defer { server.stop() }
        let resumed = try await withLoop { loop in
            let context = try TLSClientContext(trust: .file(path: identity.authorityFile))
            var resumed: [Bool] = []
            for host in ["localhost", "localhost", "other.example.com", "localhost"] {
                let stream = try await server.connect(as: host, with: context, on: loop)
                _ = try await stream.ask()
                resumed.append(stream.isResumed)
                stream.close()
            }
            // Uses the last session, and reads no other.
            for _ in 0..<2 {
                let stream = try await server.connect(as: "localhost", with: context, on: loop)
                resumed.append(stream.isResumed)
                stream.close()
            }
            return resumed
        }
        #expect(resumed == [false, true, false, true, true, false])
        #expect(server.requests.map(\.sessionWasResumed) == [false, true, false, true])
    }

    @Test func `keeps sessions of thirty-two names, and of no more`() async throws {
        let identity = try ServerIdentity(.leaf(dnsNames: ["*.example.com"]))
        let server = try FaultServer(.tls(identity))
        defer { server.stop() }
        try await withLoop { loop in
            let context = try TLSClientContext(trust: .file(path: identity.authorityFile))
            for number in 0...32 {
                let stream = try await server.connect(as: "\(number).example.com", with: context, on: loop)
                _ = try await stream.ask()
                stream.close()
            }
            for (number, isKept) in [(0, false), (1, true), (32, true)] {
                let stream = try await server.connect(as: "\(number).example.com", with: context, on: loop)
                #expect(stream.isResumed == isKept)
                stream.close()
            }
        }
    }

    @Test(arguments: [(wishes: 30, failure: nil), (2000, SocketFailed.system(call: "recv", errno: 103))])
    func `hears out a server that wishes for another handshake now and then, and none that does nothing else`(
        wishes: Int, failure: SocketFailed?
    ) async throws {
        let identity = try ServerIdentity()
        let server = try FaultServer(.tls12(identity), answers: [.wishForHandshake(times: wishes)])
        defer { server.stop() }
        try await withLoop { loop in
            let stream = try await server.connect(
                as: "localhost", trusting: .file(path: identity.authorityFile), on: loop)
            #expect(stream.version == "TLSv1.2")
            var failed: SocketFailed?
            do {
                #expect(try await stream.ask().hasPrefix("HTTP/1.1 200 "))
            } catch let error as SocketFailed {
                failed = error
            }
            #expect(failed == failure)
            stream.close()
        }
    }

    @Test func `ends after close_notify, and only then`() async throws {
        let identity = try ServerIdentity()
        let server = try FaultServer(.tls(identity), answers: [.rawAndClose("half"), .rawAndTruncate("half")])
        defer { server.stop() }
        try await withLoop { loop in
            let context = try TLSClientContext(trust: .file(path: identity.authorityFile))
            let whole = try await server.connect(as: "localhost", with: context, on: loop)
            #expect(try await whole.ask() == "half")
            let cut = try await server.connect(as: "localhost", with: context, on: loop)
            await #expect(throws: SocketFailed.layer("unexpected eof while reading")) { _ = try await cut.ask() }
        }
    }

    @Test func `that was reset says so, and is not used again`() async throws {
        let identity = try ServerIdentity()
        let server = try FaultServer(.tls(identity), answers: [.rawAndReset("")])
        defer { server.stop() }
        try await withLoop { loop in
            let stream = try await server.connect(
                as: "localhost", trusting: .file(path: identity.authorityFile), on: loop)
            await #expect(throws: SocketFailed.system(call: "recv", errno: 104)) { _ = try await stream.ask() }
            await #expect(throws: SocketFailed.closed) { _ = try await stream.ask() }
        }
    }

    @Test func `that was closed does not touch the socket again`() async throws {
        let identity = try ServerIdentity()
        let server = try FaultServer(.tls(identity))
        defer { server.stop() }
        try await withLoop { loop in
            let stream = try await server.connect(
                as: "localhost", trusting: .file(path: identity.authorityFile), on: loop)
            stream.close()
            stream.close()
            stream.finishWriting()
            await #expect(throws: SocketFailed.closed) { _ = try await stream.ask() }
        }
    }

    @Test func `knows whether something came unasked`() async throws {
        let identity = try ServerIdentity()
        let server = try FaultServer(.tls(identity))
        defer { server.stop() }
        try await withLoop { loop in
            let stream = try await server.connect(
                as: "localhost", trusting: .file(path: identity.authorityFile), on: loop)
            _ = try await stream.ask()
            #expect(stream.isQuiet)
            server.dropConnections()
            let deadline = Deadline.now + .seconds(5)
            while stream.isQuiet, Deadline.now < deadline { try await Task.sleep(for: .milliseconds(1)) }
            #expect(!stream.isQuiet)
        }
    }

    @Test func `waits no longer than its deadline`() async throws {
        let identity = try ServerIdentity()
        let server = try FaultServer(.tls(identity))
        defer { server.stop() }
        try await withLoop { loop in
            let stream = try await server.connect(
                as: "localhost", trusting: .file(path: identity.authorityFile), on: loop)
            var buffer: [UInt8] = []
            await #expect(throws: SocketFailed.timedOut) {
                _ = try await stream.read(into: &buffer, atMost: 1, until: .now + .milliseconds(50))
            }
        }
    }
}
