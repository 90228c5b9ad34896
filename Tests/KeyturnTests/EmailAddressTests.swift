/// Which texts are addresses, and when two are one.
import Keyturn
import Testing

@Suite struct `An email address` {
    @Test(arguments: [
        "ann@example.com", "a@b.co", "Ann.Smith+shop@sub.example.co.uk", "o'brien@example.com", "a_b-c@x-y.example",
        "!#$%&'*+-/=?^_`{}~@example.com", "1@2.example", "ann@localhost", "ann@LOCALHOST", "jörg@bücher.example",
        "用户@例子.公司", "अजय@डाटा.भारत", "a..b@example.com", ".ann@example.com", "ann.@example.com",
        "mobile..0511@example.com", "ann@example",
        "admin@intranet", "ann@xn--bcher-kva.example", "joe\u{308}l@example.com",
    ])
    func `is accepted and kept as it was typed`(text: String) throws {
        #expect(try Array(EmailAddress(parsing: text).text.utf8) == Array(text.utf8))
    }

    @Test(
        arguments: [
            ("", .empty), ("   ", .empty), (" \t ", .empty),
            ("ann", .noSingleAt), ("ann@b@example.com", .noSingleAt), ("@", .localPart), ("@example.com", .localPart),
            ("ann@", .domain), (".@example.com", .localPart), ("...@example.com", .localPart),
            ("\"ann\"@example.com", .localPart), ("ann(x)@example.com", .localPart),
            ("<ann@example.com>", .localPart), ("a\\b@example.com", .localPart), ("a:b@example.com", .localPart),
            ("ann@4711", .domain), ("ann@\u{212A}ate.example", .domain),
            ("ann@\(String(repeating: "ü", count: 62)).example", .domain),
            ("ann@example.", .domain), ("ann@.example.com", .domain), ("ann@a..com", .domain),
            ("ann@-a.example", .domain), ("ann@a-.example", .domain), ("ann@a_b.example", .domain),
            ("ann@[127.0.0.1]", .domain), ("ann@127.0.0.1", .domain), ("ann@example.com>", .domain),
            ("ann@exa!mple.com", .domain), ("ann@localhost.", .domain), ("ann@example\u{3002}com", .domain),
            ("ann\u{FF20}example.com", .noSingleAt), ("ann\u{FF0C}bob@example.com", .localPart),
            ("💩@example.com", .localPart),
            ("a@example.com,b@example.com", .separator), ("a@example.com;b@example.com", .separator),
            ("a@example.com|b@example.com", .separator), ("a@example.com b@example.com", .separator),
            ("an n@example.com", .separator), ("a@exam ple.com", .separator),
            ("a@example.com\nb@example.com", .controlCharacter),
            ("a@example.com\r\nBcc: b@example.com", .controlCharacter),
            ("ann@example.com\n", .controlCharacter), ("ann\u{0}@example.com", .controlCharacter),
            ("ann@example.com\u{0}", .controlCharacter), ("an\tn@example.com", .controlCharacter),
            ("ann\u{7F}@example.com", .controlCharacter), ("ann\u{85}@example.com", .controlCharacter),
            ("ann\u{200B}@example.com", .invisibleCharacter), ("ann\u{200D}@example.com", .invisibleCharacter),
            ("\u{202E}ann@example.com", .invisibleCharacter), ("ann@exam\u{AD}ple.com", .invisibleCharacter),
            ("ann\u{2066}@example.com", .invisibleCharacter), ("ann@example.com\u{FEFF}", .invisibleCharacter),
            ("ann\u{3164}@example.com", .invisibleCharacter), ("an\u{A0}n@example.com", .invisibleCharacter),
            ("ann\u{2028}@example.com", .invisibleCharacter), ("ann\u{E0041}@example.com", .invisibleCharacter),
            ("ann\u{FE0F}@example.com", .invisibleCharacter),
        ] as [(String, EmailAddress.Refused)])
    func `is refused, and why`(text: String, refused: EmailAddress.Refused) {
        #expect(throws: refused) { try EmailAddress(parsing: text) }
    }

    @Test(
        arguments: [
            (" ", "it is empty"), (String(repeating: "a", count: 243) + "@example.com", "it is longer than 254 bytes"),
            ("ann@bob@example.com", "it must contain exactly one @"),
            ("@example.com", "the part before the @ is not a valid mailbox name"),
            ("ann@exa!mple", "the part after the @ is not a valid domain name"),
            ("ann\u{0}@example.com", "it contains a control character"),
            ("ann@example.com,bob@example.com", "it contains a space, comma, semicolon or vertical bar"),
            ("ann\u{200B}@example.com", "it contains an invisible character"),
        ])
    func `that is refused has words for the operator`(text: String, words: String) {
        let refused = #expect(throws: EmailAddress.Refused.self) { try EmailAddress(parsing: text) }
        #expect(refused?.words == words)
    }

