package import HTTP
package import Keyturn
import Logging
import PasswordHashing
import StrictJSON
package import Telemetry

/// The app's way to the accounts: creates, changes, reads and erases them by the app's own ids. Served at the admin address alone.
///
/// Nothing is looked at before the token is, and a request that a browser's page sent is refused before that: no page of another site may
/// act with what a proxy adds.
package final class UserAPI: Sendable {
    /// Settings of ``UserAPI``, with their defaults.
    package struct Options: Sendable {
        /// Any of them admits; at least one, each of 32 bytes or more.
        package var tokens: [String]
        /// Whether links are handed out.
        package var handsOutLinks = false
        /// How long an erasure waits for the delivery of what tells of a changed password.
        package var noticeLimit: Duration = .seconds(5)

        package init(tokens: [String]) { self.tokens = tokens }
    }

    /// Requests of all clients together.
    private static let (rate, burst) = (Rate(100, per: .seconds(1)), 200)
    /// Requests of one client without a good token.
    private static let (wrongRate, wrongBurst) = (Rate(30, per: .seconds(60)), 30)
    /// Messages to expired accounts: from one to the next.
    private static let mailingInterval: Duration = .milliseconds(100)

    private let management: AccountManagement
    private let requests: any ResetRequests
    private let auditLog: any AuditLog
    private let links: ResetLinks
    private let tokens: UserAPITokens
    private let options: Options
    private let limiter = RateLimiter(rate: UserAPI.rate, burst: UserAPI.burst, capacity: 1)
    private let wrongLimiter = RateLimiter(rate: UserAPI.wrongRate, burst: UserAPI.wrongBurst)
    private let clock: WallClock
    private let log: Log

    package init(store: any Store, links: ResetLinks, clock: WallClock, log: Log, options: Options) {
        management = AccountManagement(store, by: .app, clock: clock)
        requests = store.requests
        auditLog = store.auditLog
        self.links = links
        tokens = UserAPITokens(options.tokens)
        self.options = options
        self.clock = clock
        self.log = log
    }

    /// What needs no body to be refused; nil if the path is not the API's, or the request may come.
    package func refuseEarly(_ request: Request) -> Response? {
        guard let place = UserAPIPlace(of: request) else { return nil }
        do throws(Problem) {
            try admit(request)
            let operation = try place.operation(of: request, handsOutLinks: options.handsOutLinks)
            if operation != .read, operation != .erase { try UserAPIBody.checkType(of: request) }
            return nil
        } catch {
            return error.response()
        }
    }

    /// nil if the path is not the API's.
    package func respond(to request: Request) async -> Response? {
        if request.path(is: "/openapi.json") {
            guard request.method.isGetOrHead else { return Problem.methodNotAllowed(allow: "GET, HEAD").response() }
            return Response(.ok, contentType: "application/json", body: PackageResources.user_api_json)
        }
        guard let place = UserAPIPlace(of: request) else { return nil }
        do throws(Problem) {
            try admit(request)
            if let wait = limiter.admit(Client(address: [0, 0, 0, 0]), at: clock.now()) {
                throw Problem.rateLimited(retryAfter: wait)
            }
            let operation = try place.operation(of: request, handsOutLinks: options.handsOutLinks)
            return try await answer(operation, about: try place.id(), request)
        } catch {
            if let cause = error.cause { log.warning("user api", metadata: ["cause": "\(cause)"]) }
            return error.response()
        }
    }

    /// - Throws: `origin_refused`, `token_invalid`, or `rate_limited` for a client that had too many of the latter. A good token is never
    ///   refused for what others from the same address sent.
    private func admit(_ request: Request) throws(Problem) {
        guard request["Origin"] == nil else { throw .originRefused }
        if let token = BearerToken.read(request), tokens.admit(token) { return }
        if let wait = wrongLimiter.admit(Client(address: request.peer.bytes), at: clock.now()) {
            throw .rateLimited(retryAfter: wait)
        }
        throw .userAPITokenInvalid
    }

    private func answer(
        _ operation: UserAPIOperation, about id: ExternalID, _ request: Request
    ) async throws(Problem) -> Response {
        let name = AccountManagement.Name.externalID(id)
        switch operation {
        case .read: return try await account(name)
        case .put: return try await put(id, try UserAPIBody(of: request))
        case .erase: return try await erase(name)
        case .invite:
            let language = try UserAPIBody(ofOptional: request).language()
            let lifetime = links.inviteLifetime
            try await managed { () throws(ManagementRefused) in
                try await management.invite(name, for: lifetime, language: language)
            }
            return Self.accepted("The invitation is on its way.")
        case .expire:
            let mails = try UserAPIBody(ofOptional: request).flag("mail") ?? false
            try await managed { () throws(ManagementRefused) in
                try await management.expire(name, mailingEvery: mails ? Self.mailingInterval : nil)
            }
            return try await account(name)
        case .revokeLinks:
            try await managed { () throws(ManagementRefused) in try await management.revokeLinks(name) }
            return try await account(name)
        case .mail: return try await mail(name, language: try UserAPIBody(ofOptional: request).language())
        case .link: return try await link(name)
        }
    }

    private func managed<Value>(
        _ work: () async throws(ManagementRefused) -> Value
    ) async throws(Problem) -> Value {
        do { return try await work() } catch { throw Problem(error) }
    }

    private func account(_ name: AccountManagement.Name, _ status: Status = .ok) async throws(Problem) -> Response {
        let user = try await managed { () throws(ManagementRefused) in try await management.user(name) }
        return Response(status, contentType: "application/json", body: UserAPIBody.json(of: user).write())
    }

    private func put(_ id: ExternalID, _ body: UserAPIBody) async throws(Problem) -> Response {
        let wish = try body.wish()
        let isCreated: Bool
        do { isCreated = try await management.put(id, wish) } catch {
            // No account has the id, and none can be created.
            guard error == .unknown else { throw Problem(error) }
            throw .fieldsRefused([
                Problem.FieldError(field: "email", code: "required", detail: "A new account needs an address.")
            ])
        }
        return try await account(.externalID(id), isCreated ? .created : .ok)
    }

    private func erase(_ name: AccountManagement.Name) async throws(Problem) -> Response {
        let traces = try await managed { () throws(ManagementRefused) in
            try await management.erase(name, waitingAtMost: options.noticeLimit)
        }
        switch traces {
        case .none: break
        case .blocked(let file):
            log.warning("an erased account left traces in a file in use", metadata: ["file": "\(file)"])
        case .elsewhere(let sentence): log.notice("erased", metadata: ["note": "\(sentence)"])
        }
        return Response(.noContent)
    }

    /// As the form for a forgotten password does, for an account that can get mail.
    private func mail(_ name: AccountManagement.Name, language: String?) async throws(Problem) -> Response {
        let user = try await managed { () throws(ManagementRefused) in try await management.user(name) }
        guard !user.isDisabled else { throw Problem(ManagementRefused.disabled) }
        guard user.isVerified else { throw Problem(ManagementRefused.unverified) }
        let request = ResetRequest(email: user.email, language: language)
        do { try await requests.record(request, at: clock.now()) } catch { throw Problem(error) }
        return Self.accepted("A link is on its way, unless the account has had as many as it may.")
    }

    private func link(_ name: AccountManagement.Name) async throws(Problem) -> Response {
        let user = try await managed { () throws(ManagementRefused) in try await management.user(name) }
        guard !user.isDisabled else { throw Problem(ManagementRefused.disabled) }
        let now = clock.now()
        do { try await auditLog.record(AuditLine(.linkHandedOut, of: user.id, by: .app, at: now)) } catch {
            throw Problem(error)
        }
        let link = links.sign(for: user.credentials, at: now)
        let body = JSON.members(
            ("link", .string(link.url)), ("expires_at", .string(RFC3339.format(link.expiresAt))))
        return Response(.ok, contentType: "application/json", body: body.write())
    }

    private static func accepted(_ message: String) -> Response {
        let body = JSON.members(("message", .string(message)))
        return Response(.accepted, contentType: "application/json", body: body.write())
    }
}
