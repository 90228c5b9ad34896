import HTTP
import Keyturn
import StrictJSON

/// Takes an address and a password, and gives a session token to programs. A person only learns that the password works: a form gets no cookie.
struct SignIn: PostController {
    private let login: Login
    private let admission: Admission
    private let pages: Pages

    init(_ login: Login, _ admission: Admission, _ pages: Pages) {
        self.login = login
        self.admission = admission
        self.pages = pages
    }

    func post(_ form: Form, from visit: Visit) async throws(Problem) -> Response {
        let fields = try form.texts("email", "password")
        try admission.admit(visit)
        // What can be no address has no account: the answer is that of a wrong password.
        guard let email = try? EmailAddress(parsing: fields[0]) else { throw Problem(LoginRefused.credentials) }
        do {
            let session = try await login.login(email, password: fields[1], from: visit.client.counted)
            return answer(visit, token: session.token, expiresIn: session.expiresIn)
        } catch {
            throw Problem(error)
        }
    }

    private func answer(_ visit: Visit, token: String, expiresIn: Duration) -> Response {
        switch visit.presentation {
        case .pageAfterForm: return .seeOther("/login/done", pages.site, keeping: Kept(visit.chosenLanguage))
        case .page: return pages.response(SignedInPage(), to: visit)
        case .json, .either:
            let body = JSON.members(
                ("access_token", .string(token)), ("token_type", .string("Bearer")),
                ("expires_in", .integer(expiresIn.components.seconds)))
            return Response(.ok, contentType: "application/json", body: body.write())
        }
    }

    func page(about problem: Problem, on form: Form, from visit: Visit) async -> (any Page)? {
        // Leads to the form for a link, the address filled in.
        if problem.code == "password_expired" {
            return DeadLinkPage(problem: problem, email: form.echo("email") ?? "")
        }
        return problem.concernsForm ? SignInPage(email: form.echo("email") ?? "", problem: problem) : nil
    }
}
