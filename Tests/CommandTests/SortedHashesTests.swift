/// Lists of digests on disk, and what else `passwords.blocklistFile` may be.
import Cryptography
import Foundation
import Keyturn
import PasswordHashing
import Testing

@testable import Command

@Suite struct `A blocklist file` {
    /// How a list may be written.
    enum Look: String, CaseIterable, Sendable {
        case corpus, lowerCase, prefixes, crlf, withoutLastLineEnd

        func line(_ number: Int) -> String {
            let digest = Hexadecimal.encode(Digest.sha1(Array("password \(number)".utf8)))
            return switch self {
            // As the public corpus: capitals, and how often each was seen.
            case .corpus: "\(digest.uppercased()):\(number * number * 7919 % 1_000_003)"
            case .lowerCase, .withoutLastLineEnd: digest
            case .prefixes: String(digest.prefix(16))
            case .crlf: "\(digest.uppercased()):1\r"
            }
        }

        func text(_ count: Int) -> String {
            let text = (0..<count).map(line).sorted().joined(separator: "\n")
            return self == .withoutLastLineEnd ? text : text + "\n"
        }
    }

    @Test(arguments: Look.allCases, [1, 2, 3, 97, 5000])
    func `finds every digest of a list and no other, whatever it looks like`(look: Look, count: Int) throws {
        try withFile(look.text(count)) { path in
            let list = try #require(try BlocklistFile(path).digests)
            for number in 0..<count { #expect(list.contains(Digest.sha1(Array("password \(number)".utf8)))) }
            for number in count..<(count + 200) {
                #expect(!list.contains(Digest.sha1(Array("password \(number)".utf8))))
            }
            #expect(!list.contains([UInt8](repeating: 0, count: 20)))
            #expect(!list.contains([UInt8](repeating: 255, count: 20)))
        }
    }

    @Test func `finds digests that are not spread evenly`() throws {
        // All begin alike but the last.
        let lines = (0..<20_000).map { "0000000000000000" + Look.lowerCase.line($0).prefix(24) }.sorted()
        try withFile((lines + [String(repeating: "f", count: 40)]).joined(separator: "\n")) { path in
            let list = try #require(try BlocklistFile(path).digests)
            for line in lines.prefix(500) + lines.suffix(500) + [String(repeating: "f", count: 40)] {
                #expect(list.contains(try #require(Hexadecimal.decode(line.utf8))))
            }
            #expect(!list.contains([UInt8](repeating: 1, count: 20)))
        }
    }

    @Test func `that is not sorted ends the search`() throws {
        let lines = Look.lowerCase.text(200) + (200..<9000).map { Look.lowerCase.line($0) + "\n" }.joined()
        try withFile(lines) { path in
            let list = try #require(try BlocklistFile(path).digests)
            #expect(!list.contains(Digest.sha1(Array("another".utf8))))
        }
    }

    @Test(arguments: [
        "quiet river, late train\nsomething else\n", "0000000000000000\n123456789012345678\n", "", "\n\n",
        "ffffffffffffffff\n0000000000000000\n", "0000000000000000:x\n", "000000000000000\n",
    ])
    func `of anything else holds passwords`(text: String) throws {
        try withFile(text) { path in
            let file = try BlocklistFile(path)
            #expect(file.digests == nil)
            #expect(file.passwords == text.split(separator: "\n").map(String.init))
        }
    }

    @Test func `of passwords refuses them in any case, after a byte order mark and with any line ends`() throws {
        let text =
            "\u{FEFF}ÄRGER mit dem Fahrrad\r\nquiet river, LATE train\n\r\nΚαλημέρα σε όλους\u{85}my last one of all"
        try withFile(text) { path in
            let policy = PasswordPolicy(site: [], extraBlocklist: try BlocklistFile(path).passwords)
            for password in [
                "ÄRGER mit dem Fahrrad", "ärger mit dem fahrrad", "QUIET river, late train", "ΚΑΛΗΜΈΡΑ ΣΕ ΌΛΟΥΣ",
                "My last one of all",
            ] {
                #expect(throws: PasswordRefused([.common]), "\(password)") {
                    try policy.accept(password, for: EmailAddress(stored: "ann@example.com"))
                }
            }
        }
    }

    @Test func `that cannot be read, is no text or too large is refused`() throws {
        let words = { (path: String) -> String? in
            do throws(ConfigurationRefused) {
                _ = try BlocklistFile(path)
                return nil
            } catch { return error.description }
        }
        #expect(
            words("/nowhere/at all")
                == "passwords.blocklistFile: cannot read /nowhere/at all: No such file or directory")
        try withFile("") { path in
            try Data([0xFF, 0xFE, 0x0A]).write(to: URL(fileURLWithPath: path))
            #expect(words(path) == "passwords.blocklistFile: \(path) is not UTF-8 text")
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.truncate(atOffset: (64 << 20) + 1)
            #expect(words(path)?.hasPrefix("passwords.blocklistFile: \(path) is larger than 64 MiB") == true)
        }
    }

    @Test func `of digests refuses passwords by their bytes in NFC`() throws {
        let digest = Hexadecimal.encode(Digest.sha1(Array("caf\u{E9} by the quiet river".utf8)))
        try withFile(digest + "\n") { path in
            let policy = PasswordPolicy(site: [], breached: try BlocklistFile(path).digests)
            let ann = EmailAddress(stored: "ann@example.com")
            #expect(throws: PasswordRefused([.common])) {
                try policy.accept("cafe\u{301} by the quiet river", for: ann)
            }
            #expect(throws: Never.self) { try policy.accept("Caf\u{E9} by the quiet river", for: ann) }
        }
    }

    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "blocklist-\(UUID().uuidString)")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try body(file.path)
    }
}
