/// A signed link. Its token is never printed, logged or stored.
package struct ResetLink: Sendable, CustomStringConvertible {
    package let token: String
    /// The first moment at which it is refused; whole seconds.
    package let expiresAt: Timestamp
    /// `{issuer}/reset-password?token=T`
    package let url: String
    /// `{issuer}/not-me?token=T`
    package let notMeURL: String

    /// - Parameter token: base64url and dots, so nothing in it needs to be escaped in a query.
    package init(token: String, issuer: String, expiresAt: Timestamp) {
        self.token = token
        self.expiresAt = expiresAt
        url = "\(issuer)/reset-password?token=\(token)"
        notMeURL = "\(issuer)/not-me?token=\(token)"
    }

    package var description: String { "ResetLink(…)" }
}
