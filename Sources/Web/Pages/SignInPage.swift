import Wording

/// Where somebody tries a password, and finds the way out when it is forgotten.
struct SignInPage: Page {
    let template = "login"
    let title = "signInTitle"
    let hasForm = true
    let email: String
    let problem: Problem?

    init() { self.init(email: "", problem: nil) }

    init(email: String, problem: Problem?) {
        self.email = email
        self.problem = problem
    }

    func model(in words: Words) -> [String: Any] {
        var model: [String: Any] = ["email": email]
        model["emailWrong"] = words.wrong(with: "email", in: problem)
        model["passwordWrong"] = words.wrong(with: "password", in: problem)
        return model
    }
}
