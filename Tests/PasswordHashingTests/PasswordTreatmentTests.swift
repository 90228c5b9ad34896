/// What an app beside us does to a password before it hashes it.
import Cryptography
import Testing

@testable import PasswordHashing

@Suite struct `A password` {
    private let pool = HashingPool(threads: 1)
    private let right = Password(Array("seven green bottles".utf8))

    private func hasher(
        _ scheme: NewPasswordScheme = .bcrypt(cost: 4), pepper: String = "", trims: Bool = false, escapes: Bool = false
    ) -> PasswordHasher {
        var treatment = PasswordTreatment()
        treatment.pepper = Array(pepper.utf8)
        (treatment.trims, treatment.escapesHTML) = (trims, escapes)
        return PasswordHasher(scheme: scheme, pool: pool, treatment: treatment)
    }

    // G18
    @Test func `with Devise's pepper is right with the same pepper alone`() async throws {
        let stored = PasswordHash(ForeignHash.row("g18"))
        #expect(try await hasher(pepper: "zq7-Pepper").verify(right, against: stored))
        #expect(
            try await !hasher(pepper: "zq7-Pepper").verify(Password(Array("seven green bottle".utf8)), against: stored))
        #expect(try await !hasher().verify(right, against: stored))
        #expect(try await !hasher(pepper: "zq7-pepper").verify(right, against: stored))
    }

    @Test func `gets its pepper in new hashes of bcrypt's own form, whatever its name`() async throws {
        for version in [BCryptVersion.a, .b, .y] {
            let peppered = hasher(.bcrypt(cost: 4, as: version), pepper: "salt and pepper")
            let hash = try await peppered.hash(right)
            #expect(try await peppered.verify(right, against: hash))
            #expect(try await !hasher().verify(right, against: hash))
            #expect(try await hasher().verify(Password(right.bytes + Array("salt and pepper".utf8)), against: hash))
        }
    }

    @Test(arguments: [
        NewPasswordScheme.scrypt(Scrypt.Cost(logN: 4, r: 8, p: 1)), .djangoPBKDF2SHA256(iterations: 10),
        .wordPressBCrypt(cost: 4),
    ])
    func `gets no pepper in any other form`(scheme: NewPasswordScheme) async throws {
        let hash = try await hasher(scheme, pepper: "pepper").hash(right)
        #expect(try await hasher().verify(right, against: hash))
        #expect(try await hasher(pepper: "pepper").verify(right, against: hash))
    }

    @Test(arguments: ["{bcrypt}", "1|", "bcrypt$", "{sha256-hex}"])
    func `gets no pepper where bcrypt is wrapped`(wrapper: String) async throws {
        let input = wrapper == "{sha256-hex}" ? PreHash.sha256Hex.apply(to: right) : right
        let hash = PasswordHash(wrapper + (try #require(BCrypt.hash(input, cost: 4))))
        #expect(try await hasher(pepper: "pepper").verify(right, against: hash))
    }

    @Test func `may have 72 bytes before its pepper, and the whole is cut there`() async throws {
        let peppered = hasher(pepper: String(repeating: "p", count: 128))
        let (longest, short) = (
            Password([UInt8](repeating: 0x61, count: 72)), Password([UInt8](repeating: 0x61, count: 71))
        )
        let hash = try await peppered.hash(longest)
        #expect(try await hasher().verify(longest, against: hash))
        #expect(try await peppered.verify(longest, against: hash))
        let other = try await peppered.hash(short)
        #expect(try await hasher().verify(Password(short.bytes + [0x70]), against: other))
        await #expect(throws: HashingRefused.passwordTooLong(limitBytes: 72)) {
            try await peppered.hash(Password(longest.bytes + [0x61]))
        }
    }

    @Test func `is trimmed and escaped where the app does so, stored or new`() async throws {
        let typed = Password(Array(" <b>\"Q&A\" it's ".utf8))
        let (plain, trimming, escaping) = (hasher(), hasher(trims: true), hasher(escapes: true))
        let trimmed = try await trimming.hash(typed)
        #expect(try await plain.verify(Password(Array("<b>\"Q&A\" it's".utf8)), against: trimmed))
        #expect(try await trimming.verify(typed, against: trimmed))
        let escaped = try await escaping.hash(typed)
        #expect(
            try await plain.verify(Password(Array(" &lt;b&gt;&quot;Q&amp;A&quot; it's ".utf8)), against: escaped))
        #expect(try await escaping.verify(typed, against: escaped))
        #expect(try await !escaping.verify(Password(Array("<b>".utf8)), against: escaped))
    }
}

@Suite struct `A scheme for new passwords` {
    private let pool = HashingPool(threads: 1)

