import Wording

/// Tells a person that the password works, and leads on to the app. There is nothing behind it: no cookie is set.
struct SignedInPage: Page {
    let template = "message"
    let title = "signedInTitle"

    func model(in words: Words) -> [String: Any] {
        ["isGood": true, "paragraphs": [words["signedInText"]], "offersToContinue": true]
    }
}
