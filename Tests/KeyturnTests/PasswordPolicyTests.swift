/// Which passwords people may choose.
import Foundation
import PasswordHashing
import TestKit
import Testing

@testable import Keyturn

@Suite struct `The password policy` {
    private let policy = PasswordPolicy(
        site: SiteNames(host: "accounts.bookshop.online", called: ["Corner Books", "Bücherwurm", "app"]))
    private let ann = EmailAddress(stored: "Ann.Smith@example.com")

    private func problems(_ password: String, policy: PasswordPolicy? = nil) -> [PasswordProblem] {
        do {
            _ = try (policy ?? self.policy).accept(password, for: ann)
            return []
        } catch { return error.problems }
    }

    @Test(arguments: [
        "correct horse battery staple", "meadow-lantern-42", "     walk     softly", "Tr0ub4dor&3 is not enough",
        "quiet river, late train", "ein Käse mit Löchern", "猫が窓の外を静かに見ている夜です", "🚲🌧️🎻 umbrella kettle",
        "apple pie for grandma",
        "no rules about digits", "kqzvwjxbnmfhtpr",
    ])
    func `accepts what is long and not obvious`(password: String) {
        #expect(problems(password) == [])
    }

    @Test func `counts code points, and 15 are enough where 14 are not`() {
        #expect(problems("quiet river la") == [.tooShort(minimum: 15)])
        #expect(problems("quiet river lat") == [])
        #expect(problems("quïet rïver lät") == [])
        #expect(problems("quïet rïver lä") == [.tooShort(minimum: 15)])
        #expect(problems("q" + String(repeating: "\u{323}\u{302}", count: 3) + " z") == [.tooShort(minimum: 15)])
    }

    @Test func `counts after NFC: a letter with its mark is one`() {
        let decomposed = "que\u{301}t rive\u{301}r la"
        #expect(decomposed.unicodeScalars.count == 15)
        #expect(problems(decomposed) == [.tooShort(minimum: 15)])
    }

    @Test func `takes 256 and not 257, whatever they are made of`() {
        let word = "meadow lantern 4"
        let long = (0..<32).map { "\(word.prefix(6))\($0 + 10)" }.joined()
        #expect(long.unicodeScalars.count == 256)
        #expect(problems(long) == [])
        #expect(problems(long + "!") == [.tooLong(maximum: 256)])
        #expect(problems(String(repeating: "😀🐎🔋📎", count: 64) + "😀") == [.tooLong(maximum: 256)])
    }

