/// What stands in the tables of other systems. `Cases/formats.tsv` holds two hashes or more of each format, with who made them.
import Cryptography
import Foundation
import StrictJSON
import Testing

@testable import PasswordHashing

struct ForeignHash: Sendable, CustomTestStringConvertible {
    let format: String
    let password: String
    let hash: String

    var testDescription: String { format }

    static let all: [ForeignHash] = lines(of: "formats.tsv").dropFirst().map { line in
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        return ForeignHash(format: fields[0], password: fields[1], hash: fields[2])
    }

    /// The table of a real service, and whose passwords must be found right.
    static let rows: [String: String] = Dictionary(
        uniqueKeysWithValues: (lines(of: "hashes.jsonl") + lines(of: "meteor.jsonl") + lines(of: "pepper.jsonl")).map {
            line in
            let texts = line.split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
            return (texts[3], texts[7])
        })

    static func row(_ number: String) -> String { rows["\(number)@example.com"] ?? "" }

    private static func lines(of name: String) -> [String] {
        guard let url = Bundle.module.url(forResource: name, withExtension: nil, subdirectory: "Cases"),
            let text = try? String(contentsOf: url, encoding: .utf8)
        else { return [] }
        return text.split(separator: "\n").map(String.init)
    }
}

private func password(_ text: String) -> Password { Password(Array(text.utf8)) }

@Suite struct `A hash from another system` {
    @Test func `is there in at least two variants of every format`() {
        #expect(ForeignHash.all.count == 86)
        #expect(ForeignHash.rows.count == 18)
        #expect(Dictionary(grouping: ForeignHash.all, by: \.format).values.allSatisfy { $0.count >= 2 })
    }

    @Test(arguments: ForeignHash.all)
    func `is verified as there, under its name`(foreign: ForeignHash) throws {
        let hash = PasswordHash(foreign.hash)
        let stored = try #require(HashFormats.read(hash))
        #expect(try stored.matches(password(foreign.password)))
        #expect(try !stored.matches(password(String(foreign.password.dropLast()) + "!")))
        #expect(try !stored.matches(password("")))
        #expect(HashFormat.name(of: hash) == foreign.format)
    }

    @Test(arguments: ForeignHash.all)
    func `is of no known format when it is cut, spaced or continued`(foreign: ForeignHash) {
        let hash = foreign.hash
        for changed in [
            String(hash.dropLast(hash.count / 2)), hash + "\n", " " + hash, hash + "$", hash + ":", "{" + hash,
        ] {
            #expect(!PasswordHasher.canVerify(PasswordHash(changed)), "\(changed)")
        }
    }

    // G01 to G03, G05 to G11, G13, G15, G16
    @Test(arguments: ["g01", "g02", "g03", "g05", "g06", "g07", "g08", "g09", "g10", "g11", "g13", "g15", "g16"])
    func `of a row that must log in is read and tells right from wrong`(number: String) throws {
        let stored = try #require(HashFormats.read(PasswordHash(ForeignHash.row(number))))
        #expect(try stored.matches(password("seven green bottles")))
        #expect(try !stored.matches(password("seven green bottle")))
        #expect(try !stored.matches(password(ForeignHash.row(number))))
    }

    // G04, G12, G17
    @Test(arguments: [("g04", "md5crypt"), ("g12", "{SSHA}"), ("g17", "unknown")])
    func `of a row that a link is for is opaque, and has a name for a tally`(number: String, name: String) {
        let hash = PasswordHash(ForeignHash.row(number))
        #expect(HashFormat.name(of: hash) == nil)
        #expect(HashFormat.opaqueName(of: hash) == name)
    }

    // G14
    @Test func `with a mark is checked against the digest, and without it is of the password itself`() throws {
        let hash = ForeignHash.row("g14")
        let marked = try #require(HashFormats.read(PasswordHash(PreHash.sha256Hex.mark + hash)))
        #expect(try marked.matches(password("seven green bottles")))
        #expect(try !marked.matches(password("seven green bottle")))
        let bare = try #require(HashFormats.read(PasswordHash(hash)))
        #expect(try !bare.matches(password("seven green bottles")))
        #expect(!PasswordHasher.canVerify(PasswordHash("{sha256-hex}{sha256-hex}" + hash)))
        #expect(!PasswordHasher.canVerify(PasswordHash("{sha256-hex}opaque")))
    }

