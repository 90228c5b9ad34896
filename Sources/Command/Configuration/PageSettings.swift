import Keyturn
import Wording

/// How pages and messages belong to the app: where they lead, in which languages and words they speak.
struct PageSettings: Sendable {
    /// Whether there is a page to sign in at, and `/me`.
    let hasLogin: Bool
    let loginURL: String?
    let homeURL: String?
    let returnURLs: ReturnURLs
    /// nil: links in messages lead to our own page.
    let linkPattern: LinkPattern?
    let languages: OfferedLanguages
    let textsDirectory: String?
}

extension Values {
    func pageSettings() throws(ConfigurationRefused) -> PageSettings {
        try PageSettings(
            hasLogin: boolean(.loginEnabled), loginURL: address(of: .loginURL), homeURL: address(of: .homeURL),
            returnURLs: returnURLs(), linkPattern: linkPattern(), languages: languages(),
            textsDirectory: optionalText(.textsDirectory))
    }

    private func address(of key: Key) throws(ConfigurationRefused) -> String? {
        guard let text = try optionalText(key) else { return nil }
        guard text.utf8.count <= ReturnURLs.bytesMax, WebAddress(parsing: text, allowsHTTP: true) != nil else {
            throw ConfigurationRefused(
                key, "must be an address such as https://app.example.com/login, at most \(ReturnURLs.bytesMax) bytes")
        }
        return text
    }

    private func returnURLs() throws(ConfigurationRefused) -> ReturnURLs {
        guard let urls = try ReturnURLs(list(.returnURLs)) else {
            throw ConfigurationRefused(
                .returnURLs,
                """
                each must be https://host[:port][/path], the host in lower case, without query, fragment, . and ..; http:// is allowed \
                for this machine only
                """)
        }
        return urls
    }

    /// The page's scripts must be able to ask us whether a link works, so their origin must be let in.
    private func linkPattern() throws(ConfigurationRefused) -> LinkPattern? {
        guard let text = try optionalText(.linksReset) else { return nil }
        let pattern: LinkPattern
        do { pattern = try LinkPattern(parsing: text) } catch {
            switch error {
            case .notAddress:
                throw ConfigurationRefused(
                    .linksReset, "must be an https:// address; http:// is allowed for this machine only")
            case .tooLong: throw ConfigurationRefused(.linksReset, "is longer than \(LinkPattern.bytesMax) bytes")
            case .place:
                throw ConfigurationRefused(
                    .linksReset,
                    "must hold \(LinkPattern.place) once, behind # or in the query, such as https://app.example.com/new-password#token={token}"
                )
            }
        }
        let allowed = try origins().compactMap { WebAddress(parsing: $0, allowsHTTP: true)?.origin }
        guard allowed.contains(where: { $0.utf8.elementsEqual(pattern.origin.utf8) }) else {
            throw ConfigurationRefused(
                "links.reset: its origin \(pattern.origin) is not in server.allowedOrigins, so its page could not ask keyturn anything"
            )
        }
        return pattern
    }

    private func languages() throws(ConfigurationRefused) -> OfferedLanguages {
        let tags = try list(.languagesOffered)
        let offered = tags.isEmpty ? Language.allCases : tags.compactMap(Language.init(rawValue:))
        guard tags.isEmpty || offered.count == tags.count, Set(offered).count == offered.count else {
            throw ConfigurationRefused(
                .languagesOffered,
                "each must be one of \(Language.allCases.map(\.tag).joined(separator: ", ")), and only once")
        }
        let tag = try text(.languagesDefault)
        guard let standard = Language(rawValue: tag) else {
            throw ConfigurationRefused(
                .languagesDefault, "must be one of \(Language.allCases.map(\.tag).joined(separator: ", "))")
        }
        if offered.contains(standard) { return OfferedLanguages(offered, standard: standard) }
        // English is the default where it is offered; where it is not, and no other was named, the first that is.
        guard layers.raw(.languagesDefault)?.source == .fallback, let first = offered.first else {
            throw ConfigurationRefused(.languagesDefault, "\(tag) is not among languages.offered")
        }
        return OfferedLanguages(offered, standard: first)
    }
}
