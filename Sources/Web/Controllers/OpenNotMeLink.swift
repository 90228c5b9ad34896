import HTTP
import Keyturn

/// Opens a "this wasn't me" link: shows a button, and changes nothing.
struct OpenNotMeLink: GetController {
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
            return pages.response(NotMePage(token: token), to: visit)
        } catch {
            throw Problem(error)
        }
    }

    func page(about problem: Problem, for visit: Visit) -> (any Page)? {
        problem.isAboutLink ? NothingToRevokePage() : nil
    }
}
