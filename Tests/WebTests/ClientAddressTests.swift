import HTTP
import Keyturn
import TestKit
import Testing

@testable import Web

@Suite struct `The client's address` {
    static let proxies = ["10.0.0.0/8", "2001:db8:ffff::/48"]

    private func address(_ fields: [(FieldName, String)], peer: String = "10.0.0.1", trusting: [String] = Self.proxies)
        throws -> String
    {
        let request = Request(.post, "/login", fields: fields, peer: try #require(IPAddress(parsing: peer)))
        return ClientAddress(of: request, trusting: try trusting.map { try #require(CIDR(parsing: $0)) }).address
            .description
    }

    @Test func `is the peer's where no proxy is trusted, whatever a field says`() throws {
        #expect(try address([("X-Forwarded-For", "192.0.2.1")], trusting: []) == "10.0.0.1")
        #expect(try address([("X-Forwarded-For", "192.0.2.1")], peer: "203.0.113.9") == "203.0.113.9")
        #expect(try address([]) == "10.0.0.1")
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("198.51.100.1, 192.0.2.1", "192.0.2.1"),
        ("198.51.100.1, 192.0.2.1, 10.1.1.1", "192.0.2.1"),
        ("10.2.2.2, 10.1.1.1", "10.2.2.2"), ("192.0.2.1:4711", "192.0.2.1"), ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"), ("192.0.2.1, unknown", "10.0.0.1"),
        ("192.0.2.1, unknown, 10.1.1.1", "10.1.1.1"), ("", "10.0.0.1"),
        ("192.0.2.1,", "10.0.0.1"), ("192.0.2.1:999999", "10.0.0.1"), ("[2001:db8::1", "10.0.0.1"),
        ("192.0.2.01", "10.0.0.1"), (":", "10.0.0.1"),
        ("\"192.0.2.1", "10.0.0.1"), ("\"a, 192.0.2.1", "192.0.2.1"), ("\"198.51.100.1\", 192.0.2.1", "192.0.2.1"),
        (" \t192.0.2.1\t ", "192.0.2.1"), ("1;drop table", "10.0.0.1"),
    ])
    func `is read from X-Forwarded-For, from right to left`(chain: String, client: String) throws {
        #expect(try address([("X-Forwarded-For", chain)]) == client)
    }

    @Test func `is read over all lines of the field, and over a bounded number of hops`() throws {
        #expect(try address([("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "10.1.1.1")]) == "192.0.2.1")
        let chain = (["192.0.2.1"] + (1...32).map { "10.0.1.\($0)" }).joined(separator: ", ")
        #expect(try address([("X-Forwarded-For", chain)]) == "10.0.1.1")
    }

    @Test(arguments: [
        ("for=192.0.2.1", "192.0.2.1"), ("For=192.0.2.1;proto=https;by=10.0.0.1", "192.0.2.1"),
        (#"for="[2001:db8::1]:4711""#, "2001:db8::1"),
        ("for=198.51.100.1, for=192.0.2.1, for=10.1.1.1", "192.0.2.1"), ("for=192.0.2.1, for=_hidden", "10.0.0.1"),
        ("proto=https", "10.0.0.1"),
        ("for=192.0.2.1;for=192.0.2.2", "10.0.0.1"), (#"for="192.0.2.1, for=192.0.2.2"#, "10.0.0.1"),
        (#"for="1,2", for=192.0.2.1"#, "192.0.2.1"),
        ("for=", "10.0.0.1"), ("for", "10.0.0.1"),
    ])
    func `is read from Forwarded`(chain: String, client: String) throws {
        #expect(try address([("Forwarded", chain)]) == client)
    }

    @Test func `is the proxy's where the two fields disagree`() throws {
        #expect(try address([("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1")]) == "192.0.2.1")
        #expect(try address([("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=198.51.100.1")]) == "10.0.0.1")
    }

    @Test func `counts by itself, and by its first 64 bits in IPv6`() throws {
        let four = Request(.get, "/", peer: try #require(IPAddress(parsing: "192.0.2.1")))
        let six = Request(.get, "/", peer: try #require(IPAddress(parsing: "2001:db8:1:2:3:4:5:6")))
        let near = Request(.get, "/", peer: try #require(IPAddress(parsing: "2001:db8:1:2::")))
        let far = Request(.get, "/", peer: try #require(IPAddress(parsing: "2001:db8:1:3:3:4:5:6")))
        #expect(ClientAddress(of: four, trusting: []).counted == Client(address: [192, 0, 2, 1]))
        #expect(ClientAddress(of: six, trusting: []).counted == ClientAddress(of: near, trusting: []).counted)
        #expect(ClientAddress(of: six, trusting: []).counted != ClientAddress(of: far, trusting: []).counted)
    }

    @Test(arguments: [
        ("192.0.2.77", "192.0.2.0"), ("2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8:1234::"),
        ("::ffff:192.0.2.77", "192.0.2.0"),
    ])
    func `stands in the log as its network where that was asked for, else not at all, and never whole`(
        address: String, network: String
    ) async throws {
        for isLogged in [true, false] {
            let desk = try Desk { options in
                options.trustedProxies = [CIDR(parsing: "10.0.0.0/8")].compactMap { $0 }
                options.logsClients = isLogged
            }
            let request = Request(
                .get, "/login", fields: [("X-Forwarded-For", address)],
                peer: try #require(IPAddress(parsing: "10.0.0.1")))
            _ = await desk.web.respond(to: request)
            let line = try #require(desk.logged.all.last)
            #expect(line.contains("route=/login") && !line.contains(address) && !line.contains("10.0.0.1"))
            #expect(line.split(separator: " ").contains("client=\(network)") == isLogged, "\(line)")
            #expect(line.contains("client=") == isLogged)
        }
    }
}
