/// Looks a password up among the common ones.

/// The built-in list and, beside it, what the operator adds.
struct Blocklist: Sendable {
    /// Lower case, as the built-in one.
    private let additions: Set<String>
    private let longestAddition: Int

    init(additions: Set<String>) {
        self.additions = additions
        longestAddition = additions.lazy.map(\.utf8.count).max() ?? 0
    }

    func contains(_ password: Substring.UTF8View) -> Bool {
        Self.isBuiltIn(password)
            || password.count <= longestAddition && additions.contains(String(Substring(password)))
    }

    /// A binary search for a line among sorted lines, in the literal itself: nothing is copied, nothing kept.
    static func isBuiltIn(_ password: Substring.UTF8View) -> Bool {
        guard (1...CommonPasswords.longest).contains(password.count), !password.contains(lineFeed) else { return false }
        let lines = CommonPasswords.lines.utf8
        var low = lines.startIndex
        var high = lines.endIndex
        while low < high {
            let middle = lines.index(low, offsetBy: lines.distance(from: low, to: high) / 2)
            let start = lines[low..<middle].lastIndex(of: lineFeed).map { lines.index(after: $0) } ?? low
            let end = lines[middle..<high].firstIndex(of: lineFeed) ?? high
            let line = lines[start..<end]
            if line.elementsEqual(password) { return true }
            if line.lexicographicallyPrecedes(password) {
                low = end < high ? lines.index(after: end) : high
            } else {
                high = start
            }
        }
        return false
    }

    private static let lineFeed = UInt8(ascii: "\n")
}
