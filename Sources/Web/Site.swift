/// What the pages know about the installation.
struct Site: Sendable {
    let name: String
    let publicURL: String
    /// The path of the public URL, which a proxy in front of us takes away: empty, or `/account`.
    let base: String

    init(name: String, publicURL: String) {
        self.name = name
        self.publicURL = publicURL
        let parts = publicURL.split(separator: "/" as Character, maxSplits: 3, omittingEmptySubsequences: false)
        base = parts.count == 4 ? "/" + parts[3] : ""
    }
}
