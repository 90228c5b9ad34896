import HTTP
import Languages
import Mustache
import Templating
import Wording

/// Writes pages: the templates and the words, read once and kept.
struct Pages: Sendable {
    let site: Site
    private let texts: CurrentTexts
    private let library: MustacheLibrary

    /// - Throws: the error of a template's or a catalogue's parser: a bug of ours, met at the start.
    /// - Parameter texts: nil: our own words.
    init(site: Site, templates: [String: [UInt8]], texts: CurrentTexts? = nil) throws {
        self.site = site
        self.texts = try texts ?? CurrentTexts(Languages.catalogues())
        library = try PageTemplates.all.library(templates)
    }

    /// In the language of the visit: no cookie says which.
    func response(_ page: any Page, _ status: Status = .ok, to visit: Visit) -> Response {
        let language = visit.language
        var response = Response(
            status, contentType: "text/html; charset=utf-8",
            body: Array(html(page, in: language, keeping: kept(visit)).utf8))
        response.add("Content-Language", language.tag)
        response.add("Vary", "Accept, Accept-Language")
        return response
    }

    /// The answer to somebody who hoped for another one: a page for a person, a problem for a program.
    func reply(about problem: Problem, to visit: Visit, on page: (any Page)? = nil) -> Reply {
        guard visit.presentation.isPage else { return Reply(problem.response(), about: problem) }
        var response = response(page ?? ProblemPage(problem: problem), problem.status, to: visit)
        problem.addFields(to: &response)
        return Reply(response, about: problem)
    }

    private func kept(_ visit: Visit) -> Kept {
        Kept(visit.chosenLanguage, returnTo: visit.returnTo(among: site.returnURLs))
    }

    func html(_ page: any Page, in language: Language, keeping kept: Kept = Kept(nil)) -> String {
        let catalogues = texts.catalogues
        let words = catalogues[language]["pages"]
        var model = page.model(in: words)
        model["t"] = words.texts
        model["language"] = language.tag
        model["direction"] = language.direction
        model["title"] = words[page.title]
        model["base"] = site.base
        model["stylesheet"] = site.base + site.assets.stylesheet.address
        model["script"] = site.base + site.assets.script.address
        model["icon"] = site.base + site.assets.icon.address
        model["alert"] = page.problem.map { alert(about: $0, in: words) }
        model.merge(ways(keeping: kept, in: words)) { $1 }
        model.merge(languageSwitch(page, in: language, keeping: kept, among: catalogues)) { $1 }
        model.merge(brand) { $1 }
        if page.hasForm { model["submission"] = SubmissionKey.random().text }
        return library.render(model, withTemplate: page.template) ?? ""
    }

    private var brand: [String: Any] {
        var model: [String: Any] = ["site": site.name, "logoShowsName": site.logoShowsName]
        model["logo"] = site.assets.logo.map { site.base + $0.address }
        model["supportURL"] = site.supportURL
        return model
    }

    /// Where links of the page lead, and what its forms take along.
    private func ways(keeping kept: Kept, in words: Words) -> [String: Any] {
        let inLanguage = Kept(kept.language)
        let signIn = site.loginURL ?? (site.hasLogin ? site.base + "/login" + inLanguage.query : nil)
        var model: [String: Any] = [
            "keep": inLanguage.query, "forgot": site.base + "/forgot-password" + kept.query,
        ]
        model["lang"] = kept.language?.tag
        model["returnTo"] = kept.returnTo
        model["signIn"] = signIn
        model["home"] = site.homeURL
        model["continueTo"] = kept.returnTo ?? site.loginURL ?? site.homeURL
        model["wayBack"] =
            site.homeURL.map { ["url": $0, "text": words.fill("backHome", ["site": site.name])] }
            ?? signIn.map { ["url": $0, "text": words["backToSignIn"]] }
        return model
    }

    /// A form of its own, which asks for the same page again. Without it where there is no other language.
    private func languageSwitch(
        _ page: any Page, in language: Language, keeping kept: Kept, among catalogues: Catalogues
    ) -> [String: Any] {
        guard site.languages.languages.count > 1 else { return [:] }
        var parameters = page.parameters
        if let returnTo = kept.returnTo { parameters.append(("return_to", returnTo)) }
        return [
            "languages": [
                "parameters": parameters.map { ["name": $0.name, "value": $0.value] },
                "all": site.languages.languages.map {
                    ["tag": $0.tag, "name": catalogues[$0].name, "isThis": $0 == language] as [String: Any]
                },
            ] as [String: Any]
        ]
    }

    /// The summary above a form. If one field was wrong, it is the reasons themselves, and they lead to the field; if several were, each has
    /// a line with its label. Fields are described by these lines: `aria-describedby` names their `id`.
    private func alert(about problem: Problem, in words: Words) -> [String: Any] {
        var alert: [String: Any] = ["summary": words.text(of: problem)]
        alert["wait"] = problem.retryAfterSeconds.map { words.fill("tryAgainIn", ["wait": words.wait(seconds: $0)]) }
        if let field = problem.errors.first?.field, problem.errors.allSatisfy({ $0.field == field }) {
            let reasons = problem.errors.map { words.text(of: $0) }
            alert["field"] = field
            alert["id"] = Self.idOfReasons(for: field)
            alert["reasons"] = reasons
            alert["summary"] = reasons.joined(separator: " ")
        }
        let hasItems = alert["field"] == nil && !problem.errors.isEmpty
        alert["hasItems"] = hasItems
        alert["items"] = problem.errors.map { error in
            let label = Self.labels[error.field].map { words[$0] + ": " } ?? ""
            return [
                "field": error.field, "id": Self.idOfReasons(for: error.field), "text": label + words.text(of: error),
            ]
        }
        return alert
    }

    private static let labels = [
        "email": "emailLabel", "password": "passwordLabel", "confirm_password": "confirmLabel",
    ]

    private static func idOfReasons(for field: String) -> String {
        field == "confirm_password" ? "confirm-wrong" : field + "-wrong"
    }
}
