import Cryptography
import Testing

@testable import PasswordHashing

@Suite struct `A stored hash` {
    @Test(arguments: Vector.all)
    func `of another program is verified as there`(vector: Vector) throws {
        let stored = try #require(HashFormats.read(PasswordHash(vector.hash)))
        #expect(try stored.matches(Password(Array(vector.password.utf8))))
        #expect(try !stored.matches(Password(Array((String(vector.password.dropLast()) + "!").utf8))))
    }

    @Test(arguments: Vector.all)
    func `is not of a known format when it is cut, spaced or continued`(vector: Vector) {
        for changed in [
            String(vector.hash.dropLast(vector.hash.count / 2)), vector.hash + "\n", " " + vector.hash,
            vector.hash + "$", "", "$",
        ] {
            #expect(!PasswordHasher.canVerify(PasswordHash(changed)), "\(changed)")
        }
    }

    @Test(arguments: [
        // scrypt: time, memory, and numbers that are none
        "$scrypt$ln=20,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=14,r=8,p=33$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=1,r=999999999,p=999999999$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=63,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=9223372036854775808,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=0,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=14,r=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=+4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=-4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        // A key so short that a password matches by chance
        "$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AA", "$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
        "scrypt:1048576:8:1$salt$\(String(repeating: "00", count: 64))",
        "scrypt:1000:8:1$salt$\(String(repeating: "00", count: 64))",
        "scrypt$1048576$salt$8$1$\(String(repeating: "A", count: 86))==",
        // PBKDF2: iterations
        "pbkdf2_sha256$4000001$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "pbkdf2_sha256$0$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "pbkdf2:sha512:999999999999$salt$\(String(repeating: "00", count: 64))",
        "pbkdf2:md5:1000$salt$\(String(repeating: "00", count: 16))",
        // ASP.NET: 2^32 - 1 iterations; a salt longer than all there is
        "AQAAAAL/////AAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw",
        "AQAAAAIAAAAy/////+Mwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw",
        // ASP.NET: a digest that never was; a key longer than any that is written
        Base64.encode([1, 0, 0, 0, 3, 0, 0, 0, 50, 0, 0, 0, 16] + [UInt8](repeating: 7, count: 48)),
        Base64.encode([1, 0, 0, 0, 0, 0, 0, 0, 50, 0, 0, 0, 16] + [UInt8](repeating: 7, count: 16 + 129)),
        // bcrypt: 2^16 rounds, 2^31 rounds, none; a version that never was
        "$2b$16$QODNsP6OK31M9KWlykkwnORYRmiY84t65rNDuDliRmypoK6/bgwuy",
        "$2b$31$QODNsP6OK31M9KWlykkwnORYRmiY84t65rNDuDliRmypoK6/bgwuy",
        "$2b$00$QODNsP6OK31M9KWlykkwnORYRmiY84t65rNDuDliRmypoK6/bgwuy",
        "$2b$+4$QODNsP6OK31M9KWlykkwnORYRmiY84t65rNDuDliRmypoK6/bgwuy",
        "$2c$04$QODNsP6OK31M9KWlykkwnORYRmiY84t65rNDuDliRmypoK6/bgwuy",
        "$2b$4$QODNsP6OK31M9KWlykkwnORYRmiY84t65rNDuDliRmypoK6/bgwuyy",
        "bcrypt$$2b$31$QODNsP6OK31M9KWlykkwnORYRmiY84t65rNDuDliRmypoK6/bgwuy",
        // sha-crypt: rounds
        "$5$rounds=999999999$tCdpHAu9F9liv7oV$O6D/PmIGA0AtljB.HrgwtKesBAdlOVGsYcTesbqPwGD",
        "$5$rounds=10$tCdpHAu9F9liv7oV$O6D/PmIGA0AtljB.HrgwtKesBAdlOVGsYcTesbqPwGD",
        // yescrypt: 1 GiB; numbers of several characters
        "$y$jFT$xa6Hg.Zft0DdTwO.9.Bhi/$C77XrNDBqazhNxWT1gj9okOgDA1xWawtS5l8mc6J8Q2",
        "$y$jzzzz$xa6Hg.Zft0DdTwO.9.Bhi/$C77XrNDBqazhNxWT1gj9okOgDA1xWawtS5l8mc6J8Q2",
        "$y$j9T5$xa6Hg.Zft0DdTwO.9.Bhi/$C77XrNDBqazhNxWT1gj9okOgDA1xWawtS5l8mc6J8Q2",
        // What is no hash
        "*0", "*1", "!", "x", "plain text", "correct horse battery staple", "$1$salt$hash", "aa:bb",
        "$2b$04$QODNsP6OK31M9KWlykkwnORYRmiY84t65rNDuDliRmypoK6/bgw\u{301}",
    ])
    func `is refused for its cost or its form before it is obeyed`(text: String) {
        #expect(!PasswordHasher.canVerify(PasswordHash(text)))
    }

