/// Which texts are an app's own ids.
import Keyturn
import Testing

@Suite struct `An external id` {
    @Test(arguments: [
        "4711", "8c6f0a0e-0000-4000-8000-000000000001", " x ", "ü", "a/b?c", String(repeating: "a", count: 256),
    ])
    func `is kept byte for byte`(text: String) throws {
        #expect(try Array(ExternalID(parsing: text).text.utf8) == Array(text.utf8))
    }

    @Test(
        arguments: [
            ("", .empty), (String(repeating: "a", count: 257), .tooLong),
            (String(repeating: "ü", count: 129), .tooLong),
            ("a\nb", .controlCharacter), ("\u{0}", .controlCharacter), ("a\u{7F}", .controlCharacter),
            ("a\u{85}", .controlCharacter),
        ] as [(String, ExternalID.Refused)])
    func `is refused`(text: String, why: ExternalID.Refused) {
        #expect(throws: why) { try ExternalID(parsing: text) }
    }

    @Test func `is another one if a byte differs`() {
        #expect(ExternalID(stored: "\u{E9}") != ExternalID(stored: "e\u{301}"))
        #expect(ExternalID(stored: "A") != ExternalID(stored: "a"))
        #expect(Set([ExternalID(stored: "K"), ExternalID(stored: "\u{212A}")]).count == 2)
    }
}
