import HTTP
import Keyturn

/// One mail of the demo: its text, with our own links to follow. Its HTML would need styles that our pages' policy forbids.
struct MailboxMail: GetController {
    private let mails: @Sendable () async -> [Web.CapturedMail]
    private let pages: Pages

    init(_ mails: @escaping @Sendable () async -> [Web.CapturedMail], _ pages: Pages) {
        self.mails = mails
        self.pages = pages
    }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        guard let pairs = try? FormPairs(parsing: (visit.request.query ?? "").utf8),
            let id = pairs.values(of: "id").first,
            let mail = await mails().first(where: { $0.id.utf8.elementsEqual(id.utf8) })
        else { throw .notFound }
        return pages.response(MailboxMailPage(mail, publicURL: pages.site.publicURL), to: visit)
    }
}
