import HTTP
import Keyturn
import Synchronization
import TestKit
import Testing

@testable import Web

@Suite struct `The door for SendGrid's events` {
    /// Keeps what was posted, and answers as it is told.
    private final class Recorder: MailReports {
        func refusal(signature: String?, timestamp: String?, at now: Timestamp) -> ReportsRefused? {
            signature == nil ? .signature : timestamp == "1" ? .stale : nil
        }

        struct Posted: Equatable {
            let body: [UInt8]
            let signature: String?
            let timestamp: String?
        }
        let refusal: ReportsRefused?
        private let posted = Mutex<[Posted]>([])
        init(refusing refusal: ReportsRefused? = nil) { self.refusal = refusal }
        var all: [Posted] { posted.withLock { $0 } }
        func receive(
            _ body: [UInt8], signature: String?, timestamp: String?, at now: Timestamp
        ) async throws(ReportsRefused) {
            if let refusal { throw refusal }
            posted.withLock { $0.append(Posted(body: body, signature: signature, timestamp: timestamp)) }
        }
    }

    private let path = "/sendgrid/events"

    @Test func `is not there unless somebody stands behind it`() async throws {
        let desk = try Desk()
        #expect(await desk.post(path, json: "[]").status == .notFound)
        #expect(await desk.get(path).status == .notFound)
    }

    @Test func `hands on the body as it came`() async throws {
        let recorder = Recorder()
        let answer = await (try Desk(reports: recorder)).post(
            path, json: "[ 1]\r\n",
            [
                ("X-Twilio-Email-Event-Webhook-Signature", "c2ln"),
                ("X-Twilio-Email-Event-Webhook-Timestamp", "1600112502"),
            ])
        #expect(answer.status == .noContent)
        #expect(recorder.all == [.init(body: Array("[ 1]\r\n".utf8), signature: "c2ln", timestamp: "1600112502")])
    }

    @Test(arguments: [
        (ReportsRefused.signature, 403, "signature_refused"), (.stale, 403, "signature_refused"),
        (.malformed, 400, "request_invalid"),
        (.storage(StorageFailed(.unavailable, code: "SQLITE_FULL", reason: "full")), 503, "unavailable"),
    ])
    func `says why it takes nothing`(refusal: ReportsRefused, status: Int, code: String) async throws {
        let answer = await (try Desk(reports: Recorder(refusing: refusal))).post(path, json: "[]")
        #expect(answer.status == Status(status))
        #expect(answer.code == code)
    }

    @Test(
        arguments: [
            (nil, "2", 403), ("c2ln", "1", 403), ("c2ln", "2", nil),
        ] as [(String?, String, Int?)])
    func `takes no body in whose head does not vouch for it`(signature: String?, timestamp: String, status: Int?) throws
    {
        let desk = try Desk(reports: Recorder())
        let fields: [(FieldName, String)] = [
            ("Content-Type", "application/json"), ("X-Twilio-Email-Event-Webhook-Timestamp", timestamp),
        ]
        let signed = Desk.field("X-Twilio-Email-Event-Webhook-Signature", signature)
        let early = desk.web.refuseEarly(Request(.post, path, fields: fields + signed))
        #expect(early?.status == status.map { Status($0) })
        #expect(early?.code == status.map { _ in "signature_refused" })
    }

    @Test func `answers POST alone, and only JSON`() async throws {
        let desk = try Desk(reports: Recorder())
        let get = await desk.get(path)
        #expect(get.status == .methodNotAllowed)
        #expect(get["Allow"] == "POST, OPTIONS")
        #expect(await desk.web.respond(to: Request(.options, path))["Allow"] == "POST, OPTIONS")
        let early = desk.web.refuseEarly(Request(.post, path, fields: [("Content-Type", "text/plain")]))
        #expect(early?.status == .unsupportedMediaType)
    }
}