    @Test func `measures bytes before it normalises: a flood of combining marks costs nothing`() {
        let marks = "e" + String(repeating: "\u{301}\u{323}", count: 200_000)
        let clock = ContinuousClock()
        let time = clock.measure { #expect(problems(marks) == [.tooLong(maximum: 256)]) }
        #expect(time < .seconds(2))
        let huge = PasswordPolicy(maximumLength: .max, site: [])
        #expect(problems(marks, policy: huge) == [.tooLong(maximum: .max)])
        #expect(huge.normalise(marks) == nil)
    }

    @Test func `refuses U+0000 and accepts every other character`() {
        #expect(problems("quiet river\u{0}late train") == [.containsNull])
        #expect(problems("quiet\u{1}river\r\nlate\ttrain\u{7F}") == [])
    }

    @Test func `hashes the same bytes however a letter was typed`() throws {
        let composed = try policy.accept("r\u{E9}sum\u{E9} of a river", for: ann)
        let decomposed = try policy.accept("re\u{301}sume\u{301} of a river", for: ann)
        #expect(composed.bytes == Array("r\u{E9}sum\u{E9} of a river".utf8))
        #expect(decomposed.bytes == composed.bytes)
        #expect(policy.normalise("re\u{301}sume\u{301} of a river")?.bytes == composed.bytes)
    }

    @Test func `judges nothing at a login but bytes and U+0000`() {
        #expect(policy.normalise("x")?.bytes == [0x78])
        #expect(policy.normalise("")?.bytes == [])
        #expect(policy.normalise("a\u{0}b") == nil)
        #expect(policy.normalise(String(repeating: "a", count: 1024))?.bytes.count == 1024)
        #expect(policy.normalise(String(repeating: "a", count: 1025)) == nil)
    }

    @Test func `knows a limit in bytes where the hash has one`() {
        let bcrypt = PasswordPolicy(site: [], maximumBytes: 72)
        let words = "the seventh lantern hangs above a very quiet meadow near the old harbour"
        #expect(words.utf8.count == 72)
        #expect(problems(words, policy: bcrypt) == [])
        #expect(problems(words + "s", policy: bcrypt) == [.tooManyBytes(maximum: 72)])
        #expect(problems(words.replacing("ou", with: "öü"), policy: bcrypt) == [.tooManyBytes(maximum: 72)])
        #expect(problems(words + " and on", policy: policy) == [])
    }

    @Test(arguments: [
        "whateverabdulaziz.ahmadjonov.1977", "WHATEVERABDULAZIZ.Ahmadjonov.1977", "yager15839cloyv72fisk276394jklz",
        "basketballbasketball", "basketballbasketballbasketball", "basketballsunshine1", "basketballfootball",
        "1qazwsxedcrfv..", "!!international!",
    ])
    func `refuses common passwords, also doubled, glued together and decorated`(password: String) {
        #expect(problems(password).contains(.common))
    }

    @Test func `knows every line of the built-in list, the first and the last too`() {
        let short = PasswordPolicy(minimumLength: 8, site: [])
        for password in ["password", "!2h7=aol64#exq0q", "princess", "zzzzzzzzzzzzzzz", "iloveyou", "trustno1"] {
            #expect(problems(password, policy: short).contains(.common), "\(password)")
        }
        #expect(problems("passwore", policy: short) == [])
    }

    /// Long enough they are refused as they stand; shorter ones when they are repeated until they are.
    @Test func `refuses every common password, and one that is too short also when it is repeated until it is not`()
        throws
    {
        let list = URL(filePath: #filePath).appending(path: "../../../passwords/common.txt").standardized
        let lines = try String(contentsOf: list, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines.count == 81_908)
        #expect(lines.count { $0.utf8.count >= 8 } == 81_908)
        #expect(lines.count { $0.utf8.count >= 15 } == 9_728)
        // Every line would take a debug build a minute.
        for line in stride(from: 0, to: lines.count, by: 101).map({ lines[$0] }) {
            let long = String(repeating: line, count: (14 + line.utf8.count) / line.utf8.count)
            #expect(long.utf8.count >= 15)
            #expect(problems(long) != [], "\(long)")
        }
    }

    @Test func `measures a password for the hash in the bytes as they were typed, not in lower case`() {
        // ẞ takes three bytes and ß two.
        let bcrypt = PasswordPolicy(site: [], maximumBytes: 72)
        let password =
            "quiet river, late train "
            + "\u{1E9E} \u{1E9E}a\u{1E9E}n\u{1E9E}x\u{1E9E}p\u{1E9E}w\u{1E9E}k\u{1E9E}z\u{1E9E}v\u{1E9E}m\u{1E9E}r\u{1E9E}q\u{1E9E}j"
        #expect(password.utf8.count > 72)
        #expect(password.lowercased().utf8.count <= 72)
        #expect(problems(password, policy: bcrypt) == [.tooManyBytes(maximum: 72)])
    }

    @Test func `looks for a whole address that has no @ as for its name`() {
        do {
            _ = try policy.accept("the lighthouse keeper sings", for: EmailAddress(stored: "lighthouse"))
            Issue.record("accepted")
        } catch { #expect(error.problems == [.containsAddress]) }
    }

    @Test func `refuses what the operator adds`() {
        let policy = PasswordPolicy(
            site: [],
            extraBlocklist: [
                "The owner's dog bella", "BÜCHER im Regal", "ΚΑΛΗΜΕΡΑ ΣΕ ΟΛΟΥΣ", "cafe\u{301} a\u{300} Montreuil",
            ])
        #expect(problems("The Owner's Dog BELLA", policy: policy) == [.common])
        for spelling in [
            "BÜCHER im Regal", "bücher im regal", "BÜCHER IM REGAL", "bu\u{308}cher im regal", "καλημερα σε ολους",
            "ΚΑΛΗΜΕΡΑ ΣΕ ΟΛΟΥΣ", "CAF\u{C9} \u{C0} MONTREUIL",
        ] {
            #expect(problems(spelling, policy: policy) == [.common], "\(spelling)")
        }
        #expect(problems("the owner's dog bello", policy: policy) == [])
    }

    @Test(arguments: ["my ann.smith password here", "ANN.SMITH and a tree", "x ann@example.com ann.smith@EXAMPLE.com"])
    func `refuses the address and the name in it`(password: String) {
        #expect(problems(password) == [.containsAddress])
    }

    @Test func `lets a name of three letters pass: it stands in too many words`() {
        let policy = PasswordPolicy(site: ["app"])
        #expect(throws: Never.self) {
            try policy.accept("planning a long walk", for: EmailAddress(stored: "ann@example.com"))
        }
        #expect(throws: PasswordRefused([.containsAddress])) {
            try policy.accept("mail ann@example.com ok", for: EmailAddress(stored: "ann@example.com"))
        }
    }

    @Test(arguments: [
        "my bookshop password", "corner books rules ok", "BOOKSHOP quiet river", "the accounts of july",
        "my CornerBooks login", "at accounts.bookshop.online", "a BÜCHERWURM reads on", "a bu\u{308}cherwurm reads on",
    ])
    func `refuses what the site is called and the labels of its host but the last`(password: String) {
        #expect(problems(password) == [.containsSite])
    }

    @Test(arguments: ["my online radio and I", "a corner for some books", "apple pie for grandma"])
    func `takes the last label of the host, a part of a name, and names of three letters`(password: String) {
        #expect(problems(password) == [])
    }

    @Test(arguments: ["", "localhost", "a.io", "10.0.0.1", "..", "[2001:db8::1]"])
    func `takes ordinary passwords whatever the host is`(host: String) {
        let policy = PasswordPolicy(site: SiteNames(host: host, called: ["", " ", "x"]))
        #expect(problems("quiet river, late train", policy: policy) == [])
    }

    @Test(arguments: ["aaaaaaaaaaaaaaaa", "abababababababab", "ééééééééééééééé", "xyzw7xyzw7xyzw7", "               "])
    func `refuses one piece over and over`(password: String) {
        #expect(problems(password).contains(.repeated))
    }

    @Test(arguments: [
        "12345678901234567890", "qwertyuiopasdfgh", "abcdefghijklmnop", "zyxwvutsrqponmlk", "1qaz2wsx3edc4rfv",
        "qwertz123456789", "aaaabbbbccccdddd", "qwertyuiop12345!", "09876543210987654",
    ])
    func `refuses runs of keys, digits and letters`(password: String) {
        #expect(problems(password).contains(.sequence))
    }

    @Test func `tells every reason at once`() {
        #expect(problems("password") == [.tooShort(minimum: 15), .common])
        #expect(problems("") == [.tooShort(minimum: 15), .sequence])
    }

    @Test(arguments: [
        (PasswordProblem.tooShort(minimum: 15), "too_short"), (.tooLong(maximum: 256), "too_long"),
        (.tooManyBytes(maximum: 72), "too_many_bytes"), (.containsNull, "contains_null"),
        (.common, "common"), (.containsAddress, "contains_address"), (.containsSite, "contains_site"),
        (.repeated, "repeated"), (.sequence, "sequence"),
    ])
    func `gives each reason a code and a sentence`(problem: PasswordProblem, code: String) {
        #expect(problem.code == code)
        #expect(problem.words.hasSuffix(".") && problem.words.contains(" "))
    }

    @Test func `says how long in words`() {
        #expect(PasswordProblem.tooShort(minimum: 15).words.hasPrefix("Use at least 15 characters"))
        #expect(PasswordProblem.tooLong(maximum: 256).words == "Use at most 256 characters.")
    }
}
