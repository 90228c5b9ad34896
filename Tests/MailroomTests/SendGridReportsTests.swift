import Cryptography
import Keyturn
import Logging
import Telemetry
import TestKit
import Testing

@testable import Mailroom

@Suite struct `What SendGrid reports` {
    private let signer: WebhookSigner
    private let store = MemoryStore([.ann])
    private let metrics = Metrics()
    private let reports: SendGridReports

    init() throws {
        signer = try WebhookSigner()
        let key = try #require(Base64.decode(signer.publicKey.utf8).flatMap { P256PublicKey(der: $0) })
        reports = SendGridReports(
            key: key, outbox: store, metrics: metrics, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Signed so many seconds before noon.
    private func post(_ body: String, before seconds: Int64 = 0) async throws {
        let timestamp = String(Timestamp.noon.seconds - seconds)
        try await reports.receive(
            Array(body.utf8), signature: try signer.sign(timestamp, body), timestamp: timestamp, at: .noon)
    }

    private func event(
        _ name: String = "bounce", id: String = "e1", row: String = #""1""#, message: String = "m1.filter-7",
        reason: String = #""reason":"550 5.1.1 <ann@example.com> unknown","#
    ) -> String {
        #"{"email":"ann@example.com","event":"\#(name)","outbox_id":\#(row),\#(reason)"sg_event_id":"\#(id)","#
            + #""sg_message_id":"\#(message)","timestamp":1767268790}"#
    }

    private func kept() async throws -> [MailReport] { try await store.reports(limit: 10).map(\.report) }

    @Test(arguments: [("bounce", MailReport.Kind.bounced), ("dropped", .dropped), ("deferred", .deferred)])
    func `is kept without addresses`(name: String, kind: MailReport.Kind) async throws {
        try await post("[\(event(name))]\r\n")
        let report = MailReport(
            id: "e1", kind: kind, at: Timestamp(seconds: 1_767_268_790), outboxID: OutboxID(1),
            messageID: "m1.filter-7",
            reason: "550 5.1.1 (address) unknown")
        #expect(try await kept() == [report])
    }

    @Test func `of a deferral is the server's answer`() async throws {
        try await post("[\(event("deferred", reason: #""response":"450 try later","#))]")
        #expect(try await kept().map(\.reason) == ["450 try later"])
    }

    @Test func `is kept once, however often it is said`() async throws {
        try await post("[\(event()),\(event())]")
        try await post("[\(event(reason: "")),\(event(id: "e2"))]")
        #expect(try await kept().map(\.id) == ["e2", "e1"])
    }

    @Test func `stands with the letter it is about, and with no other`() async throws {
        let outbox = TestedOutbox(store)
        try await outbox.record(ResetRequest(email: User.ann.email), at: .noon)
        let lease = try #require(try await outbox.lease(atMost: 1, for: .seconds(60), at: .noon).first)
        #expect(try await outbox.settle(lease, of: User.ann.id, as: .delivered(messageID: "m1"), at: .noon))
        try await post("[\(event()),\(event(id: "e2", message: "of-somebody-else")),\(event(id: "e3", row: #""2""#))]")
        let log = try await store.mailLog(of: User.ann.id, limit: 9)
        #expect(log.map(\.outcome) == ["delivered", "bounced"])
        #expect(try await store.reports(limit: 9).map(\.user) == [nil, nil, User.ann.id])
    }

    @Test func `passes over what is none of ours`() async throws {
        let strange = [
            event("delivered"), event("open"), event("click"), event("no such event"), event("processed"), "17", "null",
            "{}",
            event(id: ""), event(id: String(repeating: "x", count: 129)), event(id: "e 1"), event(id: "é"),
            event(row: "1"), event(row: #""""#), event(row: #""-1""#), event(row: #""1e3""#), event(row: "null"),
            event(row: #""9999999999999999999""#), event(message: ""),
            event().replacing("1767268790", with: "-1"), event().replacing("1767268790", with: "1e300"),
            event().replacing("1767268790", with: "\"1767268790\""),
            #"{"event":"bounce","sg_event_id":"e9","sg_message_id":"m9","timestamp":1767268790}"#,
        ]
        try await post("[\(strange.joined(separator: ","))]")
        #expect(try await kept() == [])
        try await post("[\((strange + [event()]).joined(separator: ","))]")
        #expect(try await kept().map(\.id) == ["e1"])
    }

    @Test(arguments: ["", "{}", "[", "[]]", "null", "\u{FEFF}[]"])
    func `is refused where it is no list`(body: String) async throws {
        await #expect(throws: ReportsRefused.malformed) { try await post(body) }
    }

    @Test(arguments: [-600, 600] as [Int64])
    func `is taken ten minutes before and after its time, and not a second more`(seconds: Int64) async throws {
        try await post("[]", before: seconds)
        await #expect(throws: ReportsRefused.stale) { try await post("[]", before: seconds + seconds.signum()) }
    }

    @Test func `is believed only with the signature over what came`() async throws {
        let (body, timestamp) = ("[\(event())]", String(Timestamp.noon.seconds))
        let good = try signer.sign(timestamp, body)
        let other = try WebhookSigner().sign(timestamp, body)
        let cases: [(String, String?, String?)] = [
            (body + "\r\n", good, timestamp), (body, other, timestamp), (body, nil, timestamp), (body, good, nil),
            (body, "", timestamp), (body, good + "\n", timestamp), (body, String(good.dropLast()), timestamp),
            (body, good, String(Timestamp.noon.seconds + 1)), (body, good, "+\(timestamp)"),
            (body, good, " \(timestamp)"),
            (body, good, "999999999999999999999"), (body, good, ""), (body, good, "١٧٦٧٢٦٨٨٠٠"),
        ]
        for (body, signature, timestamp) in cases {
            await #expect(throws: ReportsRefused.signature) {
                try await reports.receive(Array(body.utf8), signature: signature, timestamp: timestamp, at: .noon)
            }
        }
        #expect(try await kept() == [])
    }

    @Test func `is refused by its head alone if the signature is missing or stale`() throws {
        let (noon, signature) = (Timestamp.noon.seconds, try signer.sign("1", "[]"))
        let cases: [(String?, String?, ReportsRefused?)] = [
            (signature, String(noon), nil), (signature, String(noon - 600), nil), (signature, String(noon + 600), nil),
            (signature, String(noon - 601), .stale), (signature, String(noon + 601), .stale),
            (nil, String(noon), .signature), (signature, nil, .signature), ("", String(noon), .signature),
            ("no base64", String(noon), .signature), (String(repeating: "AAAA", count: 65), String(noon), .signature),
            (signature, "soon", .signature),
        ]
        for (signature, timestamp, refusal) in cases {
            #expect(reports.refusal(signature: signature, timestamp: timestamp, at: .noon) == refusal)
        }
    }

    @Test func `is not taken where it cannot be kept`() async throws {
        let failure = StorageFailed(.unavailable, code: "SQLITE_FULL", reason: "database or disk is full")
        store.fail(with: failure)
        await #expect(throws: ReportsRefused.storage(failure)) { try await post("[\(event())]") }
    }
}
