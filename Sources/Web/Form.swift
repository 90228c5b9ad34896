import Cryptography
import HTTP
import Keyturn
import StrictJSON

/// The fields of a body. A field that is asked for must be there once and be a text; others are not looked at.
struct Form: Sendable {
    private enum Field { case text(String), notText, twice }

    private let fields: [JSON.Member]

    init(_ body: [UInt8], as type: BodyType) throws(Problem) {
        switch type {
        case .json: fields = try Self.members(of: body)
        case .form: fields = try Self.pairs(of: body)
        }
    }

    private static func members(of body: [UInt8]) throws(Problem) -> [JSON.Member] {
        let json: JSON
        do { json = try JSON(parsing: body, depthLimit: 8) } catch { throw .bodyRefused("The body is not valid JSON.") }
        guard let members = json.objectValue else { throw .bodyRefused("The body is not a JSON object.") }
        return members
    }

    private static func pairs(of body: [UInt8]) throws(Problem) -> [JSON.Member] {
        do {
            return try FormPairs(parsing: body).pairs.map { JSON.Member($0.name, .string($0.value)) }
        } catch {
            throw .bodyRefused("The body is not a form in UTF-8.")
        }
    }

    /// The texts of the given fields, in their order; or a problem that names every one that is missing or not a single text.
    func texts(_ names: String...) throws(Problem) -> [String] {
        var texts: [String] = []
        texts.reserveCapacity(names.count)
        var errors: [Problem.FieldError] = []
        for name in names {
            switch field(name) {
            case .text(let text): texts.append(text)
            case let other: errors.append(Self.error(about: other, name))
            }
        }
        guard errors.isEmpty else { throw .fieldsRefused(errors) }
        return texts
    }

    func text(_ name: String) throws(Problem) -> String {
        guard case .text(let text) = field(name) else { throw .fieldsRefused([Self.error(about: field(name), name)]) }
        return text
    }

    func optionalText(_ name: String) throws(Problem) -> String? {
        field(name) == nil ? nil : try text(name)
    }

    /// What was sent as that field; nil unless it is there once and is a text.
    func text(of name: String) -> String? {
        guard case .text(let text) = field(name) else { return nil }
        return text
    }

    /// How much of what was typed is shown again: the longest address there is (RFC 5321 §4.5.3.1.3, its angle brackets left out).
    static let echoBytesMax = 254

    /// The beginning of what was sent as that field, at most ``echoBytesMax``, if it was one text: to fill a form in again, never to act on.
    func echo(_ name: String) -> String? {
        guard case .text(let text) = field(name) else { return nil }
        guard text.utf8.count > Self.echoBytesMax else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: Self.echoBytesMax)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }

    /// The link's token, to be sent again with the form; nil if there is not one, or if it is longer than any of ours.
    var tokenToSendAgain: String? {
        guard case .text(let token) = field("token"), token.utf8.count <= ResetLinks.tokenLimitBytes else { return nil }
        return token
    }

    /// The one-time key of a form of ours; nil where there is none or it cannot be one: such a form works, alone.
    var submissionKey: SubmissionKey? {
        echo(SubmissionKey.field).flatMap(SubmissionKey.init(parsing:))
    }

    private func field(_ name: String) -> Field? {
        var found: Field?
        for field in fields where sameBytes(field.name, name) {
            guard found == nil else { return .twice }
            found = field.value.stringValue.map { .text($0) } ?? .notText
        }
        return found
    }

    private static func error(about field: Field?, _ name: String) -> Problem.FieldError {
        switch field {
        case nil: .init(field: name, code: "required", detail: "This field is missing.")
        case .twice: .init(field: name, code: "repeated", detail: "This field was sent more than once.")
        case .notText, .text: .init(field: name, code: "not_text", detail: "This field must be a single text.")
        }
    }
}
