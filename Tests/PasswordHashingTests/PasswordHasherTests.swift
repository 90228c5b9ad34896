import Cryptography
import Dispatch
import Testing

@testable import PasswordHashing

@Suite struct `A password hasher` {
    static let cheap = Scrypt.Cost(logN: 4, r: 8, p: 1)
    static let schemes: [NewPasswordScheme] = [
        .scrypt(cheap), .bcrypt(cost: 4), .djangoPBKDF2SHA256(iterations: 10), .djangoScrypt(cheap),
        .werkzeugScrypt(cheap), .bcrypt(cost: 4, as: .a), .bcrypt(cost: 4, as: .y), .wordPressBCrypt(cost: 4),
        .aspNetIdentity(iterations: 10),
    ]
    let pool = HashingPool(threads: 2)
    let right = Password(Array("correct horse battery staple".utf8))
    let wrong = Password(Array("correct horse battery stable".utf8))

    @Test(arguments: schemes)
    func `verifies what it hashed, and nothing else`(scheme: NewPasswordScheme) async throws {
        let hasher = PasswordHasher(scheme: scheme, pool: pool)
        let hash = try await hasher.hash(right)
        #expect(PasswordHasher.canVerify(hash))
        #expect(try await hasher.verify(right, against: hash))
        #expect(try await !hasher.verify(wrong, against: hash))
        #expect(try await hasher.hash(right) != hash, "every hash has a salt of its own")
    }

    @Test(arguments: [
        (NewPasswordScheme.scrypt(Scrypt.Cost(logN: 4, r: 2, p: 3)), "$scrypt$ln=4,r=2,p=3$", 87),
        (.bcrypt(cost: 4), "$2b$04$", 60),
        (.bcrypt(cost: 10), "$2b$10$", 60),
        (.djangoPBKDF2SHA256(iterations: 12), "pbkdf2_sha256$12$", 84),
        (.djangoScrypt(cheap), "scrypt$16$", 125),
        (.werkzeugScrypt(cheap), "scrypt:16:8:1$", 159),
        (.bcrypt(cost: 4, as: .a), "$2a$04$", 60),
        (.bcrypt(cost: 4, as: .y), "$2y$04$", 60),
        (.wordPressBCrypt(cost: 4), "$wp$2y$04$", 63),
        (.aspNetIdentity(iterations: 10), "AQAAAAIAAAAKAAAAE", 84),
    ])
    func `writes the configured format`(scheme: NewPasswordScheme, prefix: String, length: Int) async throws {
        let hash = try await PasswordHasher(scheme: scheme, pool: pool).hash(right)
        #expect(hash.text.hasPrefix(prefix))
        #expect(hash.text.utf8.count == length)
    }

    @Test(arguments: schemes)
    func `has a decoy that costs what a real hash does and that no password matches`(scheme: NewPasswordScheme)
        async throws
    {
        let hasher = PasswordHasher(scheme: scheme, pool: pool)
        let (decoy, real) = (scheme.decoy(), try await hasher.hash(right))
        #expect(PasswordHasher.canVerify(decoy))
        #expect(decoy.text.utf8.count == real.text.utf8.count)
        #expect(decoy.text.prefix(6) == real.text.prefix(6))
        #expect(try await !hasher.verify(right, against: nil))
        #expect(try await !hasher.verify(right, against: decoy))
        #expect(try await !hasher.verify(right, against: .unusable()))
    }

