import Mustache

/// The templates of the pages, embedded in the binary, each under its file's name.
enum Templates {
    static let sources: [(name: String, text: [UInt8])] = [
        ("layout", PackageResources.layout_mustache),
        ("alert", PackageResources.alert_mustache),
        ("email", PackageResources.email_mustache),
        ("login", PackageResources.login_mustache),
        ("forgot", PackageResources.forgot_mustache),
        ("sent", PackageResources.sent_mustache),
        ("reset", PackageResources.reset_mustache),
        ("dead", PackageResources.dead_mustache),
        ("notme", PackageResources.notme_mustache),
        ("message", PackageResources.message_mustache),
        ("mailbox", PackageResources.mailbox_mustache),
        ("mail", PackageResources.mail_mustache),
    ]

    static func library() throws -> MustacheLibrary {
        MustacheContentTypes.register(EscapedHTML(), named: EscapedHTML.name)
        var library = MustacheLibrary()
        for source in sources {
            // A template escapes as it says itself, partials too, so each is made to say it.
            let text = "{{% CONTENT_TYPE:\(EscapedHTML.name)}}" + String(decoding: source.text, as: UTF8.self)
            try library.register(text, named: source.name)
        }
        return library
    }
}

/// Escapes code point by code point. The library's own way goes by grapheme, and a quote that wears a combining mark is none of its five.
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
