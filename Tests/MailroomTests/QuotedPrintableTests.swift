import Foundation
import Testing

@testable import Mailroom

@Suite struct `Quoted-printable text` {
    /// As RFC 2045 §6.7 reads it, apart from what we write.
    private func decode(_ bytes: [UInt8]) -> [UInt8]? {
        var (decoded, index): ([UInt8], Int) = ([], 0)
        while index < bytes.count {
            guard bytes[index] == 0x3D else {
                decoded.append(bytes[index])
                index += 1
                continue
            }
            if index + 1 < bytes.count, bytes[index + 1] == 0x0A {
                index += 2
                continue
            }
            guard index + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            else { return nil }
            decoded.append(byte)
            index += 3
        }
        return decoded
    }

    private static let texts = [
        "", "\n", "Hello,\n\nyes\n", "-- \nExample\n", ".\n..\n.x\n", "From me\n From you\nFrom\n", "a=b=3D\n",
        String(repeating: "x", count: 1000) + "\n", String(repeating: "\u{1F5DD}", count: 50) + "\n",
        "أعد تعيين كلمة المرور \n", "tab\t\nblank \n",
        "https://example.com/reset-password?token=" + String(repeating: "aZ9_-.", count: 50) + "\n",
        String(repeating: " ", count: 200) + "\n", String(repeating: ".", count: 200) + "\n", "\u{0}\u{7F}\u{1B}\n",
        String(repeating: "From ", count: 40) + "\n",
    ]

    @Test(arguments: texts)
    func `reads as it was written`(text: String) {
        #expect(decode(QuotedPrintable.encode(text)) == Array(text.utf8))
    }

    @Test func `ends each line with one line feed, whatever ended it before`() {
        #expect(QuotedPrintable.encode("a\r\nb\rc\nd") == Array("a\nb\nc\nd\n".utf8))
        #expect(QuotedPrintable.encode("\r\n\r\n") == Array("\n\n".utf8))
    }

    @Test(arguments: texts)
    func `has short lines of ASCII that nothing on the way changes`(text: String) {
        let lines = QuotedPrintable.encode(text).split(separator: 0x0A, omittingEmptySubsequences: false)
        for line in lines {
            #expect(line.count <= 76)
            #expect(line.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 })
            #expect(line.first != UInt8(ascii: ".") && !line.starts(with: "From ".utf8))
            #expect(line.last != 0x20 && line.last != 0x09)
            // No boundary of ours is one of its lines.
            #expect(!line.starts(with: "--=_".utf8))
        }
    }
}
