/// The small sentences of the configuration: conditions on an account's row, what a reset sets besides the hash, and which rows it
/// deletes. Pure: text in, a value or a refusal out. Names are checked against the catalogue later.

/// What a sentence says wrong, as the end of a sentence.
struct SentenceRefused: Error, Equatable {
    let words: String
}

enum Literal: Sendable, Equatable {
    case boolean(Bool)
    case integer(Int64)
    case text(String)
}

/// A moment, as the app's column spells it.
enum Moment: Sendable, Equatable {
    /// By the column's type.
    case byColumn
    /// `2026-01-31 12:00:00`, UTC.
    case sql
    /// `2026-01-31T12:00:00.000Z`.
    case iso
    case seconds, milliseconds
}

/// Something that must hold of an account's row.
struct Condition: Sendable, Equatable {
    enum Test: Sendable, Equatable {
        case isNull, isNotNull
        case equals(Literal), differs(Literal)
        /// At least one.
        case isAnyOf([Literal])
        case isPast(Moment), isAhead(Moment)
    }

    let column: String
    let test: Test
    /// Whether an empty column is as good.
    let orNull: Bool
}

/// What a reset writes into another column of the same row.
struct Assignment: Sendable, Equatable {
    enum Value: Sendable, Equatable {
        case literal(Literal)
        case null
        case now(Moment)
        /// Letters and digits.
        case random(Int)
        /// A–Z and 2–7.
        case base32(Int)
        case uuid
    }

    let column: String
    let value: Value
}

/// Rows of another table that belong to the account and end with its password.
struct Deletion: Sendable, Equatable {
    let table: String
    let column: String
    /// Whether the column holds the account's address instead of its id.
    let isByEmail: Bool
}

/// Words, numbers, quoted texts and signs, in the order of the sentence.
private struct Tokens {
    enum Token: Equatable {
        /// As written.
        case word(String)
        /// In double quotes: never a keyword.
        case name(String)
        case text(String)
        case sign(String)
    }

    private var rest: ArraySlice<Token>

