/// What the pages know about the installation.
struct Site: Sendable {
    let name: String
    let publicURL: String
    let supportURL: String?
    let assets: Assets
    /// Whether the logo shows the name itself: then it is not written beside it.
    let logoShowsName: Bool
    /// The path of the public URL, which a proxy in front of us takes away: empty, or `/account`.
    let base: String

    init(_ options: WebOptions) {
        let parts = options.publicURL.split(
            separator: "/" as Character, maxSplits: 3, omittingEmptySubsequences: false)
        self.init(options, base: parts.count == 4 ? "/" + parts[3] : "")
    }

    /// - Parameter base: what stands before every path of ours.
    init(_ options: WebOptions, base: String) {
        name = options.siteName
        publicURL = options.publicURL
        supportURL = options.supportURL
        assets = Assets(options.palette, logo: options.logo)
        logoShowsName = options.logo != nil && options.logoShowsName
        self.base = base
    }
}
