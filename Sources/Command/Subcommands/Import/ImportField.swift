import Keyturn

/// What an import file can say about an account.
enum ImportField: String, CaseIterable, Sendable {
    case email
    case passwordHash = "password_hash"
    case verified
    case disabled
    case externalID = "external_id"

    static let list = allCases.map(\.rawValue).joined(separator: ", ")

    /// Without its case, blanks around it, and blanks or hyphens for underscores.
    static func normal(_ name: String) -> String {
        let bytes = Array(name.utf8)
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        let lowered = bytes[first...last].map { byte -> UInt8 in
            switch byte {
            case 0x41...0x5A: byte | 0x20
            case 0x20, 0x2D: 0x5F
            default: byte
            }
        }
        return String(decoding: lowered, as: UTF8.self)
    }

    init?(named name: String) {
        guard let field = Self.byName[Self.normal(name)] else { return nil }
        self = field
    }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })
}

/// One row of an import file, read but not yet believed.
struct ImportRow: Sendable {
    /// What the file says about an account; nil if it has no such column or member, empty if the cell is empty or null. Without the blanks
    /// around it.
    struct Values: Sendable, Equatable {
        var email: String?
        var passwordHash: String?
        var verified: String?
        var disabled: String?
        var externalID: String?

        subscript(field: ImportField) -> String? {
            get {
                switch field {
                case .email: email
                case .passwordHash: passwordHash
                case .verified: verified
                case .disabled: disabled
                case .externalID: externalID
                }
            }
            set {
                switch field {
                case .email: email = newValue
                case .passwordHash: passwordHash = newValue
                case .verified: verified = newValue
                case .disabled: disabled = newValue
                case .externalID: externalID = newValue
                }
            }
        }
    }

    /// Where it begins, counted from 1.
    let line: Int
    let content: Result<Values, RowRefused>
}

/// Why one row cannot be imported, in words that do not repeat its values.
struct RowRefused: Error, Equatable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A text of a file without the blanks around it; U+00A0 is one.
func withoutOuterBlanks(_ text: String) -> String {
    let isBlank: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\u{A0}" || $0 == "\r" || $0 == "\n" }
    let scalars = text.unicodeScalars
    guard let first = scalars.first, let last = scalars.last, isBlank(first) || isBlank(last) else { return text }
    guard let start = scalars.firstIndex(where: { !isBlank($0) }), let end = scalars.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(scalars[start...end])
}
