import Mustache
import Testing

@testable import Templating

@Suite struct `A set of templates` {
    private let set = TemplateSet([
        .init("frame.mustache", Array("<i>{{$body}}{{/body}}</i>".utf8)),
        .init("page.mustache", Array("{{<frame}}{{$body}}{{words}}{{/body}}{{/frame}}".utf8)),
        .init("page.text.mustache", Array("{{% CONTENT_TYPE:TEXT}}\n{{words}}".utf8)),
    ])

    private func rendered(_ name: String, _ overrides: [String: [UInt8]] = [:]) throws -> String? {
        try set.library(overrides).render(["words": "a < b"], withTemplate: name)
    }

    private func refusal(_ file: String, _ text: [UInt8]) -> TemplateRefused? {
        do throws(TemplateRefused) {
            _ = try set.library([file: text])
            return nil
        } catch {
            return error
        }
    }

    @Test func `escapes HTML and leaves text alone, ours or not`() throws {
        #expect(try rendered("page") == "<i>a &lt; b</i>")
        #expect(try rendered("page", ["page.mustache": Array("<b>{{words}}</b>".utf8)]) == "<b>a &lt; b</b>")
        #expect(try rendered("page", ["frame.mustache": Array("<u>{{$body}}{{/body}}</u>".utf8)]) == "<u>a &lt; b</u>")
        #expect(try rendered("page.text") == "a < b")
        #expect(try rendered("page", ["other.mustache": Array("{{#".utf8)]) == "<i>a &lt; b</i>")
    }

    @Test func `says where a template is broken`() {
        #expect(refusal("page.mustache", Array("<p>\n{{#words}}\n</p>\n".utf8))?.line == 4)
        #expect(refusal("page.mustache", Array("<p>\n\n{{words}\n".utf8))?.line == 3)
        #expect(refusal("page.mustache", Array("{{/words}}".utf8))?.file == "page.mustache")
        #expect(
            refusal("page.mustache", Array("<p>\n{{> nowhere }}".utf8))
                == TemplateRefused(file: "page.mustache", line: 2, reason: "there is no template nowhere for {{>"))
        #expect(refusal("page.mustache", Array("{{<fame}}{{/fame}}".utf8))?.line == 1)
        #expect(refusal("page.mustache", [0xFF])?.reason == "is not UTF-8")
    }
}