    init(_ sentence: String) throws(SentenceRefused) {
        var tokens: [Token] = []
        var bytes = Array(sentence.utf8)[...]
        while let first = bytes.first {
            switch first {
            case UInt8(ascii: " "), UInt8(ascii: ","): bytes.removeFirst()
            case UInt8(ascii: "'"): tokens.append(.text(try Self.quoted(&bytes)))
            case UInt8(ascii: "\""): tokens.append(.name(try Self.quoted(&bytes)))
            case UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "!"), UInt8(ascii: "."):
                bytes.removeFirst()
                var sign = String(UnicodeScalar(first))
                if first == UInt8(ascii: "!"), bytes.first == UInt8(ascii: "=") {
                    bytes.removeFirst()
                    sign += "="
                }
                tokens.append(.sign(sign))
            default:
                let word = bytes.prefix { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "$")
                        || byte >= 0x80
                }
                guard !word.isEmpty else {
                    throw SentenceRefused(words: "contains a character that has no meaning here")
                }
                tokens.append(.word(String(decoding: word, as: UTF8.self)))
                bytes = bytes.dropFirst(word.count)
            }
        }
        rest = tokens[...]
    }

    /// A doubled quote stands for one.
    private static func quoted(_ bytes: inout ArraySlice<UInt8>) throws(SentenceRefused) -> String {
        guard let quote = bytes.popFirst() else { return "" }
        var text: [UInt8] = []
        while let byte = bytes.popFirst() {
            if byte != quote {
                text.append(byte)
            } else if bytes.first == quote {
                bytes.removeFirst()
                text.append(quote)
            } else {
                return String(decoding: text, as: UTF8.self)
            }
        }
        throw SentenceRefused(words: "has a quote that does not end")
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func name() throws(SentenceRefused) -> String {
        switch rest.popFirst() {
        case .word(let word), .name(let word):
            guard !word.isEmpty, !word.utf8.contains(0) else { break }
            return word
        default: break
        }
        throw SentenceRefused(words: "must begin with the name of a column")
    }

    /// Takes the words if they come next.
    mutating func take(_ words: String...) -> Bool {
        guard rest.prefix(words.count).elementsEqual(words.map(Token.word)) else { return false }
        rest = rest.dropFirst(words.count)
        return true
    }

    mutating func take(sign: String) -> Bool {
        guard rest.first == .sign(sign) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(upTo limit: Int) throws(SentenceRefused) -> Int {
        guard case .word(let word) = rest.first, let number = Int(word), (1...limit).contains(number) else {
            throw SentenceRefused(words: "needs a length from 1 to \(limit)")
        }
        rest.removeFirst()
        return number
    }

    mutating func moment() -> Moment? {
        guard take("now") else { return nil }
        if take("sql") { return .sql }
        if take("iso") { return .iso }
        if take("seconds") { return .seconds }
        if take("milliseconds") { return .milliseconds }
        return .byColumn
    }

    mutating func literal() -> Literal? {
        switch rest.first {
        case .text(let text):
            guard !text.utf8.contains(0) else { return nil }
            rest.removeFirst()
            return .text(text)
        case .word("true"):
            rest.removeFirst()
            return .boolean(true)
        case .word("false"):
            rest.removeFirst()
            return .boolean(false)
        case .word(let word):
            guard let number = Int64(word) else { return nil }
            rest.removeFirst()
            return .integer(number)
        default: return nil
        }
    }

    func end() throws(SentenceRefused) {
        guard isAtEnd else { throw SentenceRefused(words: "goes on behind its end") }
    }
}

extension Condition {
    static let forms =
        "must be like: column = true, column = 'text', column != 1, column in 0, 3, column is null, column is not null, column > now"

    init(_ sentence: String) throws(SentenceRefused) {
        var tokens = try Tokens(sentence)
        let column = try tokens.name()
        let test: Test
        if tokens.take("is", "null") {
            test = .isNull
        } else if tokens.take("is", "not", "null") {
            test = .isNotNull
        } else if tokens.take(sign: "=") {
            guard let literal = tokens.literal() else { throw SentenceRefused(words: Self.forms) }
            test = .equals(literal)
        } else if tokens.take(sign: "!=") {
            guard let literal = tokens.literal() else { throw SentenceRefused(words: Self.forms) }
            test = .differs(literal)
        } else if tokens.take(sign: "<") {
            guard let moment = tokens.moment() else { throw SentenceRefused(words: Self.forms) }
            test = .isPast(moment)
        } else if tokens.take(sign: ">") {
            guard let moment = tokens.moment() else { throw SentenceRefused(words: Self.forms) }
            test = .isAhead(moment)
        } else if tokens.take("in") {
            var literals: [Literal] = []
            while let literal = tokens.literal() { literals.append(literal) }
            guard !literals.isEmpty else { throw SentenceRefused(words: Self.forms) }
            test = .isAnyOf(literals)
        } else {
            throw SentenceRefused(words: Self.forms)
        }
        let orNull = tokens.take("or", "null")
        try tokens.end()
        (self.column, self.test, self.orNull) = (column, test, orNull)
    }
}

extension Assignment {
    static let forms =
        "must be like: column = now, column = null, column = 0, column = 'text', column = random 60, column = base32 32, column = uuid"
    /// The longest random text.
    static let randomMax = 255

    init(_ sentence: String) throws(SentenceRefused) {
        var tokens = try Tokens(sentence)
        let column = try tokens.name()
        guard tokens.take(sign: "=") else { throw SentenceRefused(words: Self.forms) }
        let value: Value
        if let moment = tokens.moment() {
            value = .now(moment)
        } else if tokens.take("null") {
            value = .null
        } else if tokens.take("random") {
            value = .random(try tokens.number(upTo: Self.randomMax))
        } else if tokens.take("base32") {
            value = .base32(try tokens.number(upTo: Self.randomMax))
        } else if tokens.take("uuid") {
            value = .uuid
        } else if let literal = tokens.literal() {
            value = .literal(literal)
        } else {
            throw SentenceRefused(words: Self.forms)
        }
        try tokens.end()
        (self.column, self.value) = (column, value)
    }
}

extension Deletion {
    static let forms = "must be like: sessions.user_id, or password_reset_tokens.email = email"

    init(_ sentence: String) throws(SentenceRefused) {
        var tokens = try Tokens(sentence)
        var names = [try tokens.name()]
        while tokens.take(sign: ".") { names.append(try tokens.name()) }
        guard names.count == 2 || names.count == 3, let column = names.popLast() else {
            throw SentenceRefused(words: Self.forms)
        }
        var isByEmail = false
        if tokens.take(sign: "=") {
            isByEmail = tokens.take("email")
            guard isByEmail || tokens.take("id") else { throw SentenceRefused(words: Self.forms) }
        }
        guard tokens.isAtEnd else { throw SentenceRefused(words: Self.forms) }
        (table, self.column, self.isByEmail) = (names.joined(separator: "."), column, isByEmail)
    }
}
