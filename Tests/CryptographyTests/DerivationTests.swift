import Cryptography
import Testing

@Suite struct `Keys from passwords` {
    /// RFC 7914 §12; its last example, which takes a GiB, is left out. The one of 64 MiB is `hashlib.scrypt`'s.
    @Test(arguments: [
        (
            "", "", Scrypt.Cost(logN: 4, r: 1, p: 1),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        ),
        (
            "password", "NaCl", Scrypt.Cost(logN: 10, r: 8, p: 16),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        ),
        (
            "pleaseletmein", "SodiumChloride", Scrypt.Cost(logN: 14, r: 8, p: 1),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
        (
            "pleaseletmein", "SodiumChloride", Scrypt.Cost(logN: 16, r: 8, p: 1),
            "12b194c86d7bea77ce0c58f7b27974a6000a9f187df8bbc2a263c5fd22ce3c21"
        ),
    ])
    func `are scrypt of RFC 7914, beyond the library's own limit of 32 MiB too`(
        password: String, salt: String, cost: Scrypt.Cost, key: String
    ) throws {
        let derived = try Scrypt.derive(
            Array(password.utf8), salt: Array(salt.utf8), cost: cost, byteCount: key.utf8.count / 2)
        #expect(Hexadecimal.encode(derived) == key)
    }

    @Test(arguments: [
        Scrypt.Cost(logN: 0, r: 8, p: 1), Scrypt.Cost(logN: -1, r: 8, p: 1), Scrypt.Cost(logN: 63, r: 8, p: 1),
        Scrypt.Cost(logN: 64, r: 8, p: 1), Scrypt.Cost(logN: .max, r: 8, p: 1), Scrypt.Cost(logN: .min, r: 8, p: 1),
        Scrypt.Cost(logN: 14, r: 0, p: 1), Scrypt.Cost(logN: 14, r: 8, p: 0), Scrypt.Cost(logN: 14, r: -8, p: -1),
        Scrypt.Cost(logN: 14, r: .max, p: .max), Scrypt.Cost(logN: 4, r: 1 << 15, p: 1 << 15),
        Scrypt.Cost(logN: 16, r: 1, p: 1), Scrypt.Cost(logN: 60, r: 8, p: 1), Scrypt.Cost(logN: 53, r: 8, p: 1),
    ])
    func `are not derived at a cost that RFC 7914 does not define or 64 bits do not hold`(cost: Scrypt.Cost) {
        #expect(throws: DerivationFailed.parameters) { try Scrypt.derive([], salt: [], cost: cost, byteCount: 32) }
    }

    @Test func `are not derived where there is no such memory`() {
        // 2^45 · 128 · 8 bytes: 32 PiB.
        let error = #expect(throws: DerivationFailed.self) {
            try Scrypt.derive([1], salt: [2], cost: Scrypt.Cost(logN: 45, r: 8, p: 1), byteCount: 32)
        }
        guard case .library = error else { Issue.record("\(String(describing: error))"); return }
    }

    @Test func `cost memory and work by a formula`() {
        let cost = Scrypt.Cost(logN: 14, r: 8, p: 5)
        #expect(cost.memoryBytes == 16 << 20)
        #expect(cost.work == 655_360)
        #expect(Scrypt.Cost(logN: 62, r: 8, p: 1).memoryBytes == nil)
        #expect(Scrypt.Cost(logN: 60, r: 8, p: 1).work == nil)
        #expect(Scrypt.Cost(logN: 0, r: 8, p: 1).memoryBytes == nil)
        #expect(Scrypt.Cost(logN: 0, r: 8, p: 1).work == nil)
    }

    @Test func `have at least one byte`() {
        #expect(throws: DerivationFailed.parameters) {
            try Scrypt.derive([], salt: [], cost: Scrypt.Cost(logN: 4, r: 1, p: 1), byteCount: 0)
        }
        // The table alone is a number of 64 bits; with what the library wants besides it is none.
        #expect(throws: DerivationFailed.parameters) {
            try Scrypt.derive([], salt: [], cost: Scrypt.Cost(logN: 26, r: (1 << 30) - 1, p: 1), byteCount: 32)
        }
        #expect(throws: DerivationFailed.parameters) {
            try PBKDF2.derive([], salt: [], iterations: 1, hash: .sha256, byteCount: 0)
        }
    }

    /// RFC 6070 (SHA-1; its example of 16 million iterations is left out), RFC 7914 §11 (SHA-256), and `hashlib`'s SHA-512.
    @Test(arguments: [
        ("password", "salt", 1, PBKDF2.Hash.sha1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
        ("password", "salt", 2, .sha1, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
        ("password", "salt", 4096, .sha1, "4b007901b765489abead49d926f721d065a429c1"),
        (
            "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, .sha1,
            "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"
        ),
        ("pass\0word", "sa\0lt", 4096, .sha1, "56fa6aa75548099dcc37d7f03425e0c3"),
        (
            "passwd", "salt", 1, .sha256,
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
        ),
        (
            "Password", "NaCl", 80000, .sha256,
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
        ),
        (
            "passwd", "salt", 1, .sha512,
            "c74319d99499fc3e9013acff597c23c5baf0a0bec5634c46b8352b793e324723d55caa76b2b25c43402dcfdc06cdcf66f95b7d0429420b39520006749c51a04e"
        ),
    ])
    func `are PBKDF2 of RFC 6070 and RFC 7914`(
        password: String, salt: String, iterations: Int, hash: PBKDF2.Hash, key: String
    ) throws {
        let derived = try PBKDF2.derive(
            Array(password.utf8), salt: Array(salt.utf8), iterations: iterations, hash: hash,
            byteCount: key.utf8.count / 2)
        #expect(Hexadecimal.encode(derived) == key)
    }

    @Test(arguments: [0, -1, 1 << 31, Int.max, Int.min])
    func `are not derived in a number of iterations that the library does not take`(iterations: Int) {
        #expect(throws: DerivationFailed.parameters) {
            try PBKDF2.derive([], salt: [], iterations: iterations, hash: .sha1, byteCount: 20)
        }
    }

    /// sha-crypt as passlib computes it by itself, bcrypt as crypt_blowfish's own test has it.
    @Test(arguments: [
        ("Hello world!", "$5$saltstring", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
        (
            "Hello world!", "$6$saltstring",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
        ),
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
    ])
    func `are crypt's`(password: String, setting: String, hash: String) {
        #expect(UnixCrypt.hash(Array(password.utf8), setting: setting) == hash)
        #expect(UnixCrypt.hash(Array(password.utf8), setting: hash) == hash)
    }

    @Test(arguments: [
        "", "*", "*0", "*1", "x", "$", "$2b$", "$2b$99$CCCCCCCCCCCCCCCCCCCCC.", "$nothing$x", "$5$\0salt",
        String(repeating: "$5$", count: 200),
    ])
    func `are not crypt's where the setting is none`(setting: String) {
        #expect(UnixCrypt.hash(Array("password".utf8), setting: setting) == nil)
    }

    @Test func `are not crypt's where it would cut the password`() {
        let setting = "$5$rounds=1000$saltstring"
        #expect(UnixCrypt.hash([0x61, 0, 0x62], setting: setting) == nil)
        #expect(UnixCrypt.hash([0], setting: setting) == nil)
        #expect(UnixCrypt.hash([UInt8](repeating: 0x61, count: 512), setting: setting) == nil)
        #expect(UnixCrypt.hash([UInt8](repeating: 0x61, count: 511), setting: setting) != nil)
        #expect(UnixCrypt.hash([], setting: setting) != nil)
    }
}
