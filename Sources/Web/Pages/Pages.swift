import HTTP
import Mustache

/// Writes pages: the templates, read once and kept.
struct Pages: Sendable {
    let site: Site
    let words: Words
    private let library: MustacheLibrary

    /// - Throws: the template's parser's error: a bug of ours, met at the start.
    init(site: Site, words: Words) throws {
        self.site = site
        self.words = words
        library = try Templates.library()
    }

    func response(_ page: any Page, _ status: Status = .ok) -> Response {
        Response(status, contentType: "text/html; charset=utf-8", body: Array(html(page).utf8))
    }

    /// The answer to somebody who hoped for another one: a page for a person, a problem for a program.
    func reply(about problem: Problem, to visit: Visit, on page: (any Page)? = nil) -> Reply {
        guard visit.presentation.isPage else { return Reply(problem.response(), cause: problem.cause) }
        var response = response(page ?? ProblemPage(problem: problem), problem.status)
        problem.addFields(to: &response)
        return Reply(response, cause: problem.cause)
    }

    private func html(_ page: any Page) -> String {
        var model = page.model(in: words)
        model["t"] = words.texts
        model["language"] = words.language
        model["direction"] = words.direction
        model["title"] = words[page.title]
        model["site"] = site.name
        model["base"] = site.base
        model["stylesheet"] = site.base + Asset.stylesheet.address
        model["script"] = site.base + Asset.script.address
        model["icon"] = site.base + Asset.icon.address
        model["alert"] = page.problem.map { alert(about: $0) }
        if page.hasForm { model["submission"] = SubmissionKey.random().text }
        return library.render(model, withTemplate: page.template) ?? ""
    }

    /// The summary above a form: what went wrong and the way to it; where several things did, each with its own.
    private func alert(about problem: Problem) -> [String: Any] {
        var alert: [String: Any] = ["summary": words.text(of: problem)]
        alert["wait"] = problem.retryAfterSeconds.map { words["tryAgainIn", "wait", words.wait(seconds: $0)] }
        if problem.errors.count == 1 { alert["field"] = problem.errors[0].field }
        alert["hasItems"] = problem.errors.count > 1
        alert["items"] = problem.errors.map { ["field": $0.field, "text": $0.detail] }
        return alert
    }
}
