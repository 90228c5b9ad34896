import HTTP
import Keyturn

/// Takes an address and records a reset request. Holds ``ResetRequests`` and nothing wider: what it cannot ask, it cannot tell.
struct ForgotPassword: PostController {
    private let requests: any ResetRequests
    private let admission: Admission
    private let promised: Outcome
    private let returnURLs: ReturnURLs

    init(_ requests: any ResetRequests, _ admission: Admission, mailInterval: Duration, _ pages: Pages) {
        self.requests = requests
        self.admission = admission
        returnURLs = pages.site.returnURLs
        promised = Outcome(
            .accepted,
            message: "If that address has an account, a mail with a link to choose a new password is on its way.",
            page: LetterSentPage(mailInterval: mailInterval),
            at: "/forgot-password/sent", pages)
    }

    func post(_ form: Form, from visit: Visit) async throws(Problem) -> Response {
        let email = try Self.emailAddress(form)
        try admission.admit(visit)
        let request = ResetRequest(
            email: email, language: visit.messageLanguage, device: Visitor.device(visit.request),
            returnTo: visit.returnTo(among: returnURLs))
        do { try await requests.record(request, at: visit.now) } catch { throw Problem(error) }
        return promised.response(to: visit)
    }

    private static func emailAddress(_ form: Form) throws(Problem) -> EmailAddress {
        let text = try form.text("email")
        do { return try EmailAddress(parsing: text) } catch { throw Problem(error) }
    }

    func page(about problem: Problem, on form: Form, from visit: Visit) async -> (any Page)? {
        problem.concernsForm ? ForgotPasswordPage(email: form.echo("email") ?? "", problem: problem) : nil
    }
}
