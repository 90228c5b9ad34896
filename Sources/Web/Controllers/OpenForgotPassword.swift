import HTTP
import Keyturn

/// Shows the form for an address; `email` in the address fills it in.
struct OpenForgotPassword: GetController {
    private let pages: Pages

    init(_ pages: Pages) { self.pages = pages }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        pages.response(ForgotPasswordPage(email: Self.email(visit) ?? "", problem: nil), to: visit)
    }

    /// Nothing is checked but that it is a line of text: an address that cannot be one is refused when it is sent.
    private static func email(_ visit: Visit) -> String? {
        guard let email = visit.parameter("email"), email.utf8.count <= Form.echoBytesMax,
            email.unicodeScalars.allSatisfy({
                $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
            })
        else { return nil }
        return email
    }
}
