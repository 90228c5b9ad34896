import Keyturn
import Wording

/// Where somebody chooses a new password: the rules before typing, the account it is for, and the link's token on its way back.
struct ResetPasswordPage: Page {
    let template = "reset"
    let title = "resetTitle"
    let hasForm = true
    let token: String
    /// Whose link it is; nil where that is not known just now.
    let email: EmailAddress?
    let policy: PasswordPolicy
    let problem: Problem?

    init(token: String, email: EmailAddress?, policy: PasswordPolicy, problem: Problem? = nil) {
        self.token = token
        self.email = email
        self.policy = policy
        self.problem = problem
    }

    func model(in words: Words) -> [String: Any] {
        var model: [String: Any] = [
            "token": token, "minimumLength": policy.minimumLength,
            "lengthRule": words.fill(
                "ruleLength", ["characters": words.count("characters", Int64(policy.minimumLength))]),
            "passwordRules": "minlength: \(policy.minimumLength); maxlength: \(policy.maximumLength);",
        ]
        model["lengthForms"] = words.allForms("lengthMore").map { ["plural": $0.plural.rawValue, "text": $0.text] }
        model["email"] = email?.text
        model["passwordWrong"] = words.wrong(with: "password", in: problem)
        model["confirmWrong"] = words.wrong(with: "confirm_password", in: problem)
        return model
    }
}
