import CommonPasswords
import Foundation
import Testing

@Suite struct `The list of common passwords` {
    /// The committed file, read by other means than the binary's.
    private let lines: [String]

    init() throws {
        let list = URL(filePath: #filePath).appending(path: "../../../passwords/common.txt").standardized
        lines = try String(contentsOf: list, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test func `has every line of the file`() {
        #expect(lines.count == 81_908)
        #expect(lines.allSatisfy { contains($0) })
    }

    @Test func `has no part of a line, and no line with something before or behind it`() {
        let known = Set(lines)
        for line in stride(from: 0, to: lines.count, by: 7).map({ lines[$0] }) {
            for other in [String(line.dropLast()), String(line.dropFirst()), line + "x", "x" + line] {
                #expect(contains(other) == known.contains(other), "\(other)")
            }
            #expect(!contains(line + "\n"))
            #expect(!contains("\n" + line))
        }
    }

    @Test(arguments: [
        "", "\n", "\0", "~~~~~~~~~~~~~~~~", "!!!!!!!!!!!!!!!!", "~will5melvin\n", "\u{FF}\u{FF}",
        "!2h7=aol64#exq0q\n!4polskaviza$",
    ])
    func `has nothing that stands before its first line, behind its last, or over two lines`(_ text: String) {
        #expect(!contains(text))
    }

    @Test func `has its first and its last line`() {
        #expect(contains("!2h7=aol64#exq0q"))
        #expect(contains("~will5melvin"))
    }

    private func contains(_ text: String) -> Bool { CommonPasswords.contains(text.utf8.span) }
}
