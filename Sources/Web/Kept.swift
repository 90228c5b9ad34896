import HTTP
import Wording

/// What goes along from page to page in the address, since no cookie does: the language that was chosen, and where the app wants the
/// person afterwards.
struct Kept: Sendable {
    let language: Language?
    /// Admitted by the list.
    let returnTo: String?

    init(_ language: Language?, returnTo: String? = nil) { (self.language, self.returnTo) = (language, returnTo) }

    /// Empty, or `?lang=de&return_to=…`.
    var query: String {
        let pairs = [
            language.map { "lang=\($0.tag)" }, returnTo.map { "return_to=\(PercentEncoding.encode($0))" },
        ].compactMap(\.self)
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }
}
