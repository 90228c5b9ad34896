import HTTP
import Keyturn
import Wording

/// One request with what was learned about it on the way in: who asks, when, and whether a person is looking.
struct Visit: Sendable {
    let request: Request
    let client: ClientAddress
    let now: Timestamp
    private(set) var presentation: Presentation

    init(_ request: Request, from client: ClientAddress, at now: Timestamp) {
        self.request = request
        self.client = client
        self.now = now
        presentation = Presentation(accepting: request["Accept"])
    }

    /// The most wanted of those there are pages in.
    var language: Language { Visitor.languages(request).lazy.compactMap(Language.init(tag:)).first ?? .english }

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
