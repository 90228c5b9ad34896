import Wording

/// The end of the way: the new password works, every link is dead.
struct PasswordChangedPage: Page {
    let template = "message"
    let title = "changedTitle"

    func model(in words: Words) -> [String: Any] {
        [
            "isGood": true, "paragraphs": [words["changedText"], words["changedSessions"]], "offersReturn": true,
            "offersSignIn": true,
        ]
    }
}
