/// Bytes of JSON into the texts of its accounts: the elements of an array, those of the member `users` of an object (Firebase, Keycloak),
/// or objects that stand one after the other.
struct JSONElements {
    struct Element {
        /// Where it begins, counted from 1.
        let line: Int
        /// nil if it was longer than the limit.
        let bytes: [UInt8]?
    }

    private enum Top { case none, array, object }

    private let limit: Int
    private var line = 1
    private var top = Top.none
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// At which depth accounts stand; 0 for whole objects.
    private var elementDepth = 0
    /// Whether the object has a list of users, and so is no account itself.
    private var hasUsers = false
    /// The last text at depth 1 of an object, while it may be a name.
    private var name: [UInt8] = []
    private var element: [UInt8] = []
    private var elementLine: Int?
    private var isTooLong = false

    init(limit: Int) { self.limit = limit }

    /// - Throws: ``CommandFailed`` if this is no JSON.
    mutating func take(_ bytes: [UInt8]) throws -> [Element] {
        var found: [Element] = []
        for byte in bytes {
            if isInString {
                takeInString(byte)
            } else {
                try take(byte, into: &found)
            }
            if byte == 0x0A { line += 1 }
        }
        return found
    }

    mutating func finish() throws -> [Element] {
        guard depth == 0, !isInString else { throw CommandFailed("the file breaks off in the middle of its JSON") }
        return []
    }

    private mutating func takeInString(_ byte: UInt8) {
        append(byte)
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
        } else if depth == 1, top == .object, name.count < 64 {
            name.append(byte)
        }
    }

    private mutating func take(_ byte: UInt8, into found: inout [Element]) throws {
        switch byte {
        case UInt8(ascii: "\""):
            guard depth > 0 else { throw notJSON }
            append(byte)
            isInString = true
            if depth == 1 { name = [] }
        case UInt8(ascii: "{"), UInt8(ascii: "["): try open(byte)
        case UInt8(ascii: "}"), UInt8(ascii: "]"): try close(byte, into: &found)
        case UInt8(ascii: ","):
            if depth > 0, depth == elementDepth { end(into: &found) } else { append(byte) }
        case 0x09, 0x0A, 0x0D, 0x20:
            if elementLine != nil { append(byte) }
        default:
            guard depth > 0 else { throw notJSON }
            append(byte)
        }
    }

    private mutating func open(_ byte: UInt8) throws {
        let isArray = byte == UInt8(ascii: "[")
        if depth == 0 {
            guard top == .none || top == .object && !isArray else { throw notJSON }
            (top, elementDepth, name, hasUsers) = (isArray ? .array : .object, isArray ? 1 : 0, [], false)
            if !isArray { append(byte) }
        } else if depth == 1, top == .object, isArray, name.elementsEqual("users".utf8) {
            hasUsers = true
            elementDepth = 2
            (element, elementLine, isTooLong) = ([], nil, false)
        } else {
            append(byte)
        }
        depth += 1
        guard depth <= 512 else { throw CommandFailed("line \(line): JSON that is nested too deeply") }
    }

    private mutating func close(_ byte: UInt8, into found: inout [Element]) throws {
        guard depth > 0 else { throw notJSON }
        if depth == elementDepth {
            guard byte == UInt8(ascii: "]") else { throw notJSON }
            end(into: &found)
            depth -= 1
            if depth == 1 { (elementDepth, name) = (0, []) }
            return
        }
        append(byte)
        depth -= 1
        guard depth == 0 else { return }
        if hasUsers { (element, elementLine, isTooLong) = ([], nil, false) } else { end(into: &found) }
    }

    private var notJSON: CommandFailed { CommandFailed("line \(line): this is no JSON") }

    private mutating func append(_ byte: UInt8) {
        // What stands beside a list of users is no account.
        if hasUsers, elementDepth == 0 { return }
        if elementLine == nil { elementLine = line }
        if element.count < limit { element.append(byte) } else { isTooLong = true }
    }

    private mutating func end(into found: inout [Element]) {
        if let elementLine { found.append(Element(line: elementLine, bytes: isTooLong ? nil : element)) }
        (element, elementLine, isTooLong) = ([], nil, false)
    }
}
