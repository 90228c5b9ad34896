import Wording

/// After "this wasn't me": every open link is dead, the password is as it was.
struct LinksRevokedPage: Page {
    let template = "message"
    let title = "revokedTitle"

    func model(in words: Words) -> [String: Any] {
        ["isGood": true, "paragraphs": [words["revokedText"], words["revokedAdvice"]], "offersWayBack": true]
    }
}
