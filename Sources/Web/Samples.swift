import HTTP
import Keyturn
import Wording

extension Web {
    /// A file of a preview.
    package struct Sample: Sendable {
        /// Below the preview's folder: `de/login.html`.
        package let path: String
        package let bytes: [UInt8]
    }

    /// Every page there is, as a person sees it, in every language, with what they need beside them.
    /// - Throws: where a template cannot be read.
    package static func samples(_ options: WebOptions) throws -> [Sample] {
        let site = Site(options, base: "..")
        let pages = try Pages(site: site, templates: options.templates)
        let written = Language.allCases.flatMap { language in
            Self.samplePages(options).map { name, page in
                Sample(path: "\(language.tag)/\(name).html", bytes: Array(pages.html(page, in: language).utf8))
            }
        }
        return written + site.assets.all.map { Sample(path: String("\($0.path)".dropFirst()), bytes: $0.bytes) }
    }

    private static func samplePages(_ options: WebOptions) -> [(name: String, page: any Page)] {
        let policy = PasswordPolicy(site: [])
        let email = EmailAddress(stored: "ann@example.com")
        let refused = Problem.passwordRejected([.tooShort(minimum: 15), .common, .containsAddress, .sequence])
        let waiting = Problem.rateLimited(retryAfter: .seconds(90))
        let mail = DemoMail(
            id: "1", to: email.text, subject: "Reset your password",
            text:
                "Hello,\n\nOpen this link:\n\n\(options.publicURL)/reset-password?token=eyJhbGciOiJIUzI1NiJ9.e30.e30\n",
            html: "",
            at: Timestamp(seconds: 1_767_268_800))
        return [
            ("login", SignInPage()),
            ("login-wrong", SignInPage(email: email.text, problem: Problem(LoginRefused.credentials))),
            ("login-busy", SignInPage(email: email.text, problem: .busy)),
            ("login-done", SignedInPage()),
            ("login-expired", DeadLinkPage(problem: Problem(LoginRefused.expired), email: email.text)),
            ("forgot", ForgotPasswordPage()),
            (
                "forgot-wrong",
                ForgotPasswordPage(email: "ann@example", problem: Problem(EmailAddress.Refused.domain))
            ),
            ("forgot-waiting", ForgotPasswordPage(email: email.text, problem: waiting)),
            ("sent", LetterSentPage(mailInterval: options.mailInterval)),
            ("reset", ResetPasswordPage(token: "…", email: email, policy: policy)),
            ("reset-refused", ResetPasswordPage(token: "…", email: email, policy: policy, problem: refused)),
            ("reset-differ", ResetPasswordPage(token: "…", email: email, policy: policy, problem: .passwordsDiffer)),
            ("reset-done", PasswordChangedPage()),
            ("first", ResetPasswordPage(token: "…", email: email, isFirst: true, policy: policy)),
            ("first-done", FirstPasswordPage()),
            ("link-expired", DeadLinkPage(problem: Problem(TokenRejected.expired))),
            ("link-dead", DeadLinkPage(problem: Problem(TokenRejected.invalid))),
            ("not-me", NotMePage(token: "…")),
            ("not-me-done", LinksRevokedPage()),
            ("not-me-dead", NothingToRevokePage()),
            ("not-found", ProblemPage(problem: .notFound)),
            ("origin-refused", ProblemPage(problem: .originRefused)),
            ("waiting", ProblemPage(problem: waiting)),
            ("busy", ProblemPage(problem: .busy)),
            ("queue-full", ProblemPage(problem: Problem(OutboxRefused.full(capacity: 0)))),
            ("unavailable", ProblemPage(problem: Problem(StorageFailed(.unavailable, reason: "")))),
            ("internal", ProblemPage(problem: .internal(1, because: ""))),
            ("mailbox", MailboxPage([mail])),
            ("mailbox-empty", MailboxPage([])),
            ("mail", MailboxMailPage(mail, publicURL: options.publicURL)),
        ]
    }
}
