import HTTP
import Keyturn

/// The mails that the demo kept instead of sending them.
struct Mailbox: GetController {
    /// How many of the newest are listed.
    static let listedMax = 50

    private let mails: @Sendable () async -> [DemoMail]
    private let pages: Pages

    init(_ mails: @escaping @Sendable () async -> [DemoMail], _ pages: Pages) {
        self.mails = mails
        self.pages = pages
    }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        pages.response(MailboxPage(Array(await mails().prefix(Self.listedMax))), to: visit)
    }
}
