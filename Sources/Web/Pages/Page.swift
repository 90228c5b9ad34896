import Wording

/// Something a person sees. Its template is a file in Templates; its words come from the catalogue.
protocol Page: Sendable {
    var template: String { get }
    /// The key of the words in the browser's title and above the page.
    var title: Words.Key { get }
    /// Whether a form on it needs a key of its own.
    var hasForm: Bool { get }
    /// What went wrong, if the page is there because of that.
    var problem: Problem? { get }
    /// What must stand in the address for the page to be shown again, in another language.
    var parameters: [(name: String, value: String)] { get }
    /// What the template may name. Texts are escaped when they are written.
    func model(in words: Words) -> [String: Any]
}

extension Page {
    var hasForm: Bool { false }
    var problem: Problem? { nil }
    var parameters: [(name: String, value: String)] { [] }
    func model(in words: Words) -> [String: Any] { [:] }
}
