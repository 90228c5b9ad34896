import HTTP
import Keyturn
import StrictJSON

/// Any error as the one answer it becomes (RFC 9457). Every mapping from another room's error stands in this file.
struct Problem: Error, Equatable {
    /// What was wrong with one field of the body.
    struct FieldError: Sendable, Equatable {
        let field: String
        let code: String
        let detail: String
        /// How much is allowed, where that is what was wrong.
        var limit: Int?
    }

    let status: Status
    /// Stable and machine-readable; `type` is built from it.
    let code: String
    let title: String
    let detail: String
    var errors: [FieldError] = []
    /// In whole seconds, rounded up.
    var retryAfterSeconds: Int64?
    var allow: String?
    /// Finds the log line about it: answers that a person can only report carry it.
    var requestID: UInt64?
    /// For the log alone: numbers and codes of the room that failed.
    var cause: String?
    /// The log tells of it when it begins and ends, and not with every request that meets it.
    var isLoggedOnChange = false
    /// Of a problem that is the same for everybody: written once.
    private var body: [UInt8]?

    init(_ status: Status, _ code: String, _ title: String, _ detail: String) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
    }

    /// Whether a person can mend it in the form it came from, or by sending that again.
    var concernsForm: Bool {
        [
            "request_invalid", "email_invalid", "credentials_invalid", "password_rejected", "passwords_differ", "busy",
            "unavailable", "queue_full", "rate_limited",
        ]
        .contains(code)
    }

    /// Whether the link is what does not work.
    var isAboutLink: Bool { code == "token_invalid" || code == "token_expired" }

    func response() -> Response {
        var response = Response(status, contentType: "application/problem+json", body: body ?? written())
        addFields(to: &response)
        return response
    }

    private func written() -> [UInt8] {
        var members = [
            JSON.Member("type", .string("urn:keyturn:problem:" + code)), JSON.Member("title", .string(title)),
            JSON.Member("status", .integer(Int64(status.code))),
            JSON.Member("detail", .string(detail)), JSON.Member("code", .string(code)),
        ]
        if let requestID { members.append(JSON.Member("instance", .string("urn:keyturn:request:\(requestID)"))) }
        if !errors.isEmpty { members.append(JSON.Member("errors", .array(errors.map(Self.json)))) }
        return JSON.object(members).write()
    }

    /// The fields that belong to the status, whatever the body is.
    func addFields(to response: inout Response) {
        if let retryAfterSeconds { response.add("Retry-After", String(retryAfterSeconds)) }
        if let allow { response.add("Allow", allow) }
        // RFC 9110 §15.5.2: every 401 says how to do better.
        if status == .unauthorized { response.add("WWW-Authenticate", "Bearer") }
        // RFC 9110 §15.5.16: what would have been read.
        if status == .unsupportedMediaType {
            response.add("Accept-Post", BodyType.allNames)
            response.add("Accept-Encoding", "identity")
        }
    }

    private static func json(_ error: FieldError) -> JSON {
        .members(("field", .string(error.field)), ("code", .string(error.code)), ("detail", .string(error.detail)))
    }

    private func retry(after seconds: Int64) -> Problem {
        var problem = self
        problem.retryAfterSeconds = seconds
        return problem
    }

    private func prepared() -> Problem {
        var problem = self
        problem.body = written()
        return problem
    }

    private func because(_ cause: String) -> Problem {
        var problem = self
        problem.cause = cause
        return problem
    }
}

// What this room itself refuses.
extension Problem {
    static let notFound = Problem(.notFound, "not_found", "Not found", "There is nothing at this address.")

    static func methodNotAllowed(allow: String) -> Problem {
        var problem = Problem(
            .methodNotAllowed, "method_not_allowed", "Method not allowed", "Allowed methods: \(allow).")
        problem.allow = allow
        return problem
    }

    static let preconditionFailed = Problem(
        .preconditionFailed, "precondition_failed", "Precondition failed",
        "Nothing here has an entity tag, so If-Match never matches.")

    static let mediaTypeUnsupported = Problem(
        .unsupportedMediaType, "media_type_unsupported", "Media type not supported",
        "Send the body as application/json or application/x-www-form-urlencoded, in UTF-8 and without a content coding."
    )

    /// An error of ours: nothing to be mended by whoever asked, and none of their business but its number.
    static func `internal`(_ requestID: UInt64, because cause: String) -> Problem {
        var problem = Problem(
            .internalServerError, "internal", "Something went wrong",
            "This is an error in the service. It was logged with the number of this request, \(requestID).")
        problem.requestID = requestID
        problem.cause = cause
        return problem
    }

    static let signatureRefused = Problem(
        .forbidden, "signature_refused", "Signature refused",
        "The signature is missing, too old, or does not match this body.")

    static let originRefused = Problem(
        .forbidden, "origin_refused", "Origin refused", "The form was sent from another site.")

    static func bodyRefused(_ detail: String) -> Problem {
        Problem(.badRequest, "request_invalid", "Invalid request", detail)
    }

    static func fieldsRefused(_ errors: [FieldError]) -> Problem {
        var problem = bodyRefused("One or more fields are missing or are not a single string.")
        problem.errors = errors
        return problem
    }

