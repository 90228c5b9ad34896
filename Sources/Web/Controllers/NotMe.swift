import HTTP
import Keyturn

/// "This wasn't me": revokes every open link of the account a link was made for.
struct NotMe: PostController {
    private let reset: PasswordReset
    private let admission: Admission
    private let revoked: Outcome

    init(_ reset: PasswordReset, _ admission: Admission, _ pages: Pages) {
        self.reset = reset
        self.admission = admission
        revoked = Outcome(
            .ok, message: "Every open link of this account has stopped working. The password was not changed.",
            page: LinksRevokedPage(), at: "/not-me/done", pages)
    }

    func post(_ form: Form, from visit: Visit) async throws(Problem) -> Response {
        let token = try form.text("token")
        try admission.admit(visit)
        do { try await reset.revoke(token) } catch { throw Problem(error) }
        return revoked.response(to: visit)
    }

    func page(about problem: Problem, on form: Form, from visit: Visit) async -> (any Page)? {
        if problem.isAboutLink { return NothingToRevokePage() }
        guard problem.concernsForm, let token = form.tokenToSendAgain else { return nil }
        return NotMePage(token: token, problem: problem)
    }
}
