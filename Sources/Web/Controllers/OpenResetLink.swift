import HTTP
import Keyturn

/// Opens a reset link: says whether it works, and uses nothing up.
struct OpenResetLink: GetController {
    private let reset: PasswordReset
    /// nil: opening a link counts against no limit.
    private let admission: Admission?
    private let pages: Pages

    init(_ reset: PasswordReset, _ admission: Admission?, _ pages: Pages) {
        self.reset = reset
        self.admission = admission
        self.pages = pages
    }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        let token = try LinkToken.read(from: visit.request)
        try admission?.admit(visit)
        do {
            let link = try await reset.check(token)
            guard visit.presentation != .json else { return LinkStatus.json(expiresAt: link.expiresAt) }
            return pages.response(
                ResetPasswordPage(
                    token: token, email: link.email, isFirst: link.isFirstPassword, policy: reset.policy), to: visit)
        } catch {
            throw Problem(error)
        }
    }

    func page(about problem: Problem, for visit: Visit) -> (any Page)? {
        problem.isAboutLink ? DeadLinkPage(problem: problem) : nil
    }
}
