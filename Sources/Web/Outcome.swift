import HTTP
import StrictJSON

/// A success that is the same for everybody, in its three shapes: JSON, the page, and the way to the page.
struct Outcome: Sendable {
    private let json: Response
    private let status: Status
    private let page: any Page
    private let pages: Pages
    private let path: String
    private let leadsBack: Bool

    /// - Parameters: `message`: the sentence a program gets; `path`: where a form is sent to see `page`; `leadsBack`: whether the page has
    ///   a button that leads to where the app wants the person.
    init(
        _ status: Status, message: String, page: some Page, at path: String, leadsBack: Bool = false, _ pages: Pages
    ) {
        let body = JSON.members(("message", .string(message)))
        json = Response(status, contentType: "application/json", body: body.write())
        self.status = status
        self.page = page
        self.pages = pages
        self.path = path
        self.leadsBack = leadsBack
    }

    func response(to visit: Visit) -> Response {
        switch visit.presentation {
        case .json, .either: json
        case .page: pages.response(page, status, to: visit)
        case .pageAfterForm: .seeOther(path, pages.site, keeping: kept(visit))
        }
    }

    private func kept(_ visit: Visit) -> Kept {
        Kept(visit.chosenLanguage, returnTo: leadsBack ? visit.returnTo(among: pages.site.returnURLs) : nil)
    }
}

extension Response {
    /// To a page of ours that shows what a form came to.
    static func seeOther(_ path: String, _ site: Site, keeping kept: Kept) -> Response {
        var response = Response(.seeOther)
        response.add("Location", site.base + path + kept.query)
        return response
    }
}
