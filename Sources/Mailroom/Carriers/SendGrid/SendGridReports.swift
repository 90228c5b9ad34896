package import Cryptography
package import Keyturn
import Logging
package import Telemetry
import StrictJSON

/// SendGrid's signed Event Webhook: bounces, drops and deferrals of our letters. Everything else it posts is passed over.
package struct SendGridReports: MailReports {
    /// How far the time of signing may be from now, either way: what was overheard cannot be posted again for long.
    package static let freshSpan: Duration = .seconds(600)

    /// Of a signature in Base64; one of P-256 in DER has 72 bytes at most.
    private static let signatureBytesMax = 256

    private let key: P256PublicKey
    private let outbox: any Outbox
    private let counters: [MailReport.Kind: Counter]
    private let log: Log
    private let words = ProviderWords(secrets: [])

    /// - Parameter key: the webhook's, as SendGrid shows it.
    package init(key: P256PublicKey, outbox: any Outbox, metrics: Metrics, log: Log) {
        self.key = key
        self.outbox = outbox
        self.log = log
        counters = Dictionary(
            uniqueKeysWithValues: MailReport.Kind.allCases.map { kind in
                (
                    kind,
                    metrics.counter(
                        "keyturn_mail_reports_total",
                        help: "What the mail provider reported about mail it had accepted.",
                        ("kind", kind.rawValue))
                )
            })
    }

    package func receive(
        _ body: [UInt8], signature: String?, timestamp: String?, at now: Timestamp
    ) async throws(ReportsRefused) {
        let signed = try Self.signed(signature, timestamp, at: now)
        guard key.verifies(signed.signature, of: signed.timestamp + body) else { throw .signature }

        guard let events = (try? JSON(parsing: body))?.arrayValue else { throw .malformed }
        let reports = events.compactMap { report($0) }
        guard !reports.isEmpty else { return }
        let new: [MailReport]
        do throws(StorageFailed) { new = try await outbox.note(reports, at: now) } catch { throw .storage(error) }
        for report in new { tell(report) }
    }

    package func refusal(signature: String?, timestamp: String?, at now: Timestamp) -> ReportsRefused? {
        do throws(ReportsRefused) {
            _ = try Self.signed(signature, timestamp, at: now)
            return nil
        } catch {
            return error
        }
    }

    /// What the head of a request says about who signed its body, and when.
    private static func signed(
        _ signature: String?, _ timestamp: String?, at now: Timestamp
    ) throws(ReportsRefused) -> (signature: [UInt8], timestamp: [UInt8]) {
        guard let timestamp, let signature, signature.utf8.count <= signatureBytesMax,
            let signature = Base64.decode(signature.utf8), !signature.isEmpty, let seconds = seconds(timestamp)
        else { throw .signature }
        let signedAt = Timestamp(milliseconds: seconds * 1000)
        guard signedAt - now <= freshSpan, now - signedAt <= freshSpan else { throw .stale }
        return (signature, Array(timestamp.utf8))
    }

    private func tell(_ report: MailReport) {
        counters[report.kind]?.add()
        log.notice(
            "mail reported",
            metadata: ["row": "\(report.outboxID)", "kind": "\(report.kind.rawValue)", "reason": "\(report.reason)"])
    }

    /// 1*DIGIT, before the year 5000.
    private static func seconds(_ text: String) -> Int64? {
        guard (1...11).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }

    /// nil for other events, for mails of others who use the account, and for what is not in the documented shape.
    private func report(_ event: JSON) -> MailReport? {
        let kind: MailReport.Kind
        switch event["event"]?.stringValue {
        case "bounce": kind = .bounced
        case "dropped": kind = .dropped
        case "deferred": kind = .deferred
        default: return nil
        }
        guard let id = event["sg_event_id"]?.stringValue, Self.isID(id),
            let messageID = event["sg_message_id"]?.stringValue, Self.isID(messageID),
            let row = event["outbox_id"]?.stringValue.flatMap(Self.row),
            let seconds = event["timestamp"]?.integerValue, (0..<100_000_000_000).contains(seconds)
        else { return nil }
        let said = event["reason"]?.stringValue ?? event["response"]?.stringValue ?? ""
        return MailReport(
            id: id, kind: kind, at: Timestamp(milliseconds: seconds * 1000), outboxID: OutboxID(row),
            messageID: messageID,
            reason: words.reason(said))
    }

    private static func isID(_ text: String) -> Bool {
        (1...MailReport.idBytesMax).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func row(_ text: String) -> Int64? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }
}
