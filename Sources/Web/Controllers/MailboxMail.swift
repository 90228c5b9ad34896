import HTTP
import Keyturn

/// One mail of the demo: its text, with our own links to follow.
struct MailboxMail: GetController {
    private let mails: @Sendable () async -> [DemoMail]
    private let pages: Pages

    init(_ mails: @escaping @Sendable () async -> [DemoMail], _ pages: Pages) {
        self.mails = mails
        self.pages = pages
    }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        let mail = try Self.mail(visit.request, among: await mails())
        return pages.response(MailboxMailPage(mail, publicURL: pages.site.publicURL), to: visit)
    }

    /// The one that the query names.
    static func mail(_ request: Request, among mails: [DemoMail]) throws(Problem) -> DemoMail {
        guard let id = try? FormPairs.values(of: "id", inQuery: request.query ?? "").first,
            let mail = mails.first(where: { $0.id.utf8.elementsEqual(id.utf8) })
        else { throw .notFound }
        return mail
    }
}
