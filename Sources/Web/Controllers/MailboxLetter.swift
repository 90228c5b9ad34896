import HTTP
import Keyturn

/// The HTML of one of the demo's mails, as a mail program shows it. Letters carry their styles in themselves, which our pages' policy
/// forbids, so the answer has a policy of its own.
struct MailboxLetter: GetController {
    private let mails: @Sendable () async -> [DemoMail]
    private let site: Site

    init(_ mails: @escaping @Sendable () async -> [DemoMail], _ site: Site) {
        self.mails = mails
        self.site = site
    }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        let mail = try MailboxMail.mail(visit.request, among: await mails())
        let html = Array(mail.html.utf8)
        var response = Response(.ok, contentType: "text/html; charset=utf-8", body: html)
        response.replacesCommonFields = true
        let policy = SecurityHeaders.contentSecurityPolicy(styles: Self.styles(in: html))
        for (name, value) in SecurityHeaders.fields(publicURL: site.publicURL, policy: policy) {
            response.add(name, value)
        }
        return response
    }

    /// How many different ones are allowed: the field's length has an end.
    private static let stylesMax = 64

    /// What stands in its style elements and in its style attributes, each once.
    static func styles(in html: [UInt8]) -> [[UInt8]] {
        var styles: [[UInt8]] = []
        for (opening, closing) in [("<style>", "</style>"), (" style=\"", "\"")] {
            var rest = html[...]
            while let begin = rest.firstRange(of: opening.utf8)?.upperBound,
                let end = rest[begin...].firstRange(of: closing.utf8), styles.count < stylesMax
            {
                let style = Array(rest[begin..<end.lowerBound])
                if !styles.contains(style) { styles.append(style) }
                rest = rest[end.upperBound...]
            }
        }
        return styles
    }
}
