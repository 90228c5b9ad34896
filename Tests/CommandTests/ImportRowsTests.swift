import Keyturn
import SQLiteStorage
import Testing

@testable import Command

/// What an import file says, and what it must not be taken to say.
@Suite struct `An import file` {
    /// Each row as its line and what it says, or why not.
    func rows(_ text: String, pieces: Int = .max) throws -> [String] { try rows(Array(text.utf8), pieces: pieces) }

    func rows(_ bytes: [UInt8], pieces: Int = .max) throws -> [String] {
        var reader = ImportReader()
        var rows: [ImportRow] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            rows += try reader.read(Array(rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
        }
        rows += try reader.finish()
        return rows.map { row in
            switch row.content {
            case .success(let values):
                "\(row.line): \(values.email ?? "-") \(values.passwordHash ?? "-") \(values.verified ?? "-") \(values.disabled ?? "-")"
            case .failure(let refused): "\(row.line): refused: \(refused)"
            }
        }
    }

    static let known = "known members are email, password_hash, verified, disabled, external_id"

    @Test(arguments: [
        (#"{"email":"ann@example.com","verified":[]}"#, "verified has the wrong type"),
        (#"{"email":null}"#, "email has the wrong type"),
        (#"{"email":"ann@example.com","password_hash":5}"#, "password_hash has the wrong type"),
        (#"{"email":7}"#, "email has the wrong type"),
        (#"{"email":true}"#, "email has the wrong type"),
        (#"{"email":"ann@example.com","verfied":false}"#, "unknown member \"verfied\"; \(known)"),
        (#"{"email":"ann@example.com""#, "not a JSON object"),
        (#"["ann@example.com"]"#, "not a JSON object"),
    ])
    func `names a bad row and goes on`(row: String, why: String) throws {
        let before = #"{"email":"before@example.com"}"#
        let after = #"{"email":"after@example.com","disabled":true}"#
        #expect(
            try rows("\(before)\n\(row)\n\n\(after)\n") == [
                "1: before@example.com - - -", "2: refused: \(why)", "4: after@example.com - - true",
            ])
    }

    @Test func `names bad records of CSV and goes on`() throws {
        let text = """
            email,verified\r
            "a ""quoted""\nfield",true
            one@example.com\r
            "two"x,false
            three@example.com,false\r

            four@example.com,
            """
        let expected = [
            "2: a \"quoted\"\nfield - true -", "4: refused: 1 field, but the header has 2",
            "5: refused: text after a closing quote", "6: three@example.com - false -", "8: four@example.com -  -",
        ]
        #expect(try rows(text) == expected)
        for size in 1...40 { #expect(try rows(text, pieces: size) == expected) }
    }

    @Test func `says which lines an open quote has swallowed`() throws {
        #expect(
            try rows("email\n\"ann@example.com\nbob@example.com\n") == [
                "2: refused: a quote is never closed: lines 2 to 4 were not read"
            ])
        let long = String(repeating: "carl@example.com\n", count: 5000)
        let found = try rows("email\n\"ann@example.com\n\(long)")
        #expect(
            found[0] == "2: refused: longer than 65536 bytes, or a quote is never closed: lines 2 to 3857 were not read"
        )
        #expect(found.count == 1 + 5002 - 3857)
    }

    @Test func `refuses a row that is too long, and no other`() throws {
        let long = #"{"email":"\#(String(repeating: "a", count: 65_536))"}"#
        #expect(
            try rows("{}\n\(long)\n{}") == ["1: - - - -", "2: refused: longer than 65536 bytes", "3: - - - -"])
    }

    @Test func `refuses a row that is no UTF-8, and no other`() throws {
        #expect(
            try rows(Array("email\na".utf8) + [0xFF] + Array("\nb@example.com".utf8)) == [
                "2: refused: not UTF-8", "3: b@example.com - - -",
            ])
    }

    @Test(arguments: ["email,verfied\nann@example.com,false\n", "email,email\na,b\n", "password_hash\nx\n"])
    func `is refused whole when its header makes no sense`(text: String) {
        #expect(throws: CommandFailed.self) { try rows(text) }
    }

    @Test(arguments: [
        "\u{FEFF}email,verified\r\nann@example.com,false\r\n",
        "\u{FEFF}" + #"{"email":"ann@example.com","verified":false}"#,
    ])
    func `may begin with a byte order mark`(text: String) throws {
        #expect(try rows(text).map { $0.drop { $0 != " " } } == [" ann@example.com - false -"])
    }

    @Test func `means an empty cell by the words of databases for it`() throws {
        let text = "email,password_hash,verified\na@example.com,\\N,NULL\nb@example.com,,\n"
        #expect(
            try rows(text).map { $0.replacing(" ", with: "_") } == ["2:_a@example.com___-", "3:_b@example.com___-"])
        let json = #"{"email":"c@example.com","password_hash":null,"verified":null,"disabled":null}"#
        #expect(try rows(json).map { $0.replacing(" ", with: "_") } == ["1:_c@example.com___"])
    }

    @Test func `may be empty`() throws {
        #expect(try rows("") == [])
        #expect(try rows("\n\n") == [])
    }

    @Test(arguments: [
        (ImportRow.Values(verified: "true"), "email is missing"),
        (ImportRow.Values(email: "nobody"), "email is not an address: it must contain exactly one @"),
        (ImportRow.Values(email: "a@example.com", verified: "maybe"), "verified must be true or false, or a time"),
        (ImportRow.Values(email: "a@example.com", disabled: "2"), "disabled must be true or false, or a time"),
    ])
    func `is not believed where it makes no user`(values: ImportRow.Values, why: String) {
        #expect(throws: RowRefused(why)) { try values.user(HashJudge()) }
    }

    @Test func `makes users that are verified and enabled unless it says otherwise`() throws {
        let plain = try ImportRow.Values(email: "a@example.com").user(HashJudge())
        #expect(plain.user.isVerified && !plain.isDisabled)
        let empty = try ImportRow.Values(email: "a@example.com", verified: "", disabled: "").user(HashJudge())
        #expect(!empty.user.isVerified && !empty.isDisabled)
        let other = try ImportRow.Values(email: "a@example.com", verified: "no", disabled: "1").user(HashJudge())
        #expect(!other.user.isVerified && other.isDisabled)
    }
}
