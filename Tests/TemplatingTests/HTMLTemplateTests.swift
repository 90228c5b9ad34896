import Mustache
import Testing

@testable import Templating

@Suite struct `A template of HTML` {
    @Test func `escapes five characters by their bytes`() {
        #expect(EscapedHTML().escapeText("a<b>\"c'&\"\u{301}é") == "a&lt;b&gt;&quot;c&#39;&amp;&quot;\u{301}é")
    }

    /// Each of the five with a mark that makes one grapheme of both.
    @Test(arguments: ["<", ">", "&", "\"", "'"], ["\u{301}", "\u{338}", "\u{200D}", "\u{FE0F}"])
    func `escapes what wears a combining mark`(character: String, mark: String) throws {
        let page = try HTMLTemplate.parsed(Array("<p title=\"{{words}}\">{{words}}</p>".utf8))
        let bytes = Array(page.render(["words": character + mark]).utf8)
        let escaped = ["<": "&lt;", ">": "&gt;", "&": "&amp;", "\"": "&quot;", "'": "&#39;"][character] ?? ""
        #expect(bytes.elementsEqual("<p title=\"\(escaped)\(mark)\">\(escaped)\(mark)</p>".utf8))
    }

    @Test func `escapes in what it inherits and in the blocks it fills`() throws {
        let library = MustacheLibrary(templates: [
            "frame": try HTMLTemplate.parsed(Array("<i>{{words}}</i>{{$body}}{{/body}}".utf8)),
            "page": try HTMLTemplate.parsed(Array("{{<frame}}{{$body}}<b>{{words}}</b>{{/body}}{{/frame}}".utf8)),
        ])
        let page = library.render(["words": "<\u{338}"], withTemplate: "page") ?? ""
        #expect(page.utf8.elementsEqual("<i>&lt;\u{338}</i><b>&lt;\u{338}</b>".utf8))
    }
}