    @Test func `is found for what stands in a table`() {
        let expected = [
            "g01": nil, "g02": "wordpress-bcrypt", "g05": nil, "g06": "django-pbkdf2-sha256", "g11": nil,
            "g15": "argon2id",
            "g17": nil, "g18": "bcrypt-2a",
        ]
        for (number, name) in expected {
            #expect(NewPasswordScheme.name(writing: PasswordHash(ForeignHash.row(number))) == name, "\(number)")
        }
    }

    @Test(arguments: `A password hasher`.schemes + [.argon2id(Argon2.Cost(memoryKiB: 64, passes: 1, lanes: 1))])
    func `writes what is read under its name, and calls it not outdated`(scheme: NewPasswordScheme) async throws {
        let hasher = PasswordHasher(scheme: scheme, pool: pool)
        let hash = try await hasher.hash(Password(Array("seven green bottles".utf8)))
        #expect(NewPasswordScheme.names.contains(scheme.name))
        #expect(NewPasswordScheme.name(writing: hash) == scheme.name)
        #expect(!hasher.isOutdated(hash))
        #expect(hasher.isOutdated(PasswordHash(ForeignHash.row("g01"))))
        #expect(!hasher.isOutdated(PasswordHash(ForeignHash.row("g17"))))
    }

    @Test func `calls cheaper hashes outdated, and dearer ones not`() async throws {
        let (cheap, dear) = (
            PasswordHasher(scheme: .bcrypt(cost: 4), pool: pool),
            PasswordHasher(scheme: .bcrypt(cost: 5, as: .y), pool: pool)
        )
        let password = Password(Array("seven green bottles".utf8))
        #expect(dear.isOutdated(try await cheap.hash(password)))
        #expect(!cheap.isOutdated(try await dear.hash(password)))
    }
}

@Suite struct `A failed check` {
    @Test func `takes the processor time of the dearest hash that was seen, whatever hash it is of`() async throws {
        let pool = HashingPool(threads: 1)
        let hasher = PasswordHasher(scheme: .scrypt(Scrypt.Cost(logN: 4, r: 8, p: 1)), pool: pool)
        let wrong = Password(Array("wrong".utf8))
        let dear = try #require(BCrypt.hash(Password(Array("right".utf8)), cost: 9))
        await hasher.learn(PasswordHash(dear))
        func time(_ hash: PasswordHash?, counts: Bool = true) async throws -> Duration {
            let began = try await pool.run { VerificationPace.threadTime() }
            #expect(try await !hasher.verify(wrong, against: hash, counts: counts))
            return try await pool.run { VerificationPace.threadTime() } - began
        }
        let dearest = try await time(PasswordHash(dear))
        for hash in [nil, PasswordHash("opaque text of nobody's"), PasswordHash(ForeignHash.row("g05")), .unusable()] {
            let ratio = try await time(hash) / dearest
            #expect((0.6...1.6).contains(ratio), "\(ratio)")
        }
    }

    @Test func `of an account that is closed takes as long with the right password`() async throws {
        let pool = HashingPool(threads: 1)
        let hasher = PasswordHasher(scheme: .bcrypt(cost: 8), pool: pool)
        let right = Password(Array("right".utf8))
        let hash = PasswordHash(try #require(BCrypt.hash(right, cost: 4)))
        let began = try await pool.run { VerificationPace.threadTime() }
        #expect(try await hasher.verify(right, against: hash))
        let passed = try await pool.run { VerificationPace.threadTime() } - began
        #expect(try await !hasher.verify(right, against: hash, counts: false))
        let failed = try await pool.run { VerificationPace.threadTime() } - began - passed
        let again = try await pool.run { VerificationPace.threadTime() }
        #expect(try await hasher.verify(right, against: hash))
        let cheap = try await pool.run { VerificationPace.threadTime() } - again
        #expect(failed > cheap * 3)
    }

    @Test func `has a longer budget for a longer password where a format takes longer for it`() throws {
        let pace = VerificationPace()
        pace.note(.crypt(scheme: "sha512crypt", work: 5000), [1, 2, 3, 4, 5].map { .milliseconds($0) })
        pace.note(.crypt(scheme: "bcrypt", work: 10), [.milliseconds(3)])
        let budgets = [10, 64, 65, 300, 600, 4096, 10_000].map {
            pace.budget(for: Password([UInt8](repeating: 1, count: $0)))
        }
        let expected = [3, 3, 3, 3, 4, 5, 5].map { Duration.milliseconds($0) * 1.15 }
        #expect(budgets == expected)
        let twoSpellings = Password([1], typed: [1, 2])
        #expect(pace.budget(for: twoSpellings) == .milliseconds(3) * 2.3)
        #expect(pace.knows(.crypt(scheme: "bcrypt", work: 10)) && !pace.knows(.crypt(scheme: "bcrypt", work: 11)))
    }
}
