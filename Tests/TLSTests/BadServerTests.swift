/// Every server that must not be talked to, one line each.

import Sockets
import TLS
import TestKit
import Testing

@Suite struct `A server is refused` {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let reason: String
        var host = "localhost"
        /// The server's security, and the file of whom the client trusts.
        let server: @Sendable () throws -> (FaultServer.Security, authorityFile: String)

        init(
            _ description: String, _ reason: String, host: String = "localhost",
            _ server: @escaping @Sendable () throws -> (FaultServer.Security, authorityFile: String)
        ) {
            testDescription = description
            self.reason = reason
            self.host = host
            self.server = server
        }
    }

    /// A leaf by a trusted authority.
    private static func leaf(_ request: CertificateRequest) throws -> (FaultServer.Security, authorityFile: String) {
        let identity = try ServerIdentity(request)
        return (.tls(identity), identity.authorityFile)
    }

    private static func chain(
        _ chain: [Certificate], trusted: Certificate
    ) throws -> (FaultServer.Security, authorityFile: String) {
        let identity = try ServerIdentity(chain: chain, trusted: trusted)
        return (.tls(identity), identity.authorityFile)
    }

    static let cases: [Case] = [
        Case("expired", "certificate: certificate has expired") { try leaf(.loopback.valid(-7200 ... -3600)) },
        Case("not yet valid", "certificate: certificate is not yet valid") { try leaf(.loopback.valid(3600...7200)) },
        Case("another name", "certificate: hostname mismatch") { try leaf(.leaf(dnsNames: ["example.com"])) },
        Case("a name that only begins alike", "certificate: hostname mismatch", host: "api.example.com.evil.test") {
            try leaf(.leaf(dnsNames: ["api.example.com"]))
        },
        Case("a wildcard one label too short", "certificate: hostname mismatch", host: "example.com") {
            try leaf(.leaf(dnsNames: ["*.example.com"]))
        },
        Case("a wildcard over two labels", "certificate: hostname mismatch", host: "a.b.example.com") {
            try leaf(.leaf(dnsNames: ["*.example.com"]))
        },
        Case("a wildcard within a label", "certificate: hostname mismatch", host: "api.example.com") {
            try leaf(.leaf(dnsNames: ["a*.example.com"]))
        },
        Case("another IP address", "certificate: IP address mismatch", host: "127.0.0.1") {
            try leaf(.leaf(dnsNames: ["localhost"], ipAddresses: ["127.0.0.2"]))
        },
        Case("an IP address as a name", "certificate: IP address mismatch", host: "127.0.0.1") {
            try leaf(.leaf(dnsNames: ["127.0.0.1"]))
        },
        Case("a name in the subject only", "certificate: hostname mismatch") {
            var request = CertificateRequest()
            request.commonName = "localhost"
            return try leaf(request)
        },
        Case("signed by itself", "certificate: self-signed certificate") {
            let own = try Certificate.selfSigned(.loopback)
            return try chain([own], trusted: .authority())
        },
        Case("an unknown authority", "certificate: unable to get local issuer certificate") {
            try chain([Certificate.authority(named: "stranger").issue(.loopback)], trusted: .authority())
        },
        Case("an authority of the same name", "certificate: unable to get local issuer certificate") {
            try chain([Certificate.authority().issue(.loopback)], trusted: .authority())
        },
        Case("an unknown authority in the chain", "certificate: self-signed certificate in certificate chain") {
            let stranger = try Certificate.authority(named: "stranger")
            return try chain([stranger.issue(.loopback), stranger], trusted: .authority())
        },
        Case("no intermediate", "certificate: unable to get local issuer certificate") {
            let root = try Certificate.authority()
            let intermediate = try root.issue(.authority(named: "intermediate"))
            return try chain([intermediate.issue(.loopback)], trusted: root)
        },
        Case("a leaf that signs", "certificate: invalid CA certificate") {
            let root = try Certificate.authority()
            let leaf = try root.issue(.leaf(dnsNames: ["example.com"]))
            return try chain([leaf.issue(.loopback), leaf], trusted: root)
        },
        Case("a key of 1024 bits", "certificate: EE certificate key too weak") {
            var request = CertificateRequest.loopback
            request.key = .rsa1024
            return try leaf(request)
        },
        Case("signed with SHA-1", "certificate: CA signature digest algorithm too weak") {
            var request = CertificateRequest.loopback
            request.signsWithSHA1 = true
            return try leaf(request)
        },
        Case("TLS 1.1", "handshake: tlsv1 alert protocol version") {
            let identity = try ServerIdentity()
            return (.outdated(identity), identity.authorityFile)
        },
    ]

    @Test(arguments: cases) func `with the reason`(bad: Case) async throws {
        let (security, authorityFile) = try bad.server()
        let server = try FaultServer(security)
        defer { server.stop() }
        await #expect(throws: SocketFailed.layer(bad.reason)) {
            try await withLoop { loop in
                _ = try await server.connect(as: bad.host, trusting: .file(path: authorityFile), on: loop)
            }
        }
        #expect(server.requests.isEmpty)
    }

    @Test(arguments: [
        (Welcome.plaintext, SocketFailed.layer("handshake: wrong version number")),
        (.close, .layer("handshake: unexpected eof while reading")),
        (.alert(40), .layer("handshake: sslv3 alert handshake failure")),
        (.closeNotify, .layer("handshake: close notify")),
        (.stall, .timedOut),
    ])
    func `that does not speak TLS`(welcome: Welcome, reason: SocketFailed) async throws {
        let identity = try ServerIdentity()
        let server = try FaultServer(.tls(identity), welcomes: [welcome])
        defer { server.stop() }
        await #expect(throws: reason) {
            try await withLoop { loop in
                _ = try await server.connect(
                    as: "localhost", trusting: .file(path: identity.authorityFile), on: loop, within: .seconds(2)
                )
            }
        }
    }

    @Test func `whatever its name, without a name to verify`() async throws {
        let identity = try ServerIdentity()
        let server = try FaultServer(.tls(identity))
        defer { server.stop() }
        for host in ["", "localhost\0.example.com"] {
            await #expect(throws: SocketFailed.layer("no name to verify the certificate against")) {
                try await withLoop { loop in
                    _ = try await server.connect(as: host, trusting: .file(path: identity.authorityFile), on: loop)
                }
            }
        }
    }
}
