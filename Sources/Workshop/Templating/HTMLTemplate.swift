/// Templates of HTML whose values are escaped byte by byte.
package import Mustache

package enum HTMLTemplate {
    /// The library's own escaping goes by grapheme, and a quote that wears a combining mark is none of its five.
    ///
    /// A template escapes as it says itself, partials too, so each is made to say it.
    /// - Throws: where the template does not parse.
    package static func parsed(_ source: [UInt8]) throws -> MustacheTemplate {
        MustacheContentTypes.register(EscapedHTML(), named: EscapedHTML.name)
        return try MustacheTemplate(
            string: "{{% CONTENT_TYPE:\(EscapedHTML.name)}}" + String(decoding: source, as: UTF8.self))
    }
}

/// For text and for attributes in either kind of quotes.
struct EscapedHTML: MustacheContentType {
    static let name = "ESCAPED_HTML"

    func escapeText(_ text: String) -> String {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): escaped += "&lt;".utf8
            case UInt8(ascii: ">"): escaped += "&gt;".utf8
            case UInt8(ascii: "&"): escaped += "&amp;".utf8
            case UInt8(ascii: "\""): escaped += "&quot;".utf8
            case UInt8(ascii: "'"): escaped += "&#39;".utf8
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
