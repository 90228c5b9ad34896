/// The list of common passwords that the binary carries: `passwords/common.txt`.
import CCommonPasswords

/// 81,908 passwords in lower case ASCII, one a line, sorted by bytes. The list lies in the binary's read-only pages: a search
/// copies nothing and keeps nothing.
package enum CommonPasswords {
    /// Whether `password` is a line of the list, byte for byte. A binary search over at most 17 lines.
    package static func contains(_ password: Span<UInt8>) -> Bool {
        let lines = unsafe Span(_unsafeStart: common_passwords(), count: common_passwords_length())
        // Both always stand at the beginning of a line, or behind the last one.
        var low = 0
        var high = lines.count
        while low < high {
            let middle = low + (high - low) / 2
            let start = beginning(ofLineAt: middle, in: lines)
            let end = end(ofLineAt: middle, in: lines)
            let order = compare(password, lines.extracting(start..<end))
            if order == 0 { return true }
            if order < 0 { high = start } else { low = end + 1 }
        }
        return false
    }

    private static func beginning(ofLineAt index: Int, in lines: Span<UInt8>) -> Int {
        var start = index
        while start > 0, lines[start - 1] != lineFeed { start -= 1 }
        return start
    }

    private static func end(ofLineAt index: Int, in lines: Span<UInt8>) -> Int {
        var end = index
        while end < lines.count, lines[end] != lineFeed { end += 1 }
        return end
    }

    /// - Returns: a negative number if `left` sorts before `right`, 0 if they are equal, else a positive number.
    private static func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return Int(left[index]) - Int(right[index])
        }
        return left.count - right.count
    }

    private static let lineFeed = UInt8(ascii: "\n")
}
