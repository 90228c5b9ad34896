import HTTP
import Keyturn
import PasswordHashing
import StrictJSON

/// The JSON object that a request of the user API carries, and the one that an account becomes. Members that are not asked for are not
/// looked at, so an account as it was read may be sent back.
struct UserAPIBody: Sendable {
    private let members: JSON

    /// - Throws: `media_type_unsupported`, `request_invalid`.
    init(of request: Request) throws(Problem) {
        try Self.checkType(of: request)
        do { members = try JSON(parsing: request.body, depthLimit: 8) } catch {
            throw .bodyRefused("The body is not valid JSON.")
        }
        guard members.objectValue != nil else { throw .bodyRefused("The body is not a JSON object.") }
    }

    private init() { members = .object([]) }

    /// An absent body is an empty object.
    init(ofOptional request: Request) throws(Problem) {
        guard request.body.isEmpty else {
            try self.init(of: request)
            return
        }
        self.init()
    }

    static func checkType(of request: Request) throws(Problem) {
        guard let type = try? BodyType(of: request), type == .json else { throw .jsonDemanded }
    }

    /// - Throws: `request_invalid` for a member of another type, `email_invalid`, `hash_invalid`.
    func wish() throws(Problem) -> AccountWish {
        var wish = AccountWish()
        let (email, hash) = (try text("email"), try text("password_hash"))
        wish.isVerified = try flag("verified")
        wish.isDisabled = try flag("disabled")
        if let email {
            do { wish.email = try EmailAddress(parsing: email) } catch { throw Problem(error) }
        }
        if let hash {
            wish.hash = PasswordHash(hash)
            guard wish.hash.map(PasswordHasher.canVerify) == true else { throw .hashInvalid }
        }
        return wish
    }

    /// What a message is written in; nil: the service's own.
    func language() throws(Problem) -> String? {
        guard let tag = try text("language") else { return nil }
        guard AccountManagement.isLanguage(tag) else {
            throw .fieldsRefused([
                Problem.FieldError(field: "language", code: "not_language", detail: "Use a tag such as de or pt-BR.")
            ])
        }
        return tag.lowercased()
    }

    private func text(_ name: String) throws(Problem) -> String? {
        guard let value = members[name] else { return nil }
        guard let text = value.stringValue else { throw Self.wrong(name, "not_text", "This member must be a text.") }
        return text
    }

    func flag(_ name: String) throws(Problem) -> Bool? {
        guard let value = members[name] else { return nil }
        guard let flag = value.boolValue else {
            throw Self.wrong(name, "not_boolean", "This member must be true or false.")
        }
        return flag
    }

    private static func wrong(_ name: String, _ code: String, _ detail: String) -> Problem {
        .fieldsRefused([Problem.FieldError(field: name, code: code, detail: detail)])
    }

    /// No hash, and nothing that a hash could be told from.
    static func json(of user: User) -> JSON {
        func time(_ moment: Timestamp?) -> JSON { moment.map { .string(RFC3339.format($0)) } ?? .null }
        return .members(
            ("id", .string(user.id.text)), ("external_id", user.externalID.map { .string($0.text) } ?? .null),
            ("email", .string(user.email.text)), ("verified", .bool(user.isVerified)),
            ("disabled", .bool(user.isDisabled)), ("has_password", .bool(user.hasPassword)),
            ("created_at", time(user.createdAt)), ("password_changed_at", time(user.passwordChangedAt)),
            ("expired_at", time(user.expiredAt)), ("invited_until", time(user.invitedUntil)))
    }
}
