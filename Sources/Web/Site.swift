import Keyturn
import Wording

/// What the pages know about the installation.
struct Site: Sendable {
    let name: String
    let publicURL: String
    let supportURL: String?
    let assets: Assets
    /// Whether the logo shows the name itself: then it is not written beside it.
    let logoShowsName: Bool
    /// The path of the public URL, below which everything lives: empty, or `/account`.
    let base: String
    let hasLogin: Bool
    let loginURL: String?
    let homeURL: String?
    let returnURLs: ReturnURLs
    let languages: OfferedLanguages

    init(_ options: WebOptions) { self.init(options, base: Self.path(of: options.publicURL)) }

    /// - Parameter base: what stands before every path of ours.
    init(_ options: WebOptions, base: String) {
        name = options.siteName
        publicURL = options.publicURL
        supportURL = options.supportURL
        assets = Assets(options.palette, logo: options.logo)
        logoShowsName = options.logo != nil && options.logoShowsName
        self.base = base
        hasLogin = options.hasLogin
        loginURL = options.loginURL
        homeURL = options.homeURL
        returnURLs = options.returnURLs
        languages = options.languages
    }

    /// Empty, or begins with `/` and does not end with it.
    static func path(of url: String) -> String {
        let parts = url.split(separator: "/" as Character, maxSplits: 3, omittingEmptySubsequences: false)
        return parts.count == 4 ? "/" + parts[3] : ""
    }
}
