import Wording

/// What a person sees of any problem that has no page of its own.
struct ProblemPage: Page {
    let template = "message"
    private let shown: Problem

    init(problem: Problem) { shown = problem }

    var title: Words.Key { Words.titleKey(of: shown) }

    func model(in words: Words) -> [String: Any] {
        var paragraphs = [words.text(of: shown)]
        if let seconds = shown.retryAfterSeconds {
            paragraphs.append(words.fill("tryAgainIn", ["wait": words.wait(seconds: seconds)]))
        }
        if let id = shown.requestID { paragraphs.append(words.fill("requestNumber", ["number": "\(id)"])) }
        return ["paragraphs": paragraphs, "offersSignIn": true, "offersForgot": true]
    }
}
