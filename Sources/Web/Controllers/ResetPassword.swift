import HTTP
import Keyturn

/// Takes a link's token and a new password, and turns the key.
struct ResetPassword: PostController {
    private let reset: PasswordReset
    private let admission: Admission
    private let changed: Outcome
    private let first: Outcome

    init(_ reset: PasswordReset, _ admission: Admission, _ pages: Pages) {
        self.reset = reset
        self.admission = admission
        changed = Outcome(
            .ok, message: "The password was changed. Every open link has stopped working.",
            page: PasswordChangedPage(), at: "/reset-password/done", leadsBack: true, pages)
        first = Outcome(
            .ok, message: "The password was set. Every open link has stopped working.", page: FirstPasswordPage(),
            at: "/reset-password/first", leadsBack: true, pages)
    }

    func post(_ form: Form, from visit: Visit) async throws(Problem) -> Response {
        let fields = try form.texts("token", "password")
        let confirmation = try Self.confirmation(form, isRequired: visit.presentation == .pageAfterForm)
        try admission.admit(visit)
        do {
            let isFirst = try await reset.reset(
                fields[0], to: fields[1], confirmation: confirmation, tellingIn: visit.messageLanguage)
            return (isFirst ? first : changed).response(to: visit)
        } catch {
            throw Problem(error)
        }
    }

    /// A person types twice, because nobody sees what they type; a program may leave it out.
    private static func confirmation(_ form: Form, isRequired: Bool) throws(Problem) -> String? {
        isRequired ? try form.text("confirm_password") : try form.optionalText("confirm_password")
    }

    func page(about problem: Problem, on form: Form, from visit: Visit) async -> (any Page)? {
        if problem.isAboutLink { return DeadLinkPage(problem: problem) }
        guard problem.concernsForm, let token = form.tokenToSendAgain else { return nil }
        // The link still works, and password managers want to know for whom.
        let link = try? await reset.check(token)
        return ResetPasswordPage(
            token: token, email: link?.email, isFirst: link?.isFirstPassword ?? false, policy: reset.policy,
            problem: problem,
            keptPassword: problem == .passwordsDiffer ? await passwordToKeep(form, for: link?.email) : nil)
    }

    /// The typed password if nothing was wrong but its confirmation: then only that is to be typed again. The response goes to its sender
    /// alone, is `no-store`, and is not remembered (docs/decisions/0011-what-a-page-keeps.md).
    private func passwordToKeep(_ form: Form, for email: EmailAddress?) async -> String? {
        guard let email, let password = try? form.text("password"),
            password.utf8.count <= ResetPasswordPage.keptPasswordBytesMax,
            await reset.accepts(password, for: email)
        else { return nil }
        return password
    }
}