    @Test func `takes for an imported hash what was typed, and for one of ours its normal form`() async throws {
        let hasher = PasswordHasher(scheme: .scrypt(`A password hasher`.cheap), pool: pool)
        let (typed, composed) = (
            Array("re\u{301}sume\u{301} of a river".utf8), Array("r\u{E9}sum\u{E9} of a river".utf8)
        )
        // Django's, of the bytes as they came: an e and an accent each.
        let imported = PasswordHash("pbkdf2_sha256$10$seasalt$6ifAhacy1NaHp1RRRmgoT8oSC2N7rkj6Iha3xvz0hYY=")
        #expect(try await hasher.verify(Password(composed, typed: typed), against: imported))
        #expect(try await !hasher.verify(Password(composed, typed: composed), against: imported))
        let ours = try await hasher.hash(Password(composed))
        #expect(try await hasher.verify(Password(composed, typed: typed), against: ours))
        #expect(try await hasher.verify(Password(composed), against: ours))
        #expect(try await !hasher.verify(Password(typed), against: ours))
    }

    @Test func `refuses for bcrypt what bcrypt would cut off`() async throws {
        let hasher = PasswordHasher(scheme: .bcrypt(cost: 4), pool: pool)
        #expect(NewPasswordScheme.bcrypt(cost: 4).maximumBytes == 72)
        #expect(NewPasswordScheme.scrypt(`A password hasher`.cheap).maximumBytes == nil)
        let longest = Password([UInt8](repeating: 0x61, count: 72))
        #expect(try await hasher.verify(longest, against: try await hasher.hash(longest)))
        await #expect(throws: HashingRefused.passwordTooLong(limitBytes: 72)) {
            try await hasher.hash(Password([UInt8](repeating: 0x61, count: 73)))
        }
        await #expect(throws: HashingRefused.passwordHasNUL) { try await hasher.hash(Password([0x61, 0, 0x62])) }
    }

    @Test(arguments: [
        NewPasswordScheme.scrypt(Scrypt.Cost(logN: 63, r: 8, p: 1)), .scrypt(Scrypt.Cost(logN: 0, r: 8, p: 1)),
        .djangoScrypt(Scrypt.Cost(logN: 19, r: 8, p: 1)), .werkzeugScrypt(Scrypt.Cost(logN: 14, r: -1, p: 1)),
        .bcrypt(cost: 3), .bcrypt(cost: 16), .bcrypt(cost: -1), .wordPressBCrypt(cost: 16),
        .aspNetIdentity(iterations: 0),
        .aspNetIdentity(iterations: 2_000_001),
        .djangoPBKDF2SHA256(iterations: 0), .djangoPBKDF2SHA256(iterations: .max),
    ])
    func `refuses a cost it would not verify`(scheme: NewPasswordScheme) async throws {
        #expect(!scheme.isWithinLimits)
        let hasher = PasswordHasher(scheme: scheme, pool: pool)
        await #expect(throws: HashingRefused.costBeyondLimits) { try await hasher.hash(right) }
        #expect(try await !hasher.verify(right, against: nil))
    }

    @Test func `may cost what is advised`() {
        #expect(NewPasswordScheme.scrypt(Scrypt.Cost(logN: 14, r: 8, p: 5)).isWithinLimits)
    }

    @Test func `leaves room for new hashes, however much is to be verified`() async throws {
        let pool = HashingPool(threads: 2, waitingLimit: 8), gate = DispatchSemaphore(value: 0)
        let hasher = PasswordHasher(scheme: .scrypt(Self.cheap), pool: pool)
        try await withThrowingTaskGroup { group in
            for number in 1...6 {
                group.addTask { try await pool.run(for: .verification) { gate.wait() } }
                while pool.load != number { await Task.yield() }
            }
            await #expect(throws: HashingBusy()) { try await hasher.verify(right, against: nil) }
            #expect(try await hasher.hash(right).text.hasPrefix("$scrypt$"))
            for _ in 1...6 { gate.signal() }
            try await group.waitForAll()
        }
    }

    @Test func `is busy when its pool is`() async throws {
        let pool = HashingPool(threads: 1)
        pool.shutDown()
        let hasher = PasswordHasher(scheme: .scrypt(`A password hasher`.cheap), pool: pool)
        await #expect(throws: HashingRefused.busy) { try await hasher.hash(right) }
        await #expect(throws: HashingBusy()) { try await hasher.verify(right, against: nil) }
    }
}