    static func rateLimited(retryAfter wait: Duration) -> Problem {
        let seconds = max(
            1, Int64(clamping: (wait.wholeMilliseconds / 1000) + (wait.wholeMilliseconds % 1000 > 0 ? 1 : 0)))
        return Problem(
            .tooManyRequests, "rate_limited", "Too many requests",
            "Too many requests from this network address. Try again later."
        ).retry(after: seconds)
    }

    static func unready(_ failing: [(name: String, problem: String)]) -> Problem {
        let names = failing.map(\.name)
        var problem = Problem(
            .serviceUnavailable, "unavailable", "Not ready", "Failing: \(names.joined(separator: ", ")).")
        problem.errors = names.map {
            FieldError(field: $0, code: "failing", detail: "This check fails at the moment.")
        }
        problem.cause = causes(of: failing)
        problem.isLoggedOnChange = true
        return problem.retry(after: 5)
    }

    static func causes(of failing: [(name: String, problem: String)]) -> String {
        failing.map { "\($0.name): \($0.problem)" }.joined(separator: "; ")
    }

    static let sessionInvalid = Problem(
        .unauthorized, "token_invalid", "Not signed in", "Send a valid session token as a bearer token.")
}

// What the domain refuses.
extension Problem {
    init(_ refused: EmailAddress.Refused) {
        self.init(
            .unprocessableContent, "email_invalid", "Not an email address", "Enter a valid email address.")
        errors = [FieldError(field: "email", code: Self.code(of: refused), detail: detail)]
    }

    private static func code(of refused: EmailAddress.Refused) -> String {
        switch refused {
        case .empty: "empty"
        case .tooLong: "too_long"
        case .noSingleAt: "no_single_at"
        case .localPart: "local_part"
        case .domain: "domain"
        case .controlCharacter: "control_character"
        case .separator: "separator"
        case .invisibleCharacter: "invisible_character"
        }
    }

    init(_ refused: OutboxRefused) {
        switch refused {
        case .full(let capacity):
            self = Problem(
                .serviceUnavailable, "queue_full", "Too many messages queued",
                "The mail queue is full. Try again in a minute."
            ).retry(after: 60).because("outbox full at \(capacity)")
        case .storage(let failure): self = Problem(failure)
        }
    }

    init(_ failure: StorageFailed) {
        let cause = "storage \(failure.code) \(failure.reason)"
        guard failure.kind != .bug else {
            self = .internal(RequestID.next(), because: cause)
            return
        }
        guard failure.kind != .busy else {
            self = .busy.because(cause)
            return
        }
        self = Problem(
            .serviceUnavailable, "unavailable", "Temporarily unavailable",
            "The service is temporarily unavailable. Nothing is wrong with your request; try again soon."
        ).retry(after: 5).because(cause)
    }

    init(_ refused: ReportsRefused) {
        switch refused {
        case .signature, .stale: self = .signatureRefused.because("\(refused)")
        case .malformed: self = .bodyRefused("The body is not a JSON array.")
        case .storage(let failure): self = Problem(failure)
        }
    }

    init(_ refused: ResetRefused) {
        switch refused {
        case .token(let rejected): self = Problem(rejected)
        case .password(let problems): self = .passwordRejected(problems)
        case .passwordsDiffer: self = .passwordsDiffer
        case .busy: self = .busy
        case .storage(let failure): self = Problem(failure)
        }
    }

    init(_ rejected: TokenRejected) {
        switch rejected {
        case .invalid: self = .linkInvalid
        case .expired: self = .linkExpired
        }
    }

    private static let linkInvalid = Problem(
        .badRequest, "token_invalid", "Invalid link",
        "This link is not valid. It may have been used already, be incomplete, or belong to another site."
    ).prepared()

    private static let linkExpired = Problem(
        .gone, "token_expired", "Link expired", "This link has expired. Request a new one."
    ).prepared()

    static func passwordRejected(_ problems: [PasswordProblem]) -> Problem {
        var problem = Problem(
            .unprocessableContent, "password_rejected", "Password not accepted",
            problems.map(\.words).joined(separator: " "))
        problem.errors = problems.map {
            FieldError(field: "password", code: $0.code, detail: $0.words, limit: $0.limit)
        }
        return problem
    }

    static let passwordsDiffer: Problem = {
        var problem = Problem(
            .unprocessableContent, "passwords_differ", "Passwords do not match", "The passwords do not match.")
        problem.errors = [FieldError(field: "confirm_password", code: "differs", detail: problem.detail)]
        return problem
    }()

    static let busy = Problem(
        .serviceUnavailable, "busy", "Busy",
        "The service is busy. Try again in a few seconds."
    ).retry(after: 2)

    private static let passwordsUnavailable = Problem(
        .serviceUnavailable, "unavailable", "Sign-in unavailable",
        "The password cannot be checked at the moment. Try again in a few seconds."
    ).retry(after: 5).because("passwords.verifyURL does not answer")

    init(_ refused: LoginRefused) {
        switch refused {
        case .credentials:
            self.init(
                .unauthorized, "credentials_invalid", "Sign-in failed", "Wrong email or password.")
        case .tooMany(let wait): self = .rateLimited(retryAfter: wait)
        case .expired:
            self.init(
                .forbidden, "password_expired", "Password expired",
                "The password is right, but it has expired. Request a link to choose a new one.")
        case .unavailable: self = .passwordsUnavailable
        case .busy: self = .busy
        case .storage(let failure): self = Problem(failure)
        }
    }
}
