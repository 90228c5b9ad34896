/// What a provider said, made fit for a log and the outbox: one line, short, without addresses, tokens or keys.
struct ProviderWords: Sendable {
    /// Texts that must never be repeated, such as our API key.
    private let secrets: [String]
    /// The longest reason, in bytes.
    static let bytesMax = 512
    /// A run without a blank longer than this is no word: a token or a key.
    private static let wordBytesMax = 60
    /// How much of what was said is looked at.
    private static let scanBytesMax = 4096

    init(secrets: [String]) { self.secrets = secrets.filter { !$0.isEmpty } }

    func reason(_ said: String) -> String {
        let words = said.utf8.prefix(Self.scanBytesMax).split { Self.isBlank($0) }
        var reason: [UInt8] = []
        for word in words {
            let shown = shown(word)
            guard reason.count + shown.count + 1 <= Self.bytesMax else { break }
            if !reason.isEmpty { reason.append(0x20) }
            reason += shown
        }
        return String(decoding: reason, as: UTF8.self)
    }

    /// The word, or what stands for it where it must not be repeated.
    private func shown(_ word: some Sequence<UInt8>) -> [UInt8] {
        let bytes = Array(word)
        if bytes.contains(0x40) || Self.contains(bytes, "%40") { return Array("(address)".utf8) }
        if isSecret(bytes) { return Array("(removed)".utf8) }
        // A word cut in the middle of a character would be repaired into something else.
        guard String(validating: bytes, as: UTF8.self) != nil else { return Array("?".utf8) }
        return bytes
    }

    private func isSecret(_ word: [UInt8]) -> Bool {
        word.count > Self.wordBytesMax || Self.contains(word, "eyJ") || Self.contains(word, "SG.")
            || Self.contains(word, "token=") || secrets.contains { Self.contains(word, $0) }
    }

    private static func contains(_ word: [UInt8], _ part: String) -> Bool {
        let part = Array(part.utf8)
        guard word.count >= part.count else { return false }
        return (0...(word.count - part.count)).contains { word[$0...].starts(with: part) }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 || byte == 0x7F }
}
