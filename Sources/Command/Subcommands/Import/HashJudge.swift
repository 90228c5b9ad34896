import PasswordHashing

/// What an import makes of the texts in `password_hash`. A link needs no knowledge of the hash, so a text of unknown format is kept as it
/// is; but never one that could be a password.
struct HashJudge {
    /// Of a text of unknown format, in bytes.
    static let opaqueBytes = 20...1024
    static let opaqueCharactersMin = 8
    /// More rows than this with one text of unknown format: it is no hash of theirs.
    static let sharedMax = 10

    enum Verdict {
        /// No hash: the account sets its password with its first link.
        case none
        /// As our own export writes it for an account without a password.
        case unusable(PasswordHash)
        case known(PasswordHash, format: String)
        case opaque(PasswordHash, format: String)
        /// A text that is kept as no password, and why.
        case dropped(Dropped)
    }

    enum Dropped: String, Sendable {
        case plainText = "plain text"
        case short = "shorter than 20 bytes"
        case long = "longer than 1024 bytes"
        case repetitive = "fewer than 8 different characters"
        case shared = "shared by more than 10 rows"
    }

    /// What is made of a password before it is hashed; nil if the hashes say it themselves.
    var preHash: PreHash?
    /// Takes texts that look like plain text for hashes if they are long enough.
    var acceptsOpaque = false
    /// Texts of unknown format that more than ``sharedMax`` rows have.
    var shared: Set<String> = []

    func judge(_ text: String) -> Verdict {
        if text.isEmpty { return .none }
        if text.utf8.first == UInt8(ascii: "!") {
            return Self.isOurs(text) ? .unusable(PasswordHash(text)) : .none
        }
        if Self.isMarker(text) { return .none }
        let marked = preHash.map { text.hasPrefix($0.mark) ? text : $0.mark + text } ?? text
        if let format = HashFormat.name(of: PasswordHash(marked)) {
            return .known(PasswordHash(marked), format: format)
        }
        if Self.looksPlain(text), !(acceptsOpaque && Self.opaqueBytes.contains(text.utf8.count)) {
            return .dropped(.plainText)
        }
        if text.utf8.count < Self.opaqueBytes.lowerBound { return .dropped(.short) }
        if text.utf8.count > Self.opaqueBytes.upperBound { return .dropped(.long) }
        if Set(text.unicodeScalars).count < Self.opaqueCharactersMin { return .dropped(.repetitive) }
        if shared.contains(text) { return .dropped(.shared) }
        return .opaque(PasswordHash(text), format: HashFormat.opaqueName(of: PasswordHash(text)))
    }

    /// `!` and 32 bytes in base64url.
    private static func isOurs(_ text: String) -> Bool {
        text.utf8.count == 44
            && text.utf8.dropFirst().allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
    }

    /// How tables lock an account: `*`, `!!`, `x`, `*LK*`.
    private static func isMarker(_ text: String) -> Bool {
        if text.utf8.allSatisfy({ [UInt8(ascii: "*"), UInt8(ascii: "!"), UInt8(ascii: "-")].contains($0) }) {
            return true
        }
        return text == "x" || text.utf8.count < 8 && text.utf8.first == UInt8(ascii: "*")
    }

    /// Texts with blanks or letters beyond ASCII, and short ones that have nothing of a hash about them.
    static func looksPlain(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        if bytes.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) { return true }
        return bytes.count < opaqueBytes.lowerBound && !isDigest(bytes)
    }

    /// Hexadecimal digits of whole bytes, or with the signs that part a hash from its salt and its name.
    private static func isDigest(_ bytes: [UInt8]) -> Bool {
        let isDigit: (UInt8) -> Bool = { (0x30...0x39).contains($0) }
        if bytes.count >= 8, bytes.count.isMultiple(of: 2),
            bytes.allSatisfy({ isDigit($0) || (0x61...0x66).contains($0 | 0x20) })
        {
            return bytes.contains(where: isDigit) && !bytes.allSatisfy(isDigit)
        }
        return bytes.first == UInt8(ascii: "$") || bytes.first == UInt8(ascii: "{")
    }
}

/// How many rows have which kind of hash: formats and counts, never a value.
struct HashTally: Sendable {
    private var known: [String: Int] = [:]
    private var opaque: [String: Int] = [:]
    private var dropped: [HashJudge.Dropped: Int] = [:]
    private var without = 0

    mutating func add(_ verdict: HashJudge.Verdict) {
        switch verdict {
        case .none, .unusable: without += 1
        case .known(_, let format): known[format, default: 0] += 1
        case .opaque(_, let format): opaque[format, default: 0] += 1
        case .dropped(let why): dropped[why, default: 0] += 1
        }
    }

    var plainTexts: Int { dropped[.plainText] ?? 0 }

    /// A line each; none for a file without a row.
    var lines: [String] {
        let unknown = opaque.values.reduce(0, +), lost = dropped.values.reduce(0, +)
        var parts = Self.list(known)
        if unknown > 0 {
            parts.append("\(unknown) that keyturn cannot check (\(Self.list(opaque).joined(separator: ", ")))")
        }
        if lost > 0 {
            let reasons = Dictionary(uniqueKeysWithValues: dropped.map { ($0.key.rawValue, $0.value) })
            parts.append("\(lost) counted as no password (\(Self.list(reasons).joined(separator: ", ")))")
        }
        if without > 0 { parts.append("\(without) without one") }
        guard !parts.isEmpty else { return [] }
        let waiting = unknown + lost + without
        guard waiting > 0 else { return ["password hashes: \(parts.joined(separator: ", "))"] }
        let accounts =
            waiting == 1
            ? "1 account cannot sign in here before a reset" : "\(waiting) accounts cannot sign in here before a reset"
        return [
            "password hashes: \(parts.joined(separator: ", "))",
            "\(accounts) (links by mail work for all that are verified)",
        ]
    }

    /// The most frequent first.
    private static func list(_ counts: [String: Int]) -> [String] {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
    }
}
