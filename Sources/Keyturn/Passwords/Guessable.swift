/// Shapes of passwords that are long and still guessed at once.
///
/// All of them look at UTF-8 bytes with A–Z lowered. Passwords are limited in bytes before they come here.
enum Guessable {
    /// A piece shorter than this, repeated to the end, is one piece and no password.
    static let pieceCharacters = 8
    /// How many bytes beside runs do not save a run from being one.
    static let bytesBesideRuns = 3
    /// How many digits and signs around a common password leave it common.
    static let decorationBytes = 4

    /// One character or a short piece, over and over, and nothing else.
    static func isRepetition(_ bytes: [UInt8]) -> Bool {
        guard let period = period(of: bytes) else { return false }
        return bytes[..<period].count { $0 & 0xC0 != 0x80 } < pieceCharacters
    }

    /// Runs of three and more along a keyboard row or column, the digits or the alphabet, forwards or backwards, or of one
    /// character, that leave at most ``bytesBesideRuns`` over.
    static func isRuns(_ bytes: [UInt8]) -> Bool {
        var index = 0
        var beside = 0
        while index < bytes.count {
            let length = max(
                runLength(in: bytes, from: index) { $0 == $1 },
                runLength(in: bytes, from: index) { neighbours.contains(Pair(first: $0, second: $1)) },
                runLength(in: bytes, from: index) { neighbours.contains(Pair(first: $1, second: $0)) })
            if length < 3 { beside += 1 }
            index += length < 3 ? 1 : length
        }
        return beside <= bytesBesideRuns
    }

    /// A common password: itself, repeated, two of them side by side, or with a few digits and signs around it.
    static func isCommon(_ bytes: [UInt8], in list: Blocklist) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        let all = text.utf8
        if list.contains(Substring(text).utf8) { return true }
        if let period = period(of: bytes), list.contains(all.prefix(period)) { return true }
        let isLetter: (UInt8) -> Bool = { !(0x21...0x7E).contains($0) || (0x61...0x7A).contains($0) }
        if let first = all.firstIndex(where: isLetter), let last = all.lastIndex(where: isLetter) {
            let core = all[first...last]
            if all.count - core.count <= decorationBytes, list.contains(core) { return true }
        }
        return all.indices.dropFirst().contains { list.contains(all[..<$0]) && list.contains(all[$0...]) }
    }

    /// Whether `word` stands somewhere in the password. An empty word stands nowhere.
    static func contains(_ word: [UInt8], in bytes: [UInt8]) -> Bool {
        guard !word.isEmpty, word.count <= bytes.count else { return false }
        return (0...bytes.count - word.count).contains { bytes[$0..<$0 + word.count].elementsEqual(word) }
    }

    /// The length of the shortest piece that, repeated at least twice, is the whole; nil where there is none.
    private static func period(of bytes: [UInt8]) -> Int? {
        guard bytes.count >= 2 else { return nil }
        return (1...bytes.count / 2).first { length in
            bytes.count % length == 0 && bytes[length...].elementsEqual(bytes[..<(bytes.count - length)])
        }
    }

    private static func runLength(in bytes: [UInt8], from start: Int, _ follows: (UInt8, UInt8) -> Bool) -> Int {
        var end = start + 1
        while end < bytes.count, follows(bytes[end - 1], bytes[end]) { end += 1 }
        return end - start
    }

    private struct Pair: Hashable {
        let first: UInt8
        let second: UInt8
    }

    /// Keys that follow each other: rows of the common layouts (with their shifted digits), the columns of a US keyboard that
    /// people walk down, digits and alphabet with the end joined to the beginning.
    private static let neighbours: Set<Pair> = {
        let rows = [
            "01234567890", "abcdefghijklmnopqrstuvwxyza", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertzuiop",
            "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn", "!@#$%^&*()_+", "-=", "1qaz", "2wsx", "3edc", "4rfv",
            "5tgb",
            "6yhn", "7ujm", "8ik,", "9ol.", "0p;/",
        ]
        return Set(rows.flatMap { row in zip(row.utf8, row.utf8.dropFirst()).map { Pair(first: $0, second: $1) } })
    }()
}
