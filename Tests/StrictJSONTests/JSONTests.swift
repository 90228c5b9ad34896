import StrictJSON
import Testing

@Suite struct `A JSON value` {
    @Test(arguments: [
        (JSON.null, "null"), (.bool(true), "true"), (.bool(false), "false"), (.integer(.min), "-9223372036854775808"),
        (.number("1e3"), "1e3"), (.string("plain é☕"), #""plain é☕""#),
        (.string("\"\\/\u{8}\n\r\t\u{0}\u{1f}\u{7f}"), "\"\\\"\\\\/\\u0008\\n\\r\\t\\u0000\\u001f\u{7f}\""),
        (.string("</script>\u{2028}\u{2029}â"), #""\u003c/script>\u2028\u2029â""#),
        (.array([]), "[]"), (.array([.null, .array([.integer(1)])]), "[null,[1]]"),
        (.object([]), "{}"),
        (.members(("b", .integer(1)), ("a<", .members(("c", .null)))), #"{"b":1,"a\u003c":{"c":null}}"#),
    ])
    func `is written compactly`(value: JSON, text: String) throws {
        #expect(String(decoding: value.write(), as: UTF8.self) == text)
        #expect(try JSON(parsing: value.write()) == value)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("9223372036854775807", Int64.max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil),
            ("1.0", nil), ("1e3", nil), ("1E3", nil), ("-1.5", nil), ("-", nil), ("", nil), ("+1", nil), ("٥", nil),
        ] as [(String, Int64?)])
    func `is an integer only where it is written as one`(text: String, value: Int64?) {
        #expect(JSON.number(text).integerValue == value)
    }

    @Test func `is of one kind only`() {
        #expect(JSON.string("1").integerValue == nil)
        #expect(JSON.bool(true).boolValue == true && JSON.null.boolValue == nil)
        #expect(JSON.string("a").stringValue == "a" && JSON.number("1").stringValue == nil)
        #expect(JSON.array([.null]).arrayValue == [.null] && JSON.null.arrayValue == nil)
        #expect(JSON.object([]).objectValue == [] && JSON.array([]).objectValue == nil)
        #expect(JSON.array([])["a"] == nil && JSON.string("a")["a"] == nil)
    }

    @Test func `is equal by bytes`() {
        #expect(JSON.string("K") != .string("\u{212a}"))
        #expect(JSON.string("\u{e9}") != .string("e\u{301}"))
        #expect(JSON.members(("K", .null)) != .members(("\u{212a}", .null)))
        #expect(JSON.members(("a", .null)) == .members(("a", .null)))
        #expect(JSON.members(("a", .null)) != .members(("a", .bool(true))))
        #expect(JSON.number("1") != .string("1") && JSON.number("1") != .number("1.0"))
        #expect(JSON.null == .null && JSON.bool(true) != .bool(false) && JSON.array([.null]) != .array([]))
    }
}
