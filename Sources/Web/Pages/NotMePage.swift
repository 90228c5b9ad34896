import Wording

/// "This wasn't me": explains, and has the button. Opening it changes nothing.
struct NotMePage: Page {
    let template = "notme"
    let title = "notMeTitle"
    let hasForm = true
    let token: String
    var problem: Problem?

    var parameters: [(name: String, value: String)] { [("token", token)] }

    func model(in words: Words) -> [String: Any] { ["token": token] }
}