    @Test func `of WordPress is of the password without blanks around it`() throws {
        let stored = try #require(HashFormats.read(PasswordHash(ForeignHash.row("g02"))))
        #expect(try stored.matches(password(" \tseven green bottles\r\n")))
        #expect(try !stored.matches(password("seven  green bottles")))
        #expect(WordPressBCrypt.trimmed(Array(" \t ".utf8)) == [])
    }

    @Test(arguments: [("$P$5", 4096), ("$S$5", 512)])
    func `of phpass or Drupal takes no longer password than there`(prefix: String, longest: Int) throws {
        let hash: RepeatedDigest.Hash = prefix.hasPrefix("$P") ? .md5 : .sha512
        let blank = prefix + "saltsalt" + String(repeating: ".", count: hash == .md5 ? 22 : 43)
        for (count, isTaken) in [(longest, true), (longest + 1, false)] {
            let long = [UInt8](repeating: 0x78, count: count)
            let digest = try RepeatedDigest.derive(
                Array(long.prefix(longest)), salt: Array("saltsalt".utf8), rounds: 128, hash: hash)
            let stored = try #require(
                PortableHash(prefix + "saltsalt" + portable(digest).prefix(blank.utf8.count - 12)))
            #expect(try stored.matches(Password(long)) == isTaken)
        }
    }

    private func portable(_ bytes: [UInt8]) -> String {
        let alphabet = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        let bits = bytes.flatMap { byte in (0..<8).map { Int(byte >> $0) & 1 } }
        let characters = stride(from: 0, to: bits.count, by: 6).map { start in
            alphabet[(start..<min(start + 6, bits.count)).reversed().reduce(0) { $0 << 1 | bits[$1] }]
        }
        return String(decoding: characters, as: UTF8.self)
    }

    @Test(arguments: [
        // phpass and Drupal: rounds, in one character
        "$P$I55555555Ik6kcbBZpmCZnZlBFDRxd0", "$P$4WiL9dv4wgl1oTerY6TilzV87uxnpy.",
        "$P$zWiL9dv4wgl1oTerY6TilzV87uxnpy.",
        "$S$ImwYfq483nw4vb33qu.HLr7QD0/QreN/ZSCWEessSjDv.ez3dCKr", "$P$BWiL9dv4wgl1oTerY6TilzV87uxnpy!",
        "U$S$ImwYfq483nw4vb33qu.HLr7QD0/QreN/ZSCWEessSjDv.ez3dCKr",
        // PBKDF2: iterations, and iterations times the passes that a long key takes
        "$pbkdf2-sha512$2000001$bOyrZCGTZl0beUS7fLkK3Q$f.xbkm6U06x.NEfthjxefIpluWsuRtGOoqXz9ed5nrEcJzAZ8IKiZUpTjBz/y4SqjsFu8nayAqcecxEBiJQLug",
        "$pbkdf2-sha256$i=4000001,l=32$iw2Oe/vd593p/7v2zyn6nQ$kxtRlf+gRqu8a3V66DBucwPaMDhV8K+z6fV0glNsMPQ",
        "$pbkdf2-sha256$i=100000,l=33$iw2Oe/vd593p/7v2zyn6nQ$kxtRlf+gRqu8a3V66DBucwPaMDhV8K+z6fV0glNsMPQ",
        "$pbkdf2-sha256$i=100000,l=32,x=1$iw2Oe/vd593p/7v2zyn6nQ$kxtRlf+gRqu8a3V66DBucwPaMDhV8K+z6fV0glNsMPQ",
        "$pbkdf2-md5$i=100000,l=32$iw2Oe/vd593p/7v2zyn6nQ$kxtRlf+gRqu8a3V66DBucwPaMDhV8K+z6fV0glNsMPQ",
        "pbkdf2_sha256$2000001$1AoeaSYeUXzENOjq$aO/71bYgFdRgaY1AF16i5Z/o0DflhldFybCBeMt6S24nlggSmlAsANY9q3cO7XRfQWtDw1nDzVhBz9xw1jx8rA==",
        ":pbkdf2:sha512:2000001:64:2dbFpdsC46qV/KEu9LdPsA==:Cy7ciTdTLF458stY0tR18IxMscs9su6rrI75byiTx5pHvkR8XlTX+GQDdH0mrlXkXv3eO2ygSjk+dCCmNenoYQ==",
        ":pbkdf2:sha512:30000:63:2dbFpdsC46qV/KEu9LdPsA==:Cy7ciTdTLF458stY0tR18IxMscs9su6rrI75byiTx5pHvkR8XlTX+GQDdH0mrlXkXv3eO2ygSjk+dCCmNenoYQ==",
        "{PBKDF2}$1$salt$4000001$0123456789abcdef0123456789abcdef01234567",
        // scrypt: N written out, 2^19 of it; one that is no power of two; Spring's number with N 2^19
        "$scrypt$ln=524288,r=8,p=1$2npRo7P03Mt8keSoMbyD/tKFWyUzjiQf2svUaNDSrhA=$MiCzNcIplSMqSBrm4HckjYqYhaVPPjTARTzwB1cVNYE=",
        "$scrypt$ln=16383,r=8,p=1$2npRo7P03Mt8keSoMbyD/tKFWyUzjiQf2svUaNDSrhA=$MiCzNcIplSMqSBrm4HckjYqYhaVPPjTARTzwB1cVNYE=",
        "$130801$2npRo7P03Mt8keSoMbyD/tKFWyUzjiQf2svUaNDSrhA=$MiCzNcIplSMqSBrm4HckjYqYhaVPPjTARTzwB1cVNYE=",
        "$firescrypt$ln=31,r=8,p=1$c2FsdHNhbHRzYWx0$YE0dO4bwD4JnJafh6lZZfg==$Bw==$YE0dO4bwD4JnJafh6lZZfg==",
        "$fbscrypt$v=2,n=14,r=8,p=1,ss=jA==,sk=YE0dO4bwD4JnJafh6lZZfg==$A5TP+C17TLAEwQ==$YE0dO4bwD4JnJafh6lZZfg==",
        "$fbscrypt$v=1,n=14,n=10,r=8,p=1,ss=jA==,sk=YE0dO4bwD4JnJafh6lZZfg==$A5TP+C17TLAEwQ==$YE0dO4bwD4JnJafh6lZZfg==",
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=jA==$A5TP+C17TLAEwQ==$YE0dO4bwD4JnJafh6lZZfg==",
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=jA==,sk=YE0d$A5TP+C17TLAEwQ==$YE0d",
        // bcrypt in a wrapper
        "$wp$2y$16$kJTl.YKcpufHBHXwnXVGZu0rF3RQn2B/NArzdde3UH48NugY5ZnZe",
        "{bcrypt}$2a$31$g7TYkSgGjWagXa6EUPOCEucp914nGevzrWiSQ47a6Ta7dzs4oIDjO",
        "1|$2y$31$355UJ4Rn/eFiiRaIkux7pu5G85bpMXJpkvCtc55l19JRksnYQVjzm",
        "1|1|$2y$10$355UJ4Rn/eFiiRaIkux7pu5G85bpMXJpkvCtc55l19JRksnYQVjzm",
        "$bcrypt-sha256$v=2,t=2b,r=16$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2",
        "{noop}seven green bottles",
        "{bcrypt}{bcrypt}$2a$10$g7TYkSgGjWagXa6EUPOCEucp914nGevzrWiSQ47a6Ta7dzs4oIDjO",
        "{\(String(repeating: "x", count: 200))}y",
        "{argon2}$argon2id$v=19$m=999999999,t=3,p=1$I0CfCpr/881XuuMyoiSDIA$0VC4WSRRlyQxqeAJX+c3zwl43TPn5vD9u/Mh4jrxXjs",
    ])
    func `is refused for its cost or its form before it is obeyed`(text: String) {
        #expect(!PasswordHasher.canVerify(PasswordHash(text)))
    }

    @Test(arguments: [
        ("!random", "no password"), ("$apr1$aaaaaaaa$bbbbbbbbbbbbbbbbbbbbbb", "apr1-md5crypt"),
        ("{ssha512}AAAA", "{SSHA512}"),
        ("5f4dcc3b5aa765d61d8327deb882cf99", "digest of 32 hexadecimal digits"), ("hunter2", "unknown"),
    ])
    func `that cannot be read is named by its kind and never by its text`(text: String, name: String) {
        #expect(HashFormat.opaqueName(of: PasswordHash(text)) == name)
    }

    @Test func `of PHP before 5_3_7 is computed as there`() throws {
        // The two differ for characters beyond ASCII only.
        let old = try #require(UnixCrypt.hash(Array("\u{FC}ber".utf8), setting: "$2x$04$abcdefghijklmnopqrstuu"))
        let stored = try #require(HashFormats.read(PasswordHash(old)))
        #expect(try stored.matches(password("\u{FC}ber")))
        let new = try #require(HashFormats.read(PasswordHash(old.replacingOccurrences(of: "$2x$", with: "$2y$"))))
        #expect(try !new.matches(password("\u{FC}ber")))
    }
}
