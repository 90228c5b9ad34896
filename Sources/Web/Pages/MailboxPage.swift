import Keyturn
import Wording

/// The demo's mails, newest first.
struct MailboxPage: Page {
    let template = "mailbox"
    let title = "mailboxTitle"
    private let mails: [DemoMail]

    init(_ mails: [DemoMail]) { self.mails = mails }

    func model(in words: Words) -> [String: Any] {
        [
            "isEmpty": mails.isEmpty,
            "mails": mails.map {
                [
                    "id": $0.id, "subject": $0.subject, "to": $0.to, "at": RFC3339.format($0.at),
                    "shown": RFC3339.formatForPeople($0.at),
                ]
            },
        ]
    }
}