    @Test func `loses the blanks around it and nothing else`() throws {
        #expect(try EmailAddress(parsing: "\u{A0} \t ann@example.com\t \u{A0}").text == "ann@example.com")
    }

    @Test func `has at most 254 bytes, 64 before the at sign and 63 a label`() throws {
        let label = String(repeating: "a", count: 61)
        let domain = "\(label).\(label).\(label).com"
        #expect(domain.utf8.count == 189)
        #expect(throws: Never.self) { try EmailAddress(parsing: String(repeating: "b", count: 64) + "@" + domain) }
        #expect(throws: EmailAddress.Refused.tooLong(limitBytes: 254)) {
            try EmailAddress(parsing: String(repeating: "b", count: 65) + "@" + domain)
        }
        #expect(throws: EmailAddress.Refused.localPart) {
            try EmailAddress(parsing: String(repeating: "b", count: 65) + "@example.com")
        }
        #expect(throws: EmailAddress.Refused.localPart) {
            try EmailAddress(parsing: String(repeating: "ö", count: 33) + "@example.com")
        }
        #expect(throws: Never.self) { try EmailAddress(parsing: "b@" + String(repeating: "a", count: 63) + ".com") }
        #expect(throws: EmailAddress.Refused.domain) {
            try EmailAddress(parsing: "b@" + String(repeating: "a", count: 64) + ".com")
        }
    }

    @Test func `is measured before anything else, whatever it is made of`() {
        let marks = "e" + String(repeating: "\u{301}", count: 60_000) + "@example.com"
        #expect(throws: EmailAddress.Refused.tooLong(limitBytes: 254)) { try EmailAddress(parsing: marks) }
    }

    @Test func `has a hash of all its bytes and their number`() {
        let addresses =
            addressesAlike(90).flatMap { [$0.0, $0.1] } + ["", "\u{0}", "\u{0}\u{0}"].map(EmailAddress.init(stored:))
        #expect(Set(addresses.map(\.hashValue)).count == addresses.count)
    }

    @Test func `is the same in capitals from A to Z, and so is its hash and key`() {
        let one = EmailAddress(stored: "Ann@Example.COM"), other = EmailAddress(stored: "ann@example.com")
        #expect(one == other)
        #expect(Set([one, other]).count == 1)
        #expect(one.comparisonKey == "ann@example.com")
        #expect(one.text == "Ann@Example.COM")
    }

    @Test(arguments: [
        ("kate@example.com", "\u{212A}ate@example.com"), ("isa@example.com", "\u{131}sa@example.com"),
        ("isa@example.com", "\u{130}sa@example.com"), ("sue@example.com", "\u{17F}ue@example.com"),
        ("joël@example.com", "joe\u{308}l@example.com"), ("ÄNN@example.com", "änn@example.com"),
        ("ann@example.com", "\u{FF41}nn@example.com"), ("ann@example.com", "\u{430}nn@example.com"),
        ("strasse@example.com", "straße@example.com"), ("a@strasse.example", "a@straße.example"),
        ("a@kate.example", "a@\u{212A}ate.example"), ("a@mueller.example", "a@müller.example"),
        ("MÜLLER@example.com", "müller@example.com"), ("a@example.com", "a@example.com\u{0}"),
        ("[@example.com", "{@example.com"),
    ])
    func `that looks alike is another`(one: String, other: String) {
        let one = EmailAddress(stored: one), other = EmailAddress(stored: other)
        #expect(one != other)
        #expect(Set([one, other]).count == 2)
        #expect(Array(one.comparisonKey.utf8) != Array(other.comparisonKey.utf8))
    }

    @Test(arguments: [
        ("hans@müller.example", "HANS@xn--MLLER-kva.example"), ("a@MÜLLER.example", "a@mu\u{308}ller.example"),
        ("a@bücher.müller.example", "a@bücher.xn--mller-kva.example"),
    ])
    func `is the same in either spelling of its domain`(one: String, other: String) {
        let one = EmailAddress(stored: one), other = EmailAddress(stored: other)
        #expect(one == other && one.comparisonKey == other.comparisonKey)
        #expect(Set([one, other]).count == 1)
        #expect(!one.isSpelled(like: other))
    }

    @Test(arguments: [
        ("ann@example.com", "ann@example.com"), ("mobile..0511@example.com", #""mobile..0511"@example.com"#),
        (".a@example.com", #"".a"@example.com"#), ("a.@müller.example", #""a."@xn--mller-kva.example"#),
        ("用户@example.com", "用户@example.com"), ("hans@MÜLLER.example", "hans@xn--mller-kva.example"),
    ])
    func `is mailed in a form that mail servers take`(stored: String, mailed: String) {
        #expect(EmailAddress(stored: stored).mailable == mailed)
    }

    @Test func `is not printed`() {
        #expect("\(EmailAddress(stored: "ann@example.com"))" == "EmailAddress(…)")
        #expect(String(reflecting: [EmailAddress(stored: "ann@example.com")]) == "[EmailAddress(…)]")
    }
}
