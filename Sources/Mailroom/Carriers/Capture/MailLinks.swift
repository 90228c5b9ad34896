/// The web addresses in the text of a message, so that tests need no pattern of their own.
enum MailLinks {
    private static let schemes = ["https://", "http://"].map { Array($0.utf8) }
    /// What ends an address in text.
    private static let ends = Set("<>\"".utf8)
    /// What may stand behind one and does not belong to it.
    private static let trailing = Set(".,;:!?)".utf8)

    /// In their order, each once; without what stands below the signature's line (`-- `).
    static func all(in text: String) -> [String] {
        let bytes = Array(text.utf8)
        let end = bytes.firstRange(of: Array("\n-- \n".utf8))?.lowerBound ?? bytes.endIndex
        var rest = bytes[..<end]
        var links: [String] = []
        while let start = rest.indices.first(where: { at in schemes.contains { rest[at...].starts(with: $0) } }) {
            var link = rest[start...].prefix { $0 > 0x20 && !ends.contains($0) }
            rest = rest[link.endIndex...]
            while let last = link.last, trailing.contains(last) { link.removeLast() }
            let found = String(decoding: link, as: UTF8.self)
            if !links.contains(found) { links.append(found) }
        }
        return links
    }
}
