import Cryptography

/// A form's one-time key: 128 random bits, made when the page is shown.
struct SubmissionKey: Sendable, Equatable {
    static let field = "submission"
    static let byteCount = 16

    let text: String

    static func random() -> SubmissionKey { SubmissionKey(Base64URL.encode(SecureRandom.bytes(byteCount))) }

    private init(_ text: String) { self.text = text }

    init?(parsing text: String) {
        guard text.utf8.count == 22, Base64URL.decode(text.utf8)?.count == Self.byteCount else { return nil }
        self.text = text
    }
}
