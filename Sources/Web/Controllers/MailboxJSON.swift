import HTTP
import Keyturn
import StrictJSON

/// The mails that the demo kept, for the tests of an app: an array, newest first, each as a captured file has it.
struct MailboxJSON: GetController {
    private let mails: @Sendable () async -> [DemoMail]

    init(_ mails: @escaping @Sendable () async -> [DemoMail]) { self.mails = mails }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        let list = await mails().map { mail in
            JSON.members(
                ("to", .members(("email", .string(mail.to)))), ("subject", .string(mail.subject)),
                ("text", .string(mail.text)), ("html", .string(mail.html)), ("message_id", .string(mail.id)),
                ("links", .array(mail.links.map { .string($0) })), ("at", .string(RFC3339.format(mail.at))))
        }
        return Response(.ok, contentType: "application/json", body: JSON.array(list).write())
    }
}
