import Cryptography
import Testing

@Suite struct `Bytes as text` {
    /// RFC 4648 §10.
    static let rfc4648 = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test(arguments: rfc4648)
    func `are base64 of RFC 4648, padded or not`(plain: String, text: String) {
        let (bytes, bare) = (Array(plain.utf8), text.filter { $0 != "=" })
        #expect(Base64.encode(bytes) == text)
        #expect(Base64.decode(text.utf8) == bytes)
        #expect(Base64.encode(bytes, padded: false) == bare)
        #expect(Base64.decode(bare.utf8, padded: false) == bytes)
        #expect(Base64URL.encode(bytes) == bare)
        #expect(Base64URL.decode(bare.utf8) == bytes)
        if bare != text {
            #expect(Base64.decode(bare.utf8) == nil)
            #expect(Base64.decode(text.utf8, padded: false) == nil)
            #expect(Base64URL.decode(text.utf8) == nil)
        }
    }

    @Test func `differ between the alphabets in two characters`() {
        #expect(Base64.encode([0xfb, 0xef, 0xff]) == "++//")
        #expect(Base64URL.encode([0xfb, 0xef, 0xff]) == "--__")
        #expect(Base64.decode("--__".utf8) == nil)
        #expect(Base64URL.decode("++//".utf8) == nil)
        #expect(Base64URL.decode("-_-_".utf8) == [0xfb, 0xff, 0xbf])
    }

    @Test(arguments: ["A", "AAAAA", "QR", "QQF", "Zm9v\n", "Zm 9v", "Zm9=", "====", "=", "Zm9vé", "Zg\0A", "QUJ"])
    func `have one spelling in base64url`(text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }

    @Test(arguments: ["Q===", "====", "QR==", "QUJ=", "QQ=A", "=QQQ", "QQ==QQ==", "QQ", "QQ=", "Zm9v=", "QQ==\n"])
    func `have one spelling in base64`(text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }

    @Test func `come back as they were, at every length`() {
        for count in 0..<100 {
            let bytes = SecureRandom.bytes(count)
            #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes)
            #expect(Base64.decode(Base64.encode(bytes).utf8) == bytes)
            #expect(Hexadecimal.decode(Hexadecimal.encode(bytes).utf8) == bytes)
        }
    }

    @Test func `of two base64 characters are one byte in exactly one spelling`() {
        var spellings: [[UInt8]: Int] = [:]
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                if let bytes = Base64URL.decode([first, second]) { spellings[bytes, default: 0] += 1 }
            }
        }
        #expect(spellings.count == 256)
        #expect(spellings.values.allSatisfy { $0 == 1 })
    }

    @Test func `are lower-case hexadecimal digits`() {
        #expect(Hexadecimal.encode([0, 0x9a, 0xff]) == "009aff")
        for text in ["0", "0G", "AB", "g0", " 0", "+1", "٥0"] {
            #expect(Hexadecimal.decode(text.utf8) == nil, "\(text)")
        }
    }

    @Test func `are compared as a whole`() {
        #expect(equalInConstantTime([], []))
        #expect(equalInConstantTime([1, 2, 3], [1, 2, 3]))
        #expect(!equalInConstantTime([1, 2, 3], [1, 2, 4]))
        #expect(!equalInConstantTime([0, 2, 3], [1, 2, 3]))
        #expect(!equalInConstantTime([1, 2, 3], [1, 2]))
        #expect(!equalInConstantTime([], [0]))
    }

    @Test func `are random and new each time`() {
        #expect(SecureRandom.bytes(0) == [])
        #expect(SecureRandom.bytes(32).count == 32)
        #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32))
    }

    @Test func `are random characters, all of them and nothing else`() {
        let text = SecureRandom.text(5_000, from: Array("abc".utf8))
        #expect(text.utf8.count == 5_000)
        for letter in "abc".utf8 {
            // A third each; a deviation of 300 is nine times the standard one.
            #expect(abs(text.utf8.count { $0 == letter } - 1_667) < 300)
        }
        #expect(Set(text.utf8).count == 3)
        #expect(SecureRandom.text(0, from: [0x61]) == "")
    }
}
