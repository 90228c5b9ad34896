import Cryptography
import JWT
import StrictJSON
import Testing

@Suite struct `A token` {
    static let key = Array("0123456789abcdef0123456789abcdef".utf8)
    static let claims = JSON.members(("iss", .string("https://id.example")), ("exp", .integer(1_800_000_000)))
    static let header = #"{"alg":"HS256","typ":"t"}"#

    /// Signed properly, whatever it says.
    private func token(_ header: String, _ claims: String, signedWith key: [UInt8] = key) -> String {
        let input = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        return input + "." + Base64URL.encode(HMACSHA256.authenticate(Array(input.utf8), key: key))
    }

    /// RFC 7515, appendix A.1.
    @Test func `of the RFC is read and verified`() throws {
        let key = try #require(
            Base64URL.decode(
                "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow".utf8))
        let text =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
            + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
            + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let token = try UnverifiedJWT(parsing: text, under: JWTHeader(type: "JWT"))
        #expect(token.isSigned(with: key))
        #expect(!token.isSigned(with: Array(key.dropLast())))
        #expect(
            token.claims
                == .members(
                    ("iss", .string("joe")), ("exp", .integer(1_300_819_380)),
                    ("http://example.com/is_root", .bool(true))))
    }

    @Test func `is signed with header first, then claims in their order`() throws {
        let text = JWT.sign(`A token`.claims, under: JWTHeader(type: "password-reset+jwt"), key: `A token`.key)
        let parts = text.split(separator: ".")
        let decoded = try parts.map { String(decoding: try #require(Base64URL.decode($0.utf8)), as: UTF8.self) }
        #expect(decoded[0] == #"{"alg":"HS256","typ":"password-reset+jwt"}"#)
        #expect(decoded[1] == #"{"iss":"https://id.example","exp":1800000000}"#)
        // Computed with Python's hmac module.
        #expect(parts[2] == "47oPTuADxSWnuYNdCPhV-5yb5WJMb_Ki0YyZ2ObcDxc")
        let token = try UnverifiedJWT(parsing: text, under: JWTHeader(type: "password-reset+jwt"))
        #expect(token.claims == `A token`.claims)
        #expect(token.isSigned(with: `A token`.key))
        #expect(!token.isSigned(with: Array("another key, also of 32 bytes....".utf8)))
        #expect(!token.isSigned(with: []))
    }

    @Test(
        arguments: [
            (#"{"typ":"t","alg":"HS256"}"#, nil),
            (#"{"alg":"none","typ":"t"}"#, JWTRefused.algorithm), (#"{"alg":"None","typ":"t"}"#, .algorithm),
            (#"{"alg":"hs256","typ":"t"}"#, .algorithm), (#"{"alg":"HS512","typ":"t"}"#, .algorithm),
            (#"{"alg":"RS256","typ":"t"}"#, .algorithm), (#"{"alg":"","typ":"t"}"#, .algorithm),
            (#"{"alg":["HS256"],"typ":"t"}"#, .algorithm), (#"{"alg":null,"typ":"t"}"#, .algorithm),
            (#"{"typ":"t"}"#, .algorithm),
            (#"{"ALG":"HS256","typ":"t"}"#, .algorithm), (#"{}"#, .algorithm),
            (#"{"alg":"HS256"}"#, .type), (#"{"alg":"HS256","typ":"T"}"#, .type),
            (#"{"alg":"HS256","typ":"JWT"}"#, .type),
            (#"{"alg":"HS256","typ":"application/t"}"#, .type), (#"{"alg":"HS256","typ":["t"]}"#, .type),
            (#"{"alg":"HS256","typ":"t","crit":[]}"#, .headerMember),
            (#"{"alg":"HS256","typ":"t","kid":"1"}"#, .headerMember),
            (#"{"alg":"HS256","typ":"t","jku":"https://x"}"#, .headerMember),
            (#"{"alg":"HS256","typ":"t","jwk":{}}"#, .headerMember),
            (#"{"alg":"HS256","typ":"t","x5u":"https://x"}"#, .headerMember),
            (#"{"alg":"HS256","typ":"t","x5c":[]}"#, .headerMember),
            (#"{"alg":"HS256","typ":"t","b64":false}"#, .headerMember),
            (#"{"alg":"HS256","typ":"t","cty":"JWT"}"#, .headerMember),
            (#"{"alg":"HS256","typ":"t","":null}"#, .headerMember),
            (#"{"alg":"HS256","alg":"HS256","typ":"t"}"#, .notJSON),
            (#"{"alg":"none","typ":"t","alg":"HS256"}"#, .notJSON),
            (#"{"alg":"HS256","typ":"t"}x"#, .notJSON), (#"["HS256","t"]"#, .notJSON), (#""HS256""#, .notJSON),
            ("", .notJSON),
            ("\u{feff}{\"alg\":\"HS256\",\"typ\":\"t\"}", .notJSON),
        ] as [(String, JWTRefused?)])
    func `has exactly the header that was signed for`(header: String, refused: JWTRefused?) {
        #expect(refusal(of: token(header, "{}")) == refused)
    }

    @Test(arguments: [
        "", "[]", "null", "\"{}\"", "1", #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, "{} {}", "{\"a\":1,}",
        "{\"a\":\"\\uD800\"}",
    ])
    func `has claims that are one strict JSON object`(claims: String) {
        #expect(refusal(of: token(`A token`.header, claims)) == .notJSON)
    }

    @Test func `has claims that are UTF-8`() {
        let input =
            Base64URL.encode(Array(`A token`.header.utf8)) + "."
            + Base64URL.encode([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
        #expect(refusal(of: input + ".AAAA") == .notJSON)
    }

    @Test(arguments: ["", "a", "a.b", "a.b.c.d", "..."])
    func `has three parts`(text: String) {
        #expect(refusal(of: text) == .notThreeParts)
    }

    @Test func `has exactly one spelling`() throws {
        let text = token(`A token`.header, #"{"a":1}"#)
        #expect(refusal(of: text) == nil)
        let parts = text.split(separator: ".")
        for part in parts.indices {
            for suffix in ["=", "==", " ", "\n", "\0", "%3D", "+", "/", "é"] {
                var changed = parts
                changed[part] += suffix
                #expect(refusal(of: changed.joined(separator: ".")) == .notBase64URL)
            }
        }
        // 32 bytes leave two bits of the last character over: three other characters would mean the same bytes.
        #expect(parts[2].utf8.count == 43)
        let twin = String(text.dropLast()) + String(UnicodeScalar(try #require(text.utf8.last) + 1))
        #expect(refusal(of: twin) == .notBase64URL)
        #expect(refusal(of: " " + text) == .notBase64URL)
        #expect(refusal(of: "..") == .notJSON)
    }

    @Test func `is refused by its size before anything else`() throws {
        let limit = JWTRefused.tooLong(limitBytes: 1024)
        #expect(refusal(of: String(repeating: "a", count: 1024)) == .notThreeParts)
        #expect(refusal(of: String(repeating: "a", count: 1025)) == limit)
        #expect(refusal(of: String(repeating: ".", count: 10_000_000)) == limit)
        #expect(refusal(of: "e" + String(repeating: "\u{301}", count: 512)) == limit, "bytes count, not characters")
        #expect(throws: JWTRefused.tooLong(limitBytes: 8)) {
            try UnverifiedJWT(parsing: "aaaaaaaaa", under: JWTHeader(type: "t"), limitBytes: 8)
        }
    }

    @Test func `is believed only with its whole signature, unchanged in every bit`() throws {
        let text = token(`A token`.header, #"{"a":1}"#)
        let dot = try #require(text.lastIndex(of: "."))
        let input = String(text[...dot])
        let signature = try #require(Base64URL.decode(text[dot...].dropFirst().utf8))
        for bit in 0..<256 {
            var changed = signature
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(
                try !UnverifiedJWT(parsing: input + Base64URL.encode(changed), under: JWTHeader(type: "t")).isSigned(
                    with: `A token`.key))
        }
        for count in 0..<32 {
            let cut = input + Base64URL.encode(Array(signature.prefix(count)))
            #expect(try !UnverifiedJWT(parsing: cut, under: JWTHeader(type: "t")).isSigned(with: `A token`.key))
        }
        let longer = input + Base64URL.encode(signature + [0])
        #expect(try !UnverifiedJWT(parsing: longer, under: JWTHeader(type: "t")).isSigned(with: `A token`.key))
    }

    @Test(
        arguments: [
            ("0", 0), ("1800000000", 1_800_000_000), ("9223372036854775807", Int64.max), ("-1", nil), ("1.8e9", nil),
            ("1800000000.0", nil), ("1e300", nil), ("9223372036854775808", nil), ("\"1800000000\"", nil), ("null", nil),
            ("true", nil),
        ] as [(String, Int64?)])
    func `knows moments only as whole seconds`(text: String, seconds: Int64?) throws {
        #expect(try JSON(parsing: Array(text.utf8)).numericDate == seconds)
    }

    private func refusal(of text: String) -> JWTRefused? {
        do throws(JWTRefused) {
            _ = try UnverifiedJWT(parsing: text, under: JWTHeader(type: "t"))
            return nil
        } catch {
            return error
        }
    }
}
