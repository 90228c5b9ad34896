import Keyturn
import Wording

extension Web {
    /// A page whose form would not carry a field: the person on it could go no further, and nothing would say why.
    package struct MissingField: Sendable, Equatable {
        /// The page's template.
        package let file: String
        package let field: String
    }

    /// What the forms of the reset flow lack with these templates, in the order of the flow. The login page may lack its form: an app may
    /// have one of its own.
    /// - Parameter templates: in the place of ours, by file name.
    /// - Throws: a template that does not parse.
    package static func missingFields(_ templates: [String: [UInt8]]) throws -> [MissingField] {
        var options = WebOptions(publicURL: "https://accounts.example.com")
        options.templates = templates
        let pages = try Pages(site: Site(options), templates: templates)
        let forms: [(page: any Page, fields: [String])] = [
            (ForgotPasswordPage(), ["email"]),
            (
                ResetPasswordPage(
                    token: "sample", email: EmailAddress(stored: "ann@example.com"), policy: PasswordPolicy(site: [])),
                ["token", "password", "confirm_password"]
            ),
            (NotMePage(token: "sample"), ["token"]),
        ]
        return forms.flatMap { page, fields in
            let html = pages.html(page, in: .english)
            return fields.filter { !has($0, in: html) }
                .map { MissingField(file: "\(page.template).mustache", field: $0) }
        }
    }

    /// The three ways HTML writes an attribute.
    private static func has(_ field: String, in html: String) -> Bool {
        ["name=\"\(field)\"", "name='\(field)'", "name=\(field) ", "name=\(field)>"].contains { html.contains($0) }
    }
}
