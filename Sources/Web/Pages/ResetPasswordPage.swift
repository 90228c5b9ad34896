import Keyturn
import Wording

/// The form for a new password: the rule before typing, the account it is for, and the link's token on its way back.
struct ResetPasswordPage: Page {
    let template = "reset"
    var title: Words.Key { isFirst ? "firstTitle" : "resetTitle" }
    let hasForm = true
    let token: String
    /// Whose link it is; nil where that is not known just now.
    let email: EmailAddress?
    /// Whether the account has no password yet.
    let isFirst: Bool
    let policy: PasswordPolicy
    let problem: Problem?
    /// The new password, filled in again because only its confirmation was wrong. Never longer than ``keptPasswordBytesMax``.
    let keptPassword: String?

    var parameters: [(name: String, value: String)] { [("token", token)] }

    static let keptPasswordBytesMax = 254

    init(
        token: String, email: EmailAddress?, isFirst: Bool = false, policy: PasswordPolicy, problem: Problem? = nil,
        keptPassword: String? = nil
    ) {
        self.token = token
        self.email = email
        self.isFirst = isFirst
        self.policy = policy
        self.problem = problem
        self.keptPassword = keptPassword
    }

    func model(in words: Words) -> [String: Any] {
        var model: [String: Any] = [
            "token": token, "minimumLength": policy.minimumLength,
            "rule": words.fill(
                "passwordRule", ["characters": words.count("characters", Int64(policy.minimumLength))]),
            "passwordRules": "minlength: \(policy.minimumLength); maxlength: \(policy.maximumLength);",
        ]
        model["lengthForms"] = words.allForms("lengthMore").map { ["plural": $0.plural.rawValue, "text": $0.text] }
        model["email"] = email?.text
        model["passwordLabel"] = words[isFirst ? "passwordLabel" : "newPasswordLabel"]
        model["confirmLabel"] = words[isFirst ? "firstConfirm" : "confirmLabel"]
        model["button"] = words[isFirst ? "firstButton" : "resetButton"]
        model["keptPassword"] = keptPassword
        model["passwordWrong"] = words.wrong(with: "password", in: problem)
        model["confirmWrong"] = words.wrong(with: "confirm_password", in: problem)
        return model
    }
}
