import HTTP
import Keyturn

/// What a request asks of one account.
enum UserAPIOperation: Sendable, Equatable {
    case read, put, erase
    case invite, expire, revokeLinks, mail, link
}

/// `/users/{external_id}` or `/users/{external_id}/{verb}`.
struct UserAPIPlace: Sendable {
    private static let verbs: [(name: String, operation: UserAPIOperation)] = [
        ("invite", .invite), ("expire", .expire), ("revoke-links", .revokeLinks), ("mail", .mail), ("link", .link),
    ]

    /// The id as it came, percent-encoded.
    private let encodedID: Substring.UTF8View
    private let verb: String?

    /// nil if the path is not the API's.
    init?(of request: Request) {
        let path = Substring(request.path)
        guard path.utf8.starts(with: "/users/".utf8) else { return nil }
        let parts = path.utf8.dropFirst("/users/".utf8.count).split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        encodedID = parts.first ?? Substring().utf8
        switch parts.count {
        case 1: verb = nil
        case 2: verb = String(Substring(parts[1]))
        // No verb is written with a slash.
        default: verb = "/"
        }
    }

    /// Decoded once, after splitting: a slash or a percent sign of the id is encoded.
    /// - Throws: `request_invalid`: no text that may be an id.
    func id() throws(Problem) -> ExternalID {
        guard let bytes = PercentDecoding.decode(encodedID), let text = String(validating: bytes, as: UTF8.self) else {
            throw Self.refused("It is not percent-encoded UTF-8.")
        }
        do { return try ExternalID(parsing: text) } catch { throw Self.refused("It cannot be used: \(error.words).") }
    }

    private static func refused(_ detail: String) -> Problem {
        var problem = Problem.bodyRefused("The external id in the path is not valid.")
        problem.errors = [Problem.FieldError(field: "external_id", code: "invalid", detail: detail)]
        return problem
    }

    /// - Throws: `not_found`, `method_not_allowed`.
    func operation(of request: Request, handsOutLinks: Bool) throws(Problem) -> UserAPIOperation {
        guard let verb else {
            guard !encodedID.isEmpty else { throw .notFound }
            switch request.method {
            case .get, .head: return .read
            case .put: return .put
            case .delete: return .erase
            default: throw .methodNotAllowed(allow: "GET, HEAD, PUT, DELETE")
            }
        }
        guard let found = Self.verbs.first(where: { $0.name.utf8.elementsEqual(verb.utf8) })?.operation,
            found != .link || handsOutLinks
        else { throw .notFound }
        guard request.method == .post else { throw .methodNotAllowed(allow: "POST") }
        return found
    }
}
