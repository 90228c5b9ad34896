/// Argon2, wherever OpenSSL or libargon2 brings it.
// The long lines are hashes.
// swift-format-ignore-file
import Cryptography
import Testing

@testable import PasswordHashing

private let plain = "correct horse"
private let written = "$argon2id$v=19$m=64,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$0CZqMZ1QBMaHQj3p+a9jDiwNcLoLHu6N5jg73q6A/M4"

/// What argon2-cffi 25.1 and Django 5.2 wrote.
private let vectors = [
    (plain, "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MjZP1+1U9JUbDWvDvtLyEsZiNXOKEUxfi6O2oe46uxA"),
    (plain, written),
    (plain, "$argon2i$v=19$m=64,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$7Zy9kRR2ckYcS9drlqdGtg040mnL7Y32VUHzoNugrHM"),
    (plain, "$argon2i$v=16$m=64,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$No6agcmHF+XPK9I6ovcH2iaYB/SxaSO+ERCElb5hWj8"),
    // Without a version, as strings were written when there was but one.
    (plain, "$argon2i$m=64,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$No6agcmHF+XPK9I6ovcH2iaYB/SxaSO+ERCElb5hWj8"),
    (plain, "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$rk2Mi3E4dgRMg0fHaYaptWVZRKqs//6b6k3/nntqGJk"),
    (plain, "argon2$argon2id$v=19$m=102400,t=2,p=8$cjhGOFk5ZEYxbUhSbkVGMk1iWWhqRw$rkHutHMl/d4kjAW4qw+VF8G7JByDlMOV7mCjkMIz7eo"),
    ("", "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$YdvKnHDNdnx3UXOE4OXsgVckBvuq3gpvrMbEV3UYnbY"),
    ("pâté ☕ パスワード", "$argon2id$v=19$m=64,t=2,p=2$MDEyMzQ1Njc$I+wZDfBquXoTmMM9ZVFxdQ"),
]

@Suite struct `Argon2, here or not` {
    @Test func `is read exactly where it can be computed`() {
        #expect(PasswordHasher.canVerify(PasswordHash(written)) == Argon2.isAvailable)
    }
}

@Suite(.enabled(if: Argon2.isAvailable)) struct `An Argon2 hash` {
    @Test(arguments: vectors)
    func `of another program is verified as there`(password: String, hash: String) throws {
        let stored = try #require(HashFormats.read(PasswordHash(hash)))
        #expect(try stored.matches(Password(Array(password.utf8))))
        #expect(try !stored.matches(Password(Array((password + "!").utf8))))
    }

    @Test(arguments: [
        "", "m=64,t=3,p=4", "v=18$m=64,t=3,p=4", "v=$m=64,t=3,p=4", "19$m=64,t=3,p=4", "v=19$m=64,t=3", "v=19$t=3,m=64,p=4",
        "v=19$m=64,t=0,p=4", "v=19$m=64,t=3,p=0", "v=19$m=31,t=3,p=4", "v=19$m=-64,t=3,p=4", "v=19$m=64,t=3,p=4,data=AA",
        "v=19$m=262145,t=1,p=1", "v=19$m=262144,t=9,p=1", "v=19$m=8,t=262145,p=1", "v=19$m=999999999,t=999999999,p=1",
        "v=19$m=64,t=3,p=16777216",
    ])
    func `is refused for its cost or its form before it is obeyed`(parameters: String) {
        let tail = "MDEyMzQ1Njc4OWFiY2RlZg$0CZqMZ1QBMaHQj3p+a9jDiwNcLoLHu6N5jg73q6A/M4"
        // The second alone is whole, and a hash of the old version.
        #expect(PasswordHasher.canVerify(PasswordHash("$argon2id$\(parameters)$\(tail)")) == (parameters == "m=64,t=3,p=4"))
    }

    @Test(arguments: [
        "$argon2d$v=19$m=64,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$0CZqMZ1QBMaHQj3p+a9jDiwNcLoLHu6N5jg73q6A/M4",
        "django$argon2id$v=19$m=64,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$0CZqMZ1QBMaHQj3p+a9jDiwNcLoLHu6N5jg73q6A/M4",
        "$argon2id$v=19$m=64,t=3,p=4$MDEyMzQ1Ng$0CZqMZ1QBMaHQj3p+a9jDiwNcLoLHu6N5jg73q6A/M4",
        "$argon2id$v=19$m=64,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$0CZqMZ1QBMY", "$argon2id$v=19$m=64,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg",
    ])
    func `of another variant, with a short salt or key is none`(text: String) {
        #expect(!PasswordHasher.canVerify(PasswordHash(text)))
    }

    @Test func `may cost 256 MiB and 2 GiB of work, and not more`() {
        #expect(CostLimits.allow(Argon2.Cost(memoryKiB: 262_144, passes: 8, lanes: 4)))
        #expect(!CostLimits.allow(Argon2.Cost(memoryKiB: 262_144, passes: 9, lanes: 4)))
        #expect(!CostLimits.allow(Argon2.Cost(memoryKiB: 262_145, passes: 1, lanes: 4)))
        #expect(!CostLimits.allow(Argon2.Cost(memoryKiB: .max, passes: .max, lanes: 1)))
    }

    @Test func `is written in today's form, verified again, and has a decoy like it`() async throws {
        let scheme = NewPasswordScheme.argon2id(Argon2.Cost(memoryKiB: 64, passes: 2, lanes: 2))
        let hasher = PasswordHasher(scheme: scheme, pool: HashingPool(threads: 1))
        let right = Password(Array(plain.utf8))
        let hash = try await hasher.hash(right)
        #expect(hash.text.hasPrefix("$argon2id$v=19$m=64,t=2,p=2$"))
        #expect(hash.text.utf8.count == 94)
        #expect(try await hasher.verify(right, against: hash))
        #expect(try await !hasher.verify(Password(Array("correct house".utf8)), against: hash))
        #expect(try await !hasher.verify(right, against: nil))
        #expect(scheme.decoy().text.utf8.count == 94)
        #expect(!NewPasswordScheme.argon2id(Argon2.Cost(memoryKiB: 7, passes: 1, lanes: 1)).isWithinLimits)
    }

    @Test(arguments: [(Argon2.Cost(memoryKiB: 7, passes: 1, lanes: 1), 16, 32), (Argon2.Cost(memoryKiB: 64, passes: 0, lanes: 1), 16, 32),
        (Argon2.Cost(memoryKiB: 64, passes: 1, lanes: 1), 7, 32), (Argon2.Cost(memoryKiB: 64, passes: 1, lanes: 1), 16, 3)])
    func `is not derived of what RFC 9106 does not know`(cost: Argon2.Cost, saltBytes: Int, keyBytes: Int) {
        #expect(throws: DerivationFailed.parameters) {
            try Argon2.derive(
                Array(plain.utf8), salt: [UInt8](repeating: 1, count: saltBytes), variant: .id, version: .current, cost: cost,
                byteCount: keyBytes)
        }
    }
}
