import HTTP

/// Whether a form may come from where it came. No cookie takes part in anything here, so a foreign form gains nothing; it is refused
/// all the same, because a page elsewhere has no business acting in a visitor's name.
///
/// Browsers send `Origin: null` with our own forms, because our pages say `Referrer-Policy: no-referrer` (Fetch §3.2). So `null` is taken where
/// `Sec-Fetch-Site` says `same-origin` or `none`, or is absent: a client without it is no browser of this decade.
struct OriginCheck: Sendable {
    private let accepted: [String]

    init(publicURL: String, allowedOrigins: [String]) {
        accepted = [Self.origin(of: publicURL)] + allowedOrigins
    }

    func admit(_ request: Request) throws(Problem) {
        let site = request["Sec-Fetch-Site"]
        if let site, site == "cross-site" { throw .originRefused }
        guard let origin = request["Origin"] else { return }
        if accepted.contains(where: { $0.utf8.elementsEqual(origin.utf8) }) { return }
        // A visitor may have come by another name of this host, as in the demo: the browser knows that it is the same.
        if site == "same-origin" { return }
        guard origin == "null", site == nil || site == "none" else { throw .originRefused }
    }

    /// Scheme, host and port as browsers write them (RFC 6454 §6.2): lower case, without the scheme's own port.
    static func origin(of url: String) -> String {
        let parts = url.split(separator: "/" as Character, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return url }
        let lowered = String(
            decoding: "\(parts[0])//\(parts[2])".utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self
        )
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")]
        where lowered.hasPrefix(scheme) && lowered.hasSuffix(port) {
            return String(lowered.dropLast(port.utf8.count))
        }
        return lowered
    }
}
