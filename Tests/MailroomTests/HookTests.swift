import Cryptography
import HTTPClient
import Keyturn
import Sockets
import StrictJSON
import TLS
import TestKit
import Testing

@testable import Mailroom

/// A receiver behind a real TLS socket: it records what it is posted, and answers as it is told.
@Suite struct `The hook over TLS` {
    private static let secrets = ["whsec_" + Base64.encode(Array(repeating: 7, count: 32)), WebhookSecrets.generate()]

    private func letter(row: Int64 = 42) throws -> Letter {
        Letter(
            to: try #require(Recipient(.ann)), kind: .resetLink, outboxID: OutboxID(row), subject: "Reset",
            text: "Hello\n", html: "<p>Hello</p>")
    }

    /// Brings letters to a receiver that answers so.
    private func carry(
        _ letters: [Letter], patience: Duration = .seconds(60), answering answers: [Answer] = []
    ) async throws -> (verdicts: [Verdict], requests: [RecordedRequest]) {
        let identity = try ServerIdentity(.leaf(dnsNames: ["localhost"]))
        let server = try FaultServer(.tls(identity), answers: answers, otherwise: .respond(204))
        defer { server.stop() }
        let loops = try EventLoops(count: 1)
        var options = HTTPClientOptions()
        (options.firstByteLimit, options.totalLimit) = (patience, patience)
        let client = HTTPClient(
            to: try #require(Origin(parsing: "https://localhost:\(server.port)")),
            trust: .file(path: identity.authorityFile), loops: loops, options: options)
        let hook = Hook(
            client: client, clock: SettableClock().wall,
            options: HookOptions(
                path: "/mail?from=keyturn", secrets: try #require(WebhookSecrets(Self.secrets)),
                from: Sender(email: "noreply@example.com", name: "Example")))
        var verdicts: [Verdict] = []
        for letter in letters { verdicts.append(await hook.carry(letter)) }
        await client.shutDown()
        await loops.shutDown()
        return (verdicts, server.requests)
    }

    private func verdict(_ answer: Answer, patience: Duration = .seconds(60)) async throws -> Verdict {
        try #require(try await carry([try letter()], patience: patience, answering: [answer]).verdicts.first)
    }

    @Test func `posts a mail once, as the contract shapes it, signed with every secret`() async throws {
        let (verdicts, requests) = try await carry(
            [try letter()], answering: [.respond(202, fields: [("X-Message-Id", "m-1")])])
        #expect(verdicts == [.delivered(messageID: "m-1")])
        let request = try #require(requests.first)
        #expect(requests.count == 1)
        #expect(request.method == "POST" && request.target == "/mail?from=keyturn")
        #expect(request["content-type"] == "application/json")
        let json = try JSON(parsing: request.body)
        #expect(
            json.objectValue?.map(\.name) == ["to", "from", "subject", "text", "html", "headers", "kind"])
        #expect(json["to"] == .members(("email", .string("Ann@example.com"))))
        #expect(
            json["from"] == .members(("email", .string("noreply@example.com")), ("name", .string("Example"))))
        #expect(json["subject"] == .string("Reset") && json["text"] == .string("Hello\n"))
        #expect(json["html"] == .string("<p>Hello</p>") && json["kind"] == .string("reset_link"))
        #expect(json["headers"]?["Auto-Submitted"] == .string("auto-generated"))
        #expect(json["headers"]?["X-Auto-Response-Suppress"] == .string("All"))
        #expect(json["headers"]?["X-Entity-Ref-ID"]?.stringValue != nil)

        let (id, timestamp) = (try #require(request["webhook-id"]), try #require(request["webhook-timestamp"]))
        #expect(timestamp == String(Timestamp.noon.seconds))
        let signatures = try #require(request["webhook-signature"]).split(separator: " ")
        let expected = HMACSHA256.authenticate(
            Array("\(id).\(timestamp).".utf8) + request.body, key: Array(repeating: 7, count: 32))
        #expect(signatures.count == 2 && signatures[0] == "v1,\(Base64.encode(expected))")
    }

    @Test func `has the same id at every attempt of a row, and another for the next`() async throws {
        let (_, requests) = try await carry(
            [try letter(), try letter(), try letter(row: 43)], answering: [.respond(503), .respond(204)])
        let ids = requests.compactMap { $0["webhook-id"] }
        #expect(ids.count == 3 && ids[0] == ids[1] && ids[2] != ids[0])
        #expect(!ids.joined().contains("@"))
    }

    @Test(arguments: [200, 201, 204, 299])
    func `is delivered by any success`(status: Int) async throws {
        #expect(try await verdict(.respond(status)) == .delivered(messageID: nil))
    }

    @Test func `fails a mail that the receiver calls wrong, and stops for what is no mail's fault`() async throws {
        for status in [400, 413, 415, 422] {
            #expect(
                try await verdict(.respond(status, body: "no <ann@example.com>")) == .never(reason: "\(status): no"))
        }
        for status in [301, 307, 401, 403, 404, 405] {
            #expect(try await verdict(.respond(status, body: "wrong key")) == .stop(reason: "\(status): wrong key"))
        }
    }

    @Test func `comes again later where the receiver is busy or broken`() async throws {
        for status in [408, 410, 500, 502, 503] {
            #expect(
                try await verdict(.respond(status)) == .later(after: nil, reason: "\(status)", pausesEverybody: false))
        }
        #expect(
            try await verdict(.respond(429, fields: [("Retry-After", "20")], body: "slowly"))
                == .later(after: .seconds(20), reason: "429: slowly", pausesEverybody: true))
    }

    @Test func `may be on its way where no answer came`() async throws {
        for answer in [Answer.rawAndClose(""), .rawAndReset("HTTP/1.1 20"), .raw("SSH-2.0-x\r\n")] {
            guard case .answerLost = try await verdict(answer) else {
                Issue.record("\(answer)")
                continue
            }
        }
        guard case .answerLost(let reason) = try await verdict(.stall, patience: .seconds(2)) else {
            Issue.record("a silent receiver")
            return
        }
        #expect(reason == "waiting: timed out")
    }

    @Test func `repeats no address, no token and no long word of the receiver's`() async throws {
        let said = "mail for ann@example.com with token=eyJhbGciOi.x.y and \(String(repeating: "x", count: 80)) refused"
        #expect(
            try await verdict(.respond(422, body: said))
                == .never(reason: "422: mail for (address) with (removed) and (removed) refused"))
    }
}
