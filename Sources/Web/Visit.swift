import HTTP
import Keyturn
import Wording

/// One request with what was learned about it on the way in: who asks, when, and whether a person is looking.
struct Visit: Sendable {
    let request: Request
    let client: ClientAddress
    let now: Timestamp
    let languages: OfferedLanguages
    private(set) var presentation: Presentation
    /// What a form, or a program in its place, has sent.
    var form: Form?

    init(_ request: Request, from client: ClientAddress, at now: Timestamp, speaking languages: OfferedLanguages) {
        self.request = request
        self.client = client
        self.now = now
        self.languages = languages
        presentation = Presentation(accepting: request["Accept"])
    }

    /// That of `lang`, a parameter of the address or a field of the form; nil: none of those that are spoken here was asked for by name.
    var chosenLanguage: Language? {
        (form?.echo("lang") ?? parameter("lang")).flatMap { languages.named($0) }
    }

    /// That of the page: the one chosen, else the most wanted (`Accept-Language`) of those that are spoken here.
    var language: Language {
        chosenLanguage ?? languages.first(of: Visitor.languages(request)) ?? languages.standard
    }

    /// That of a message: as ``language``, but what is spoken here is decided again when the message is written. BCP 47; nil unknown.
    var messageLanguage: String? {
        let tags = Visitor.languages(request)
        return chosenLanguage?.tag ?? tags.first { languages.first(of: [$0]) != nil } ?? tags.first
    }

    /// Where the app wants the person afterwards: `return_to`, a parameter of the address or a field of the form, if the list admits it.
    func returnTo(among allowed: ReturnURLs) -> String? {
        allowed.admit(form.map { $0.text(of: "return_to") } ?? parameter("return_to"))
    }

    /// The value of the address' only parameter of that name.
    func parameter(_ name: String) -> String? {
        guard let query = request.query, let values = try? FormPairs.values(of: name, inQuery: query), values.count == 1
        else { return nil }
        return values[0]
    }

    /// A form is posted by a person in front of a browser, unless its sender says that only JSON will do.
    mutating func becomes(postOf type: BodyType) {
        if type == .form, presentation != .json { presentation = .pageAfterForm }
    }
}

/// In what shape an answer is wanted.
enum Presentation: Sendable, Equatable {
    /// JSON was asked for.
    case json
    /// Nobody said: what the path shows on its own, and errors as JSON.
    case either
    /// HTML was asked for.
    case page
    /// HTML, and success is a redirect to a page, so that a reload repeats nothing.
    case pageAfterForm

    init(accepting accept: String?) {
        guard let accept, !accept.utf8.elementsEqual("*/*".utf8) else {
            self = .either
            return
        }
        let wanted = Accept(parsing: accept)
        let (html, json) = (wanted.quality(of: "text/html"), Self.qualityOfJSON(wanted))
        self = html > json ? .page : html < json ? .json : .either
    }

    /// Whoever takes only problems wants JSON too.
    private static func qualityOfJSON(_ accept: Accept) -> Int {
        max(accept.quality(of: "application/json"), accept.quality(of: "application/problem+json"))
    }

    var isPage: Bool { self == .page || self == .pageAfterForm }
}
