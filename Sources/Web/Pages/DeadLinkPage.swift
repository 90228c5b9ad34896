import Wording

/// Says that a link is over before anybody types, and offers another on the same page.
struct DeadLinkPage: Page {
    let template = "dead"
    let hasForm = true
    private let code: String

    init(problem: Problem) { code = problem.code }

    var title: Words.Key { code == "token_expired" ? "expiredTitle" : "invalidTitle" }

    func model(in words: Words) -> [String: Any] {
        ["text": words[code == "token_expired" ? "expiredText" : "invalidText"], "email": ""]
    }
}
