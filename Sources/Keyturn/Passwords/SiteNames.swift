/// The names of the site, which no password may contain: what it is called, and where it is found.
package struct SiteNames: Sendable {
    /// Shorter names, in code points, stand in too many innocent passwords.
    static let shortest = 4

    /// As passwords are compared; see ``ComparisonForm``.
    let names: [[UInt8]]

    /// - Parameters:
    ///   - host: of the public URL. It counts as a whole, and so does each of its labels but the last: "online" does not name
    ///     the site of `shop.online`.
    ///   - names: what pages and messages call the site. Each counts as it is, and without its blanks.
    package init(host: String = "", called names: [String] = []) {
        let labels = host.split(separator: ".").dropLast().map(String.init)
        let joined = names.map { String($0.unicodeScalars.filter { !$0.properties.isWhitespace }) }
        self.names = ([host] + labels + names + joined)
            .map(ComparisonForm.of)
            .filter { $0.unicodeScalars.count >= Self.shortest }
            .map { Array($0.utf8) }
    }
}

extension SiteNames: ExpressibleByArrayLiteral {
    package init(arrayLiteral names: String...) { self.init(called: names) }
}
