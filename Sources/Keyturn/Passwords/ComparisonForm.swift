import Foundation

/// The form in which passwords, names and lists are compared.
enum ComparisonForm {
    /// NFC, without differences of case in any script (ß is ss, ς is σ).
    static func of(_ text: String) -> String {
        // Nearly every line of a list; takes no tables.
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            return String(decoding: text.utf8.map(\.loweredInASCII), as: UTF8.self)
        }
        return text.precomposedStringWithCanonicalMapping.uppercased().lowercased()
    }
}
