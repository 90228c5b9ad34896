import StrictJSON
import Testing

@Suite struct `Strict JSON` {
    private func parse(_ text: String, depthLimit: Int = 32) throws(JSONRefused) -> JSON {
        try JSON(parsing: Array(text.utf8), depthLimit: depthLimit)
    }

    @Test(arguments: [
        ("null", JSON.null), (" \t\r\ntrue \t\r\n", .bool(true)), ("false", .bool(false)),
        ("0", .number("0")), ("-0", .number("-0")), ("1e3", .number("1e3")), ("-12.50E-07", .number("-12.50E-07")),
        ("1E+2", .number("1E+2")), ("123456789012345678901234567890", .number("123456789012345678901234567890")),
        (#""""#, .string("")), (#""a""#, .string("a")), ("\"é☕\u{1F511}\"", .string("é☕\u{1F511}")),
        ("\"\u{7f}\"", .string("\u{7f}")),
        (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{c}\n\r\t")),
        (#""x\u0041\u00e9\u20AC\uD83D\uDD11y""#, .string("xA\u{e9}\u{20ac}\u{1f511}y")),
        (#""a\u0000b""#, .string("a\0b")), (#""\uFFFF""#, .string("\u{ffff}")),
        ("[]", .array([])), ("[ ]", .array([])),
        ("[1,[2],\"x\"]", .array([.number("1"), .array([.number("2")]), .string("x")])),
        ("{}", .object([])), ("{ }", .object([])),
        (#" { "b" : 1 , "a" : { "b" : null } } "#, .members(("b", .number("1")), ("a", .members(("b", .null))))),
        (#"{"":1}"#, .members(("", .number("1")))),
    ])
    func `takes what RFC 8259 allows`(text: String, value: JSON) throws {
        #expect(try parse(text) == value)
    }

    @Test(arguments: [
        ("", 0), (" ", 1), ("tru", 0), ("True", 0), ("nul", 0), ("nullx", 4), ("1 2", 2), ("[1]]", 3),
        ("\u{FEFF}1", 0), ("\u{a0}1", 0), ("\u{c}1", 0), ("\01", 0), ("1\0", 1),
        ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("[1", 2), ("[", 1), ("[1}", 2), ("]", 0),
        (#"{"a":1,}"#, 7), (#"{"a" 1}"#, 5), (#"{a:1}"#, 1), (#"{"a":}"#, 5), (#"{"a"}"#, 4), ("{", 1), (#"{"a":1"#, 6),
        ("{,}", 1),
        (#"{1:1}"#, 1), (#"{'a':1}"#, 1), (#"{"a":1 "b":2}"#, 7), ("// c\n1", 0), ("1 // c", 2), ("NaN", 0),
        ("Infinity", 0),
        ("01", 1), ("-", 1), ("+1", 0), (".5", 0), ("1.", 2), ("1.e3", 2), ("1e", 2), ("1e+", 3), ("-01", 2),
        ("0x1", 1), ("1_0", 1), ("٥", 0),
        ("\"", 1), ("\"a", 2), ("\"a\nb\"", 2), ("\"\u{1f}\"", 1), ("\"\u{0}\"", 1), (#""\"#, 2), (#""\x""#, 2),
        (#""\a""#, 2), (#""\U0041""#, 2),
        (#""\u""#, 3), (#""\u12""#, 5), (#""\u12G4""#, 5), (#""\u+123""#, 3), (#""\uD83D\uZZZZ""#, 9),
    ])
    func `refuses what RFC 8259 does not allow`(text: String, position: Int) {
        #expect(throws: JSONRefused.syntax(atByte: position)) { try parse(text) }
    }

    @Test(
        arguments: [
            [0x80], [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80],
            [0xf5, 0x80, 0x80, 0x80],
            [0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x94],
        ] as [[UInt8]])
    func `refuses what is not UTF-8, with escapes beside it and without`(bytes: [UInt8]) {
        #expect(throws: JSONRefused.invalidUTF8(atByte: 1)) {
            try JSON(parsing: Array("[\"a".utf8) + bytes + Array("\"]".utf8))
        }
        #expect(throws: JSONRefused.invalidUTF8(atByte: 0)) {
            try JSON(parsing: Array("\"\\n".utf8) + bytes + Array("\"".utf8))
        }
        #expect(throws: JSONRefused.invalidUTF8(atByte: 1)) {
            try JSON(parsing: Array("{\"".utf8) + bytes + Array("\":1}".utf8))
        }
    }

    @Test(arguments: [
        #""\uD83D""#, #""\uDD11""#, #""\uD83Dx""#, #""\uD83D\n""#, #""\uD83D\u0041""#, #""\uD83D\uD83D""#,
        #""\uDD11\uD83D""#,
    ])
    func `refuses half a surrogate pair`(text: String) {
        #expect(throws: JSONRefused.loneSurrogate(atByte: 1)) { try parse(text) }
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, 7), (#"{"a":1,"\u0061":2}"#, 7), (#"{"x":{"é":1,"b":2,"\u00e9":3}}"#, 19),
        (#"{"":1,"":1}"#, 6),
    ])
    func `refuses a name that stands twice in one object, however it is spelled`(text: String, position: Int) {
        #expect(throws: JSONRefused.duplicateName(atByte: position)) { try parse(text) }
    }

    @Test func `takes names that only look alike, and one name in different objects`() throws {
        let value = try parse(#"{"K":1,"\#u{212a}":2,"k":3,"\u00e9":4,"e\u0301":5,"a":{"K":6}}"#)
        #expect(value["K"] == .number("1"))
        #expect(value["\u{212a}"] == .number("2"))
        #expect(value["e\u{301}"] == .number("5"))
        #expect(value["é"] == .number("4"))
        #expect(value["a"]?["K"] == .number("6"))
        #expect(value["A"] == nil)
    }

    @Test(arguments: 1...40)
    func `finds a second name among any number`(count: Int) throws {
        let names = (0..<count).map { "\"name\($0)\":\($0)" }.joined(separator: ",")
        #expect(try parse("{\(names)}").objectValue?.count == count)
        for again in 0..<count {
            #expect(throws: JSONRefused.duplicateName(atByte: names.utf8.count + 2)) {
                try parse("{\(names),\"name\(again)\":0}")
            }
        }
    }

    @Test func `takes values in each other up to the limit`() throws {
        #expect(try parse("[[{\"a\":[1]}]]", depthLimit: 4).arrayValue?.count == 1)
        #expect(throws: JSONRefused.tooDeep(limit: 3)) { try parse("[[{\"a\":[1]}]]", depthLimit: 3) }
        #expect(throws: JSONRefused.tooDeep(limit: 0)) { try parse("{}", depthLimit: 0) }
        #expect(try parse("[[],[],[]]", depthLimit: 2).arrayValue?.count == 3)
        #expect(throws: JSONRefused.tooDeep(limit: 32)) { try parse(String(repeating: "[", count: 100_000)) }
        #expect(throws: JSONRefused.tooDeep(limit: 32)) { try parse(String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test func `refuses every beginning of a text`() throws {
        let whole = Array(#"{"a":[1,-2.5e1,"\u00e9\uD83D\uDD11é"],"b":{"c":null,"d":true},"e":""}"#.utf8)
        #expect(try JSON(parsing: whole).objectValue?.count == 3)
        for count in 0..<whole.count {
            #expect(throws: JSONRefused.self, "\(count) bytes") { try JSON(parsing: Array(whole.prefix(count))) }
        }
    }

    @Test func `survives every single byte changed to every other`() {
        let whole = Array(#"{"a":[1,-2.5e1,"\u00e9\uD83D\uDD11é"],"b":{"c":null}}"#.utf8)
        for index in whole.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = whole
                changed[index] = byte
                guard let value = try? JSON(parsing: changed) else { continue }
                // What is taken has one meaning: written and read again it is the same.
                let again = try? JSON(parsing: value.write())
                if again != value { Issue.record("byte \(index) as \(byte)") }
            }
        }
    }

    @Test func `takes a long run of combining marks in linear time`() throws {
        let marks = String(repeating: "\u{301}", count: 32_000)
        let members = (0..<12).map { "\"\($0)\(marks)\":0" }.joined(separator: ",")
        let clock = ContinuousClock()
        var value = JSON.null
        let time = try clock.measure { value = try parse("{\(members)}") }
        #expect(value.objectValue?.count == 12)
        #expect(time < .seconds(1))
    }
}
