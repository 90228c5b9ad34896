import HTTP
import Keyturn

/// Takes SendGrid's reports. Who may say so is told by the signature over the body as it came, so the body is not read here.
struct SendGridEvents: Receiver {
    static let path: StaticString = "/sendgrid/events"
    /// SendGrid posts what gathered in half a minute, or 768 KiB as soon as there are so many.
    static let bodyBytesMax = 1024 * 1024

    private let reports: any MailReports

    init(_ reports: any MailReports) { self.reports = reports }

    func receive(_ visit: Visit) async throws(Problem) -> Response {
        let request = visit.request
        do throws(ReportsRefused) {
            try await reports.receive(
                request.body, signature: request["X-Twilio-Email-Event-Webhook-Signature"],
                timestamp: request["X-Twilio-Email-Event-Webhook-Timestamp"], at: visit.now)
        } catch {
            throw Problem(error)
        }
        return Response(.noContent)
    }
}
