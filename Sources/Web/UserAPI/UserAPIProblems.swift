import HTTP
import Keyturn

// What the user API refuses.
extension Problem {
    static let userAPITokenInvalid = Problem(
        .unauthorized, "token_invalid", "Token refused", "Send a token of admin.token as a bearer token.")

    static let jsonDemanded = Problem(
        .unsupportedMediaType, "media_type_unsupported", "Media type not supported",
        "Send the body as application/json, in UTF-8 and without a content coding.")

    static let hashInvalid: Problem = {
        var problem = Problem(
            .unprocessableContent, "hash_invalid", "Hash not accepted",
            "The password hash has a format or a cost that cannot be verified here.")
        problem.errors = [FieldError(field: "password_hash", code: "hash_invalid", detail: problem.detail)]
        return problem
    }()

    init(_ refused: ManagementRefused) {
        switch refused {
        case .unknown:
            self.init(.notFound, "not_found", "No such account", "No account has this external id.")
        case .emailTaken:
            self.init(.conflict, "email_taken", "Address taken", "Another account has this address.")
        case .externalIDTaken:
            self.init(.conflict, "external_id_taken", "External id taken", "Another account has this external id.")
        case .hasPassword:
            self.init(
                .conflict, "has_password", "Account has a password",
                "Only an account without a password is invited.")
        case .unverified:
            self.init(
                .conflict, "not_verified", "Address not verified",
                "The address is not verified, so it gets no mail.")
        case .disabled: self.init(.conflict, "disabled", "Account disabled", "The account is disabled.")
        case .noticesWait:
            self.init(
                .serviceUnavailable, "unavailable", "Messages wait",
                "Messages about a changed password of this account are still being delivered. Try again soon.")
            retryAfterSeconds = 5
        case .keepsChanging:
            self.init(
                .serviceUnavailable, "unavailable", "Account changing", "The account kept changing. Try again.")
            retryAfterSeconds = 1
        case .storage(let failure): self.init(failure)
        }
    }
}
