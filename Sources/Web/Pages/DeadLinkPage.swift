import Wording

/// Says that a link is over, or the password has expired, or that its path was changed on the way, before a password is typed, and offers another on the same page.
struct DeadLinkPage: Page {
    let template = "dead"
    let hasForm = true
    private let shown: Problem

    /// Fills the form in.
    private let email: String

    init(problem: Problem, email: String = "") { (shown, self.email) = (problem, email) }

    var title: Words.Key {
        switch shown.code {
        case "token_expired": "expiredTitle"
        case "token_invalid": "invalidTitle"
        default: Words.titleKey(of: shown)
        }
    }

    func model(in words: Words) -> [String: Any] { ["text": text(in: words), "email": email] }

    private func text(in words: Words) -> String {
        switch shown.code {
        case "token_expired": words["expiredText"]
        case "token_invalid": words["invalidText"]
        default: words.text(of: shown)
        }
    }
}
