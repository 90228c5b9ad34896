/// Texts of one language, found by key. `{name}` in a text is a place that is filled in.
package struct Words: Sendable {
    package typealias Key = String

    package let language: Language
    /// Those with a single form.
    package let texts: [Key: String]
    let forms: [Key: [Plural: String]]

    init(language: Language, texts: [Key: String] = [:], forms: [Key: [Plural: String]] = [:]) {
        self.language = language
        self.texts = texts
        self.forms = forms
    }

    /// The text; the key itself where there is none, which a test forbids.
    package subscript(key: Key) -> String { texts[key] ?? key }

    /// The text with its places filled; a place without a value stays as it is.
    package func fill(_ key: Key, _ values: [String: String]) -> String {
        pieces(of: key, values).map(\.text).joined()
    }

    /// The form that stands with that number, and the number in it.
    package func count(_ key: Key, _ count: Int64) -> String {
        let form = forms[key]?[language.plural(of: count)] ?? key
        return Self.pieces(of: form, ["count": "\(count)"]).map(\.text).joined()
    }

    /// All forms of a text, for scripts that count themselves.
    package func allForms(_ key: Key) -> [(plural: Plural, text: String)] {
        language.plurals.compactMap { plural in forms[key]?[plural].map { (plural, $0) } }
    }

    /// A stretch of a text: words of its own, or what fills the place of that name.
    package struct Piece: Sendable, Equatable {
        package let place: String?
        package let text: String
    }

    /// For markup around what is filled in.
    package func pieces(of key: Key, _ values: [String: String]) -> [Piece] { Self.pieces(of: self[key], values) }

    private static func pieces(of text: String, _ values: [String: String]) -> [Piece] {
        var parts = text.utf8.split(separator: UInt8(ascii: "{"), omittingEmptySubsequences: false)[...]
        var pieces = [Piece(place: nil, text: String(Substring(parts.removeFirst())))]
        for part in parts {
            let halves = part.split(separator: UInt8(ascii: "}"), maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(Substring(halves[0]))
            guard halves.count == 2, let value = values[name] else {
                pieces.append(Piece(place: nil, text: "{" + String(Substring(part))))
                continue
            }
            pieces.append(Piece(place: name, text: value))
            pieces.append(Piece(place: nil, text: String(Substring(halves[1]))))
        }
        return pieces.filter { !$0.text.isEmpty }
    }

    /// The names of the places in a text, sorted.
    static func places(in text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: "{"), omittingEmptySubsequences: false).dropFirst().compactMap { part in
            part.contains(UInt8(ascii: "}")) ? String(Substring(part.prefix { $0 != UInt8(ascii: "}") })) : nil
        }.sorted()
    }
}
