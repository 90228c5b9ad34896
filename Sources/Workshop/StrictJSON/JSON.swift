/// A JSON value (RFC 8259). Object members keep their order; names are unique by their bytes, and texts are compared so.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// As written, e.g. `1e3`: read it with an accessor for integers. To build one, write it as RFC 8259 §6 says.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    package struct Member: Sendable, Equatable {
        package let name: String
        package let value: JSON

        package init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }

        package static func == (a: Member, b: Member) -> Bool { sameBytes(a.name, b.name) && a.value == b.value }
    }

    // Not the synthesized one: `String ==` takes the Kelvin sign for a K.
    package static func == (a: JSON, b: JSON) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)), (.string(let a), .string(let b)): sameBytes(a, b)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }
}

extension JSON {
    /// Builds an object: `.members(("a", .string("b")))`. Names must differ.
    package static func members(_ members: (String, JSON)...) -> JSON { .object(members.map { Member($0.0, $0.1) }) }

    package static func integer(_ value: Int64) -> JSON { .number(String(value)) }
}

extension JSON {
    /// The member's value, its name compared by bytes; nil where absent or not an object.
    package subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        // By their places: each member that is looked at would be copied.
        for place in members.indices where sameBytes(members[place].name, name) { return members[place].value }
        return nil
    }

    package var stringValue: String? { if case .string(let value) = self { value } else { nil } }

    package var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

    package var arrayValue: [JSON]? { if case .array(let value) = self { value } else { nil } }

    package var objectValue: [Member]? { if case .object(let value) = self { value } else { nil } }

    /// Only digits with an optional minus, no fraction or exponent, within Int64. (`-0` is 0.)
    package var integerValue: Int64? {
        guard case .number(let text) = self else { return nil }
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        // `Int64` takes a plus sign too.
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int64(text)
    }
}

/// Whether two texts are the same byte for byte: `==` takes canonically equivalent ones for equal.
package func sameBytes(_ a: String, _ b: String) -> Bool {
    let (a, b) = (a.utf8.span, b.utf8.span)
    guard a.count == b.count else { return false }
    for index in a.indices where a[index] != b[index] { return false }
    return true
}
