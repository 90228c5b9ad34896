import Wording

/// "Check your inbox": the same for everybody, with what to do when nothing comes.
struct LetterSentPage: Page {
    let template = "sent"
    let title = "sentTitle"
    /// After how long one more mail to the same account is sent for certain.
    let mailInterval: Duration

    func model(in words: Words) -> [String: Any] {
        let (seconds, attoseconds) = mailInterval.components
        return ["wait": words.fill("sentWait", ["wait": words.wait(seconds: seconds + (attoseconds > 0 ? 1 : 0))])]
    }
}
