import HTTP
import Keyturn
import StrictJSON

/// Says who the bearer of a session token is: the private endpoint.
struct Me: GetController {
    private let login: Login

    init(_ login: Login) { self.login = login }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        guard let token = BearerToken.read(visit.request) else { throw .sessionInvalid }
        let user: User
        do { user = try await login.user(bearing: token) } catch { throw Self.problem(error) }
        let body = JSON.members(
            ("id", .string(user.id.text)), ("external_id", user.externalID.map { .string($0.text) } ?? .null),
            ("email", .string(user.email.text)),
            ("email_verified", .bool(user.isVerified)))
        return Response(.ok, contentType: "application/json", body: body.write())
    }

    private static func problem(_ refused: LoginRefused) -> Problem {
        if case .credentials = refused { .sessionInvalid } else { Problem(refused) }
    }
}
