import HTTP

/// The token in what an operator pasted: the token alone, the link that holds it, or a line of a mail with the link in it.
enum PastedToken {
    private static let marker = Array("token=".utf8)
    /// What ends a token in a link, or stands around a link in text.
    private static let ends: Set<UInt8> = Set("&#<>\"'".utf8)

    /// - Returns: what follows `token=` in the link's query or fragment, percent-decoded; the whole text without the blanks around it if
    ///   there is no link. Never checked: ``ResetLinks`` does that.
    static func token(in pasted: String) -> String {
        let bytes = Array(pasted.utf8)
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: marker) }) else {
            return String(decoding: trimmed(bytes), as: UTF8.self)
        }
        let raw = bytes[(start + marker.count)...].prefix { $0 > 0x20 && !ends.contains($0) }
        return String(decoding: PercentDecoding.decode(raw) ?? Array(raw), as: UTF8.self)
    }

    private static func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        let inner = bytes[...].drop { $0 <= 0x20 }
        return inner.prefix((inner.lastIndex { $0 > 0x20 } ?? inner.startIndex - 1) - inner.startIndex + 1)
    }
}
