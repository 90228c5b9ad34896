import HTTP
import Keyturn

/// Takes SendGrid's reports. Who may say so is told by the signature over the body as it came, so the body is not read here.
struct SendGridEvents: Receiver {
    static let path: StaticString = "/sendgrid/events"
    /// SendGrid posts what gathered in half a minute, or 768 KiB as soon as there are so many.
    static let bodyBytesMax = 1024 * 1024

    private let reports: any MailReports

    init(_ reports: any MailReports) { self.reports = reports }

    /// Without the signature's fields, or with a stale time, a batch is refused before its body is taken in.
    func admit(_ visit: Visit) throws(Problem) {
        let (signature, timestamp) = signed(visit.request)
        if let refusal = reports.refusal(signature: signature, timestamp: timestamp, at: visit.now) {
            throw Problem(refusal)
        }
    }

    func receive(_ visit: Visit) async throws(Problem) -> Response {
        let (signature, timestamp) = signed(visit.request)
        do throws(ReportsRefused) {
            try await reports.receive(visit.request.body, signature: signature, timestamp: timestamp, at: visit.now)
        } catch {
            throw Problem(error)
        }
        return Response(.noContent)
    }

    private func signed(_ request: Request) -> (signature: String?, timestamp: String?) {
        (
            request["X-Twilio-Email-Event-Webhook-Signature"], request["X-Twilio-Email-Event-Webhook-Timestamp"]
        )
    }
}
