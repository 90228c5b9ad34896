/// A signed link. Its token is never printed, logged or stored.
package struct ResetLink: Sendable, CustomStringConvertible {
    package let token: String
    /// The first moment at which it is refused; whole seconds.
    package let expiresAt: Timestamp
    /// `{issuer}/not-me?token=T`
    package let notMeURL: String
    private let pattern: LinkPattern

    /// `{issuer}/reset-password?token=T`, or as the pattern says.
    package var url: String { url(returningTo: nil) }

    /// - Parameter token: base64url and dots, so nothing in it needs to be escaped in a query.
    /// - Parameter pattern: of the page that takes the link; nil: ours.
    package init(token: String, issuer: String, expiresAt: Timestamp, pattern: LinkPattern? = nil) {
        self.token = token
        self.expiresAt = expiresAt
        self.pattern = pattern ?? LinkPattern(below: issuer)
        notMeURL = "\(issuer)/not-me?token=\(token)"
    }

    /// The link with the parameter `return_to`, which is no part of the token.
    /// - Parameter returnTo: admitted by ``ReturnURLs``; nil: no such parameter.
    package func url(returningTo returnTo: String?) -> String { pattern.url(token: token, returnTo: returnTo) }

    package var description: String { "ResetLink(…)" }
}
