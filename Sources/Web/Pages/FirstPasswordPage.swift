import Wording

/// The end of an invitation: the account has its first password.
struct FirstPasswordPage: Page {
    let template = "message"
    let title = "firstDoneTitle"

    func model(in words: Words) -> [String: Any] {
        ["isGood": true, "paragraphs": [words["firstDoneText"]], "offersReturn": true, "offersSignIn": true]
    }
}
