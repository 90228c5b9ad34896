import Wording

/// Where somebody asks for a link.
struct ForgotPasswordPage: Page {
    let template = "forgot"
    let title = "forgotTitle"
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
        return model
    }
}
