import HTTP
import Keyturn

/// Opens a "this wasn't me" link: shows a button, and changes nothing.
struct OpenNotMeLink: GetController {
    private let reset: PasswordReset
    private let pages: Pages

    init(_ reset: PasswordReset, _ pages: Pages) {
        self.reset = reset
        self.pages = pages
    }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        let token = try LinkToken.read(from: visit.request)
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
