import Keyturn

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
            "lengthRule": words["ruleLength", "minimum", "\(policy.minimumLength)"],
            "passwordRules": "minlength: \(policy.minimumLength); maxlength: \(policy.maximumLength);",
        ]
        model["email"] = email?.text
        model["passwordWrong"] = Self.sentences(problem?.details(of: "password"))
        model["confirmWrong"] = Self.sentences(problem?.details(of: "confirm_password"))
        return model
    }

    private static func sentences(_ details: [String]?) -> String? {
        guard let details, !details.isEmpty else { return nil }
        return details.joined(separator: " ")
    }
}
