import Testing

@testable import Command

/// What an import file says, and what it must not be taken to say.
@Suite struct `An import file` {
    @Test(arguments: [
        #"{"email":"ann@example.com","verified":0}"#,
        #"{"email":"ann@example.com","verified":null}"#,
        #"{"email":"ann@example.com","password_hash":5}"#,
        #"{"email":7}"#,
    ])
    func `is refused when a value has another type`(text: String) {
        #expect(throws: CommandFailed.self) { try ImportRows.read(text) }
    }

    @Test(arguments: [#"{"email":"ann@example.com","verfied":false}"#, "email,verfied\nann@example.com,false\n"])
    func `is refused when a name is misspelt`(text: String) {
        #expect(throws: CommandFailed.self) { try ImportRows.read(text) }
    }

    @Test func `is refused when a column stands there twice`() {
        #expect(throws: CommandFailed.self) { try ImportRows.read("email,email\nann@example.com,bob@example.com\n") }
    }

    @Test(arguments: [
        "\u{FEFF}email,verified\r\nann@example.com,false\r\n",
        "\u{FEFF}" + #"{"email":"ann@example.com","verified":false,"password_hash":null}"#,
    ])
    func `may begin with a byte order mark`(text: String) throws {
        let rows = try ImportRows.read(text)
        #expect(rows.map(\.values) == [["email": "ann@example.com", "verified": "false"]])
    }
}
