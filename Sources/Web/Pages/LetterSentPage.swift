import Wording

/// "Check your inbox": the same page for every address, with what to do if no mail comes. The address itself is filled in by the
/// browser, which kept it in the tab (docs/decisions/0011-what-a-page-keeps.md).
struct LetterSentPage: Page {
    let template = "sent"
    let title = "sentTitle"
    let hasForm = true
    /// After how long one more mail to the same account is sent for certain.
    let mailInterval: Duration

    func model(in words: Words) -> [String: Any] {
        var model: [String: Any] = ["email": ""]
        let (seconds, attoseconds) = mailInterval.components
        // A budget that gives more within a second makes no one wait: so it is in the demo.
        if seconds > 0 {
            model["wait"] = words.fill("sentWait", ["wait": words.wait(seconds: seconds + (attoseconds > 0 ? 1 : 0))])
        }
        return model
    }
}
