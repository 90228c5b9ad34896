/// "Check your inbox": the same for everybody, with what to do when nothing comes.
struct LetterSentPage: Page {
    let template = "sent"
    let title = "sentTitle"
}
