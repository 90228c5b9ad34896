package import HTTP
package import Keyturn
package import Palettes
package import Wording

/// Settings of ``Web``, with their defaults.
package struct WebOptions: Sendable {
    /// What links, redirects and our own origin are built from; without a slash at its end. If it has a path, everything lives below that.
    package var publicURL: String
    /// Origins whose scripts may call us (CORS), as browsers write them: `https://app.example`.
    package var allowedOrigins: [String] = []
    /// Whose `X-Forwarded-For` and `Forwarded` are believed.
    package var trustedProxies: [CIDR] = []
    package var siteName = "keyturn"
    /// How long an account that got its burst of mails waits for one more: what "check your inbox" says.
    package var mailInterval: Duration = .seconds(600)
    package var palette: Palette = .standard
    package var logo: Logo?
    /// Whether the logo is a wordmark: the name is not written beside it then, and is read out in its place.
    package var logoShowsName = false
    /// Where somebody finds help, shown on every page.
    package var supportURL: String?
    /// In the place of ours, by file name.
    package var templates: [String: [UInt8]] = [:]
    /// Whether lines about requests say which network they came from.
    package var logsClients = false
    /// Whether there is a page to sign in at, and `/me`.
    package var hasLogin = true
    /// Where "Sign in" leads in the place of our own page.
    package var loginURL: String?
    /// Where the name above each page leads; nil: nowhere.
    package var homeURL: String?
    /// What `return_to` may say.
    package var returnURLs = ReturnURLs.none
    package var languages = OfferedLanguages.all
    /// What pages say; nil: our own words.
    package var texts: CurrentTexts?
    /// Whether opening a link counts against the client's limit, as posting does: if each asks another program.
    package var limitsLinkChecks = false
    package init(publicURL: String) { self.publicURL = publicURL }
}
