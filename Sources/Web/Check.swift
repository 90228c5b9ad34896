package import Keyturn

extension Web {
    /// What `/readyz` reports: a name (`database`, `mail`) and nil when well, else words for the operator's log. Read from memory for each
    /// request: whatever finds it out runs by itself, and no client can make it run.
    package struct Check: Sendable {
        package let name: String
        package let problem: @Sendable () -> String?
        package init(_ name: String, _ problem: @escaping @Sendable () -> String?) {
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
