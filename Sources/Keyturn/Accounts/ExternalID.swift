/// The app's own id of an account: opaque text, compared byte for byte. 1 to 256 bytes of UTF-8 without control characters; one account
/// has it at most.
package struct ExternalID: Sendable, Hashable {
    package let text: String

    package static let limitBytes = 256

    /// Why a text is no id, as the end of a sentence.
    package enum Refused: Error, Equatable {
        case empty
        case tooLong
        /// C0, DEL or C1.
        case controlCharacter

        package var words: String {
            switch self {
            case .empty: "it is empty"
            case .tooLong: "it is longer than \(ExternalID.limitBytes) bytes"
            case .controlCharacter: "it contains a control character"
            }
        }
    }

    package init(parsing text: String) throws(Refused) {
        guard !text.utf8.isEmpty else { throw .empty }
        guard text.utf8.count <= Self.limitBytes else { throw .tooLong }
        for scalar in text.unicodeScalars where scalar.properties.generalCategory == .control {
            throw .controlCharacter
        }
        self.text = text
    }

    /// Trusted: it comes from a store.
    package init(stored text: String) { self.text = text }

    package static func == (a: ExternalID, b: ExternalID) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }
}
