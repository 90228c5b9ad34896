/// Reads JSON strictly (RFC 8259): bytes in; one value or a refusal out, never two readings of one text.

extension JSON {
    /// Takes one value with nothing but white space around it: no trailing comma, no BOM, no duplicate names (compared
    /// after unescaping), no lone surrogates. U+0000 is a character like any other. Time is in proportion to the length.
    /// - Parameter bytes: as many as the caller lets in.
    /// - Parameter depthLimit: how many arrays and objects may lie in each other.
    package init(parsing bytes: [UInt8], depthLimit: Int = 32) throws(JSONRefused) {
        var parser = JSONParser(bytes: bytes, depthLimit: depthLimit)
        self = try parser.parse()
    }
}

private struct JSONParser {
    /// Up to here comparing a new name with each earlier one is quicker than hashing them all.
    static let fewNames = 8

    let bytes: [UInt8]
    let depthLimit: Int
    var position = 0
    var depth = 0

    init(bytes: [UInt8], depthLimit: Int) {
        self.bytes = bytes
        self.depthLimit = depthLimit
    }

    mutating func parse() throws(JSONRefused) -> JSON {
        let value = try readValue()
        skipBlanks()
        guard position == bytes.count else { throw .syntax(atByte: position) }
        return value
    }

    private mutating func readValue() throws(JSONRefused) -> JSON {
        skipBlanks()
        switch next {
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "{"): return try nested { (parser) throws(JSONRefused) in try parser.readObject() }
        case UInt8(ascii: "["): return try nested { (parser) throws(JSONRefused) in try parser.readArray() }
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        default: return .number(try readNumber())
        }
    }

    // MARK: Arrays and objects

    private mutating func nested(
        _ read: (inout JSONParser) throws(JSONRefused) -> JSON
    ) throws(JSONRefused) -> JSON {
        guard depth < depthLimit else { throw .tooDeep(limit: depthLimit) }
        depth += 1
        defer { depth -= 1 }
        position += 1
        return try read(&self)
    }

    private mutating func readArray() throws(JSONRefused) -> JSON {
        var elements: [JSON] = []
        if takeAfterBlanks(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try readValue())
            if takeAfterBlanks(UInt8(ascii: "]")) { return .array(elements) }
            guard takeAfterBlanks(UInt8(ascii: ",")) else { throw .syntax(atByte: position) }
        }
    }

    private mutating func readObject() throws(JSONRefused) -> JSON {
        var members: [JSON.Member] = []
        var names = Set<[UInt8]>()
        if takeAfterBlanks(UInt8(ascii: "}")) { return .object(members) }
        members.reserveCapacity(JSONParser.fewNames)
        while true {
            skipBlanks()
            let start = position
            guard next == UInt8(ascii: "\"") else { throw .syntax(atByte: start) }
            let name = try readString()
            guard JSONParser.isNew(name, among: members, names: &names) else { throw .duplicateName(atByte: start) }
            guard takeAfterBlanks(UInt8(ascii: ":")) else { throw .syntax(atByte: position) }
            members.append(JSON.Member(name, try readValue()))
            if takeAfterBlanks(UInt8(ascii: "}")) { return .object(members) }
            guard takeAfterBlanks(UInt8(ascii: ",")) else { throw .syntax(atByte: position) }
        }
    }

    /// - Parameter names: those of `members` as bytes, once they are many. (As strings they would be hashed in their
    ///   normal form, which takes quadratic time for a hostile run of combining marks.)
    private static func isNew(_ name: String, among members: [JSON.Member], names: inout Set<[UInt8]>) -> Bool {
        if members.count < fewNames { return members.indices.allSatisfy { !sameBytes(members[$0].name, name) } }
        if names.isEmpty { names = Set(members.map { Array($0.name.utf8) }) }
        return names.insert(Array(name.utf8)).inserted
    }

    // MARK: Strings

    /// - Precondition: a quotation mark is next.
    private mutating func readString() throws(JSONRefused) -> String {
        let start = position
        position += 1
        let (end, isASCII) = try plainRun()
        guard bytes[end] == UInt8(ascii: "\"") else { return try readStringWithEscapes(from: start) }
        let run = bytes[position..<end]
        position = end + 1
        // Nearly all strings are, and are made into one several times as fast.
        if isASCII { return String(decoding: run, as: UTF8.self) }
        guard let text = String(validating: run, as: UTF8.self) else { throw .invalidUTF8(atByte: start) }
        return text
    }

    private mutating func readStringWithEscapes(from start: Int) throws(JSONRefused) -> String {
        var content: [UInt8] = []
        while true {
            let end = try plainRun().end
            content += bytes[position..<end]
            position = end + 1
            if bytes[end] == UInt8(ascii: "\"") { break }
            try readEscape(into: &content)
        }
        guard let text = String(validating: content, as: UTF8.self) else { throw .invalidUTF8(atByte: start) }
        return text
    }

    /// - Returns: where the next quotation mark or backslash stands, and whether all before it is ASCII.
    private func plainRun() throws(JSONRefused) -> (end: Int, isASCII: Bool) {
        let bytes = bytes.span
        var index = position
        var bits: UInt8 = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return (index, bits < 0x80) }
            guard byte >= 0x20 else { break }
            bits |= byte
            index += 1
        }
        throw .syntax(atByte: index)
    }

    /// Reads what stands behind a backslash.
    private mutating func readEscape(into content: inout [UInt8]) throws(JSONRefused) {
        let escape = next
        position += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(escape)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0c)
        case UInt8(ascii: "n"): content.append(0x0a)
        case UInt8(ascii: "r"): content.append(0x0d)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content += UTF8.encode(try readScalar()) ?? UTF8.encodedReplacementCharacter
        default: throw .syntax(atByte: position - 1)
        }
    }

    /// Reads four hexadecimal digits, and the other half where they are the first of a surrogate pair.
    private mutating func readScalar() throws(JSONRefused) -> Unicode.Scalar {
        let start = position - 2
        let first = try readHexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), next == UInt8(ascii: "\\"), byte(after: 1) == UInt8(ascii: "u") else {
            throw .loneSurrogate(atByte: start)
        }
        position += 2
        let second = try readHexadecimal()
        guard UTF16.isTrailSurrogate(second) else { throw .loneSurrogate(atByte: start) }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private mutating func readHexadecimal() throws(JSONRefused) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            let digit =
                switch next {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): next - UInt8(ascii: "0")
                case UInt8(ascii: "a")...UInt8(ascii: "f"): next - UInt8(ascii: "a") + 10
                case UInt8(ascii: "A")...UInt8(ascii: "F"): next - UInt8(ascii: "A") + 10
                default: throw JSONRefused.syntax(atByte: position)
                }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    // MARK: Numbers and words

    /// number = [ minus ] int [ frac ] [ exp ] (RFC 8259 §6)
    private mutating func readNumber() throws(JSONRefused) -> String {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try readDigits() }
        if take(UInt8(ascii: ".")) { try readDigits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try readDigits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// At least one.
    private mutating func readDigits() throws(JSONRefused) {
        let start = position
        while (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) { position += 1 }
        guard position > start else { throw .syntax(atByte: position) }
    }

    private mutating func readWord(_ word: StaticString, _ value: JSON) throws(JSONRefused) -> JSON {
        let expected = Array(word.description.utf8)
        guard bytes[position...].starts(with: expected) else { throw .syntax(atByte: position) }
        position += expected.count
        return value
    }

    // MARK: Bytes

    /// The byte at the position; 0, which JSON knows nowhere outside a string, where the text is over.
    private var next: UInt8 { byte(after: 0) }

    private func byte(after count: Int) -> UInt8 {
        position + count < bytes.count ? bytes[position + count] : 0
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func takeAfterBlanks(_ byte: UInt8) -> Bool {
        skipBlanks()
        return take(byte)
    }

    private mutating func skipBlanks() {
        while true {
            switch next {
            case 0x20, 0x09, 0x0a, 0x0d: position += 1
            default: return
            }
        }
    }
}
