import HTTP

/// What a request tells about its sender that is worth repeating in the letter: a language, and rough words for the device.
/// Both are picked from lists of ours or checked letter by letter, for they come from a stranger and go into a mail.
enum Visitor {
    /// How much of a field is looked at.
    private static let fieldBytesMax = 256
    private static let languageBytesMax = 35

    /// The tags of `Accept-Language` in lower case, the most wanted first.
    static func languages(_ request: Request) -> [String] {
        guard let field = request["Accept-Language"] else { return [] }
        return AcceptLanguage(parsing: field).tags.filter { $0.utf8.count <= languageBytesMax }
    }

    /// "Firefox on Linux", from `User-Agent`; nil where neither is known.
    static func device(_ request: Request) -> String? {
        guard let field = request["User-Agent"] else { return nil }
        let bytes = Array(field.utf8.prefix(fieldBytesMax))
        switch (name(in: bytes, of: browsers), name(in: bytes, of: systems)) {
        case (let browser?, let system?): return "\(browser) on \(system)"
        case (let known?, nil), (nil, let known?): return known
        case (nil, nil): return nil
        }
    }

    /// The first that is found names it: every browser also pretends to be those after it.
    private static let browsers = [
        ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ].map { (Array($0.0.utf8), $0.1) }
    private static let systems = [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Macintosh", "Mac"),
        ("CrOS", "ChromeOS"), ("Linux", "Linux"),
    ].map { (Array($0.0.utf8), $0.1) }

    private static func name(in bytes: [UInt8], of known: [(mark: [UInt8], name: String)]) -> String? {
        known.first { contains($0.mark, in: bytes) }?.name
    }

    private static func contains(_ mark: [UInt8], in bytes: [UInt8]) -> Bool {
        guard bytes.count >= mark.count else { return false }
        return (0...(bytes.count - mark.count)).contains {
            bytes[$0] == mark[0] && bytes[$0..<($0 + mark.count)].elementsEqual(mark)
        }
    }
}
