import Cryptography
import Foundation
import Keyturn

/// A file of sorted SHA-1 digests, a line each, searched where it lies: the public breach corpus has 38 GB and is never loaded.
///
/// A line is the digest in hexadecimal digits, or a prefix of it as long as all others', of either case, and perhaps `:` and a
/// number behind it. Digests are spread evenly, so a look needs about ten short reads, whatever the size.
final class SortedHashes: BreachedPasswords {
    /// A prefix of 64 bits: among a thousand million digests no other password has one of theirs by chance.
    private static let digits = 16...40
    /// How much of a file says what it is.
    static let beginningBytes = 4096
    /// A line with its end, and the end of the line before.
    private static let lineBytesMax = 128
    /// A rest as small as this is read as a whole.
    private static let restBytes = 4096
    /// More than any sorted file needs; one that is not sorted ends here.
    private static let looksMax = 256

    private let descriptor: Int32
    private let size: Int
    private let digits: Int

    /// - Returns: how many digits each line has; nil where the file is something else, such as a plain list.
    static func digits(in beginning: [UInt8]) -> Int? {
        let isWhole = beginning.count < beginningBytes
        var lines = beginning.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // Cut off, or empty behind the last line end.
        if !isWhole || lines.last?.isEmpty == true { lines.removeLast() }
        let hashes = lines.map { hash(of: $0) }
        guard let count = hashes.first??.count, digits.contains(count) else { return nil }
        var previous: [UInt8] = []
        for hash in hashes {
            guard let hash, hash.count == count, !hash.lexicographicallyPrecedes(previous) else { return nil }
            previous = hash
        }
        return count
    }

    /// - Parameter digits: how many each line has.
    /// - Returns: nil where the file cannot be read.
    init?(path: String, digits: Int) {
        // The path is borrowed for the call.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        size = Int(lseek(descriptor, 0, SEEK_END))
        self.digits = digits
    }

    deinit { if descriptor >= 0 { _ = close(descriptor) } }

    func contains(_ digest: [UInt8]) -> Bool {
        let wanted = Array(Hexadecimal.encode(digest).utf8.prefix(digits))
        // The line begins at or behind `low` and before `high`, if there is one.
        var (low, high) = (Place(offset: 0, fraction: 0), Place(offset: size, fraction: 1))
        for look in 0..<Self.looksMax {
            guard high.offset - low.offset > Self.restBytes else { break }
            let aim = Self.aim(at: Self.fraction(wanted), between: low, and: high, look: look)
            guard let (start, hash) = line(from: aim, before: high.offset) else {
                high = Place(offset: aim, fraction: high.fraction)
                continue
            }
            if hash == wanted { return true }
            if hash.lexicographicallyPrecedes(wanted) {
                low = Place(offset: start + digits, fraction: Self.fraction(hash))
            } else {
                high = Place(offset: aim, fraction: Self.fraction(hash))
            }
        }
        return rest(from: low.offset, before: high.offset).contains { Self.hash(of: $0) == wanted }
    }

    private struct Place {
        let offset: Int
        let fraction: Double
    }

    /// Where to look: now before, now behind the place where it should be, so that both ends come near; every third time in the
    /// middle, so that it ends soon even where digests are not spread evenly.
    private static func aim(at fraction: Double, between low: Place, and high: Place, look: Int) -> Int {
        let span = high.offset - low.offset
        let middle = low.offset + span / 2
        guard look % 3 != 2, high.fraction > low.fraction else { return middle }
        let share = min(max((fraction - low.fraction) / (high.fraction - low.fraction), 0), 1)
        let beside = max(restBytes / 4, span >> 8)
        let aim = low.offset + Int(Double(span) * share) + (look % 3 == 0 ? -beside : beside)
        return min(max(aim, low.offset + 1), high.offset - 1)
    }

    /// How far it lies between the digest of zeros and the one behind the last.
    private static func fraction(_ hash: [UInt8]) -> Double {
        hash.prefix(12).reversed().reduce(0) { ($0 + Double(value(of: $1))) / 16 }
    }

    private static func value(of digit: UInt8) -> UInt8 { digit < 0x40 ? digit - 0x30 : (digit | 0x20) - 0x57 }

    /// The first line that begins at `offset` or behind it, and before `limit`.
    private func line(from offset: Int, before limit: Int) -> (start: Int, hash: [UInt8])? {
        let bytes = read(Self.lineBytesMax, at: offset - 1)
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let start = offset + end
        guard start < limit, let hash = Self.hash(of: bytes[(end + 1)...].prefix(digits)), hash.count == digits
        else { return nil }
        return (start, hash)
    }

    /// All lines of a small piece; the first may be the end of one.
    private func rest(from offset: Int, before limit: Int) -> [ArraySlice<UInt8>] {
        read(max(0, limit - offset) + Self.lineBytesMax, at: offset).split(separator: UInt8(ascii: "\n"))
    }

    /// The digits of a line in lower case; nil where there are others.
    private static func hash(of line: ArraySlice<UInt8>) -> [UInt8]? {
        let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        let parts = text.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        let isCount = parts.dropFirst().allSatisfy { $0.allSatisfy { (0x30...0x39).contains($0) } }
        guard let first = parts.first, isCount else { return nil }
        let hash = first.map { (0x41...0x46).contains($0) ? $0 | 0x20 : $0 }
        return hash.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } ? hash : nil
    }

    /// - Returns: fewer at the end of the file, none where it cannot be read.
    private func read(_ count: Int, at offset: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            // The buffer has room for `count`.
            let got = unsafe pread(descriptor, buffer.baseAddress, count, off_t(offset))
            initialized = max(0, got)
        }
    }
}
