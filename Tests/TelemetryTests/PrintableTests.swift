import Telemetry
import Testing

@Suite struct `Text from outside` {
    @Test func `keeps what can be read`() {
        for text in ["", "plain", "Grüße, 日本語, עברית, العربية, ไทย, 😀", "a\u{308}", "→ \"quoted\" \\"] {
            #expect(Printable.text(text) == text)
            #expect(Printable.json(text) == text)
        }
    }

    @Test(arguments: [
        ("a\u{1B}[2J", #"a\u{1b}[2J"#, #"a\u001b[2J"#),
        ("\u{7F}\u{80}\u{9F}", #"\u{7f}\u{80}\u{9f}"#, #"\u007f\u0080\u009f"#),
        ("\u{2028}\u{2029}", #"\u{2028}\u{2029}"#, #"\u2028\u2029"#), ("x\u{200D}y", #"x\u{200d}y"#, #"x\u200dy"#),
        ("\u{202E}\u{2066}\u{61C}", #"\u{202e}\u{2066}\u{61c}"#, #"\u202e\u2066\u061c"#),
        ("\u{E0041}\u{F0000}", #"\u{e0041}\u{f0000}"#, #"\udb40\udc41\udb80\udc00"#), ("\n", #"\u{a}"#, #"\u000a"#),
        ("\u{3164}\u{34F}\u{FE0F}", #"\u{3164}\u{34f}\u{fe0f}"#, #"\u3164\u034f\ufe0f"#),
    ])
    func `is escaped where a terminal would obey it or a reader would not see it`(
        text: String, escaped: String, inJSON: String
    ) {
        #expect(Printable.text(text) == escaped)
        #expect(Printable.json(text) == inJSON)
        #expect(Printable.text(escaped) == escaped)
    }

    @Test func `of several lines keeps its line feeds alone`() {
        #expect(Printable.lines("a\r\nb\u{2028}\n") == "a\\u{d}\nb\\u{2028}\n")
    }
}
