import Cryptography
import Testing

@Suite struct `Digests and codes` {
    /// The examples of FIPS 180-4, and the empty message.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func `are SHA-256 of FIPS 180-4`(message: String, digest: String) {
        #expect(Hexadecimal.encode(Digest.sha256(Array(message.utf8))) == digest)
    }

    @Test func `are SHA-1 and SHA-512 of FIPS 180-4`() {
        #expect(Hexadecimal.encode(Digest.sha1(Array("abc".utf8))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(Hexadecimal.encode(Digest.sha1([])) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(
            Hexadecimal.encode(Digest.sha512(Array("abc".utf8)))
                == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
    }

    /// RFC 4231, test cases 1–4, 6 and 7. (Case 5 is of a truncated code, which is not made here.)
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            Array(1...25), [UInt8](repeating: 0xcd, count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131),
            Array(
                ("This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
    ])
    func `are HMAC-SHA-256 of RFC 4231`(key: [UInt8], message: [UInt8], code: String) {
        #expect(Hexadecimal.encode(HMACSHA256.authenticate(message, key: key)) == code)
    }

    @Test func `take an empty key and keys around the block's length`() {
        // Computed with Python's hmac module.
        let codes = [0, 63, 64, 65].map {
            Hexadecimal.encode(HMACSHA256.authenticate([1], key: [UInt8](repeating: 7, count: $0)))
        }
        #expect(
            codes == [
                "3d7afb663124ecbf2c953f863d4fc8796eeb2d372b64aad58697ec5264649cdb",
                "e884bc182ec52781643e475cfb25eb2d76388e64490097342d7ee16eeeb73d28",
                "2847e6210bc69125dce67a27ba8b4f80b3ac99371b7b2956dc950ab199a252cb",
                "604b0499590f822d737826d3ede416f3383c4b84192517699430cba2fdcd4a46",
            ])
    }

    /// RFC 5869, appendix A.1–A.3.
    @Test(
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 22), Array(0...0x0c), Array(0xf0...0xf9),
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
            ),
            (
                Array(0...0x4f), Array(0x60...0xaf), Array(0xb0...0xff),
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                    + "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
            ),
            (
                [UInt8](repeating: 0x0b, count: 22), [], [],
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
            ),
        ] as [([UInt8], [UInt8], [UInt8], String)])
    func `are HKDF-SHA-256 of RFC 5869`(material: [UInt8], salt: [UInt8], info: [UInt8], key: String) {
        let derived = HKDFSHA256.derive(from: material, salt: salt, info: info, byteCount: key.utf8.count / 2)
        #expect(Hexadecimal.encode(derived) == key)
    }

    @Test func `reach HKDF's limit of 255 blocks`() {
        let longest = HKDFSHA256.derive(from: [1], salt: [2], info: [3], byteCount: HKDFSHA256.byteLimit)
        #expect(longest.count == 8160)
        #expect(Array(longest.prefix(33)) == HKDFSHA256.derive(from: [1], salt: [2], info: [3], byteCount: 33))
        #expect(Hexadecimal.encode(Array(longest.suffix(8))) == "aa27e33c01b649ee")
    }
}
