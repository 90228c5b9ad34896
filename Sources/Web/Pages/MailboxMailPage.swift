import Keyturn
import Wording

/// One of the demo's mails as text, line by line; a line that is a link can be followed.
struct MailboxMailPage: Page {
    let template = "mail"
    let title = "mailboxTitle"
    private let mail: DemoMail
    private let publicURL: String

    init(_ mail: DemoMail, publicURL: String) {
        self.mail = mail
        self.publicURL = publicURL
    }

    var parameters: [(name: String, value: String)] { [("id", mail.id)] }

    func model(in words: Words) -> [String: Any] {
        [
            "id": mail.id, "subject": mail.subject, "to": mail.to, "at": RFC3339.format(mail.at),
            "shown": RFC3339.formatForPeople(mail.at),
            "lines": lines,
        ]
    }

    private var lines: [[String: Any]] {
        mail.text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            let text = String(decoding: line.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
            return ["text": text, "isLink": text.utf8.starts(with: "\(publicURL)/".utf8)]
        }
    }
}
