import Wording

/// "This wasn't me", of a link that does not work any more: nothing is left to revoke, and what to do if the password was changed.
struct NothingToRevokePage: Page {
    let template = "message"
    let title = "nothingToRevokeTitle"

    func model(in words: Words) -> [String: Any] {
        [
            "paragraphs": [words["nothingToRevokeText"], words["nothingToRevokeAdvice"]], "offersForgot": true,
            "offersWayBack": true,
        ]
    }
}