    @Test(arguments: [
        // passlib's default, and one round more than the limit
        ("$6$rounds=656000$ywFmKalk2jWwcApR$" + String(repeating: "a", count: 86), true),
        ("$6$rounds=700001$ywFmKalk2jWwcApR$" + String(repeating: "a", count: 86), false),
        ("pbkdf2:sha512:2000000$salt$" + String(repeating: "00", count: 64), true),
        ("pbkdf2:sha512:2000001$salt$" + String(repeating: "00", count: 64), false),
        ("pbkdf2:sha256:4000000$salt$" + String(repeating: "00", count: 32), true),
        ("pbkdf2:sha1:4000001$salt$" + String(repeating: "00", count: 20), false),
        ("$2b$15$QODNsP6OK31M9KWlykkwnORYRmiY84t65rNDuDliRmypoK6/bgwuy", true),
        ("$y$jDT$xa6Hg.Zft0DdTwO.9.Bhi/$C77XrNDBqazhNxWT1gj9okOgDA1xWawtS5l8mc6J8Q2", true),
        ("$y$jET$xa6Hg.Zft0DdTwO.9.Bhi/$C77XrNDBqazhNxWT1gj9okOgDA1xWawtS5l8mc6J8Q2", false),
    ])
    func `may cost as much as its format's limit and no more`(text: String, isAllowed: Bool) {
        #expect(PasswordHasher.canVerify(PasswordHash(text)) == isAllowed)
    }

    @Test func `may cost 256 MiB and not a byte more`() {
        #expect(CostLimits.allow(Scrypt.Cost(logN: 18, r: 8, p: 1)))
        #expect(!CostLimits.allow(Scrypt.Cost(logN: 18, r: 9, p: 1)))
    }

    @Test func `counts bytes beyond bcrypt's 72 no more than its maker did`() throws {
        let bytes = [UInt8](repeating: UInt8(ascii: "y"), count: 72)
        let vector = try #require(Vector.all.first { $0.password == String(repeating: "y", count: 72) })
        let stored = try #require(HashFormats.read(PasswordHash(vector.hash)))
        #expect(try stored.matches(Password(bytes + bytes)))
        #expect(try !stored.matches(Password(Array(bytes.dropLast()))))
    }

    @Test(arguments: ["$2b$04$", "$6$rounds", "$y$j75"])
    func `of crypt takes no password with a NUL or of 512 bytes`(prefix: String) throws {
        let vector = try #require(Vector.all.first { $0.hash.hasPrefix(prefix) && $0.password == Vector.plain })
        let stored = try #require(HashFormats.read(PasswordHash(vector.hash)))
        #expect(try !stored.matches(Password(Array(Vector.plain.utf8) + [0])))
        if prefix != "$2b$04$" {
            #expect(try !stored.matches(Password([UInt8](repeating: 0x78, count: 512))))
        }
    }

    @Test func `with a salt that crypt does not take is nobody's`() throws {
        let stored = try #require(HashFormats.read(PasswordHash("$5$a:b$" + String(repeating: "a", count: 43))))
        #expect(try !stored.matches(Password(Array(Vector.plain.utf8))))
    }

    @Test func `and a password print neither themselves nor their parts`() {
        let hash = PasswordHash("$2b$04$QODNsP6OK31M")
        let password = Password(Array("hunter2".utf8))
        var dumped = ""
        dump(hash, to: &dumped)
        dump(password, to: &dumped)
        let printed = "\(hash) \(password) \(String(reflecting: hash)) \(String(reflecting: password)) \(dumped)"
        #expect(!printed.contains("QODN") && !printed.contains("104"))
        #expect(printed.contains("PasswordHash(…) Password(…)"))
    }

    @Test func `is equal by its bytes`() {
        #expect(PasswordHash("\u{e9}") != PasswordHash("e\u{301}"))
        #expect(PasswordHash("a") == PasswordHash("a"))
    }

    @Test func `that nobody can use is new each time and of no format`() {
        let hash = PasswordHash.unusable()
        #expect(hash.text.utf8.first == UInt8(ascii: "!") && hash.text.utf8.count == 44)
        #expect(hash != PasswordHash.unusable())
        #expect(!PasswordHasher.canVerify(hash))
    }
}
