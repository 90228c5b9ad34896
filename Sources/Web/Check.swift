package import Keyturn

extension Web {
    /// What `/readyz` asks: a name (`database`, `mail`) and nil when well, else words for the operator's log.
    package struct Check: Sendable {
        package let name: String
        package let problem: @Sendable () async -> String?
        package init(_ name: String, _ problem: @escaping @Sendable () async -> String?) {
            self.name = name
            self.problem = problem
        }
    }

    /// A mail the demo kept instead of sending it.
    package struct CapturedMail: Sendable {
        package let id: String
        package let to: String
        package let subject: String
        package let text: String
        package let html: String
        package let at: Timestamp
        package init(id: String, to: String, subject: String, text: String, html: String, at: Timestamp) {
            self.id = id
            self.to = to
            self.subject = subject
            self.text = text
            self.html = html
            self.at = at
        }
    }
}
