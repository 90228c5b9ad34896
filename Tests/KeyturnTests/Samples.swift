/// What several suites share: a secret, an issuer, and tokens that somebody else might have written.
import Cryptography
import JWT
import Keyturn
import PasswordHashing
import StrictJSON
import TestKit

@testable import struct Keyturn.LinkKey

extension Secrets {
    static let sample = Secrets(samples: "0123456789abcdef0123456789abcdef")

    /// - Parameter texts: each at least 32 bytes: a sample that is none stops the tests here.
    init(samples texts: String...) {
        guard let secrets = Secrets(texts.map { Array($0.utf8) }) else { preconditionFailure("a sample is too short") }
        self = secrets
    }
}

let issuer = "https://accounts.example.com"
let noon = Timestamp.noon
let noonSeconds: Int64 = 1_767_268_800

extension Client {
    static let sample = Client(address: [192, 0, 2, 1])
    static let other = Client(address: [198, 51, 100, 7])
}

/// Addresses in pairs: of each pair the first eight bytes, and the last eight, are the same.
func addressesAlike(_ count: Int) -> [(EmailAddress, EmailAddress)] {
    (0..<count).map { number in
        let name = "mail\(10 + number)"
        return (EmailAddress(stored: "\(name)@gmail.com"), EmailAddress(stored: "\(name)@gmail.comail.com"))
    }
}

extension ResetLinks {
    static let sample = ResetLinks(secrets: .sample, issuer: issuer, lifetime: .seconds(1800))
}

extension SessionTokens {
    static let sample = SessionTokens(secrets: .sample, issuer: issuer, lifetime: .seconds(3600))
}

/// The claims of a good link of Ann's at noon, in order.
let goodClaims: [JSON.Member] = [
    .init("iss", .string(issuer)), .init("aud", .string("password-reset")), .init("sub", .string("1")),
    .init("iat", .integer(noonSeconds)), .init("exp", .integer(noonSeconds + 1800)),
]

/// Signed with Ann's own key: only what it says can be a reason to refuse it.
func signedForAnn(_ claims: [JSON.Member], type: String = "password-reset+jwt") -> String {
    let key = LinkKey(for: User.ann.credentials, secret: Secrets.sample.keys[0])
    return JWT.sign(.object(claims), under: JWTHeader(type: type), key: key.bytes)
}

/// The good claims with one of them replaced, or taken away by nil.
func goodClaims(_ name: String, _ value: JSON?) -> [JSON.Member] {
    goodClaims.compactMap { $0.name == name ? value.map { .init(name, $0) } : $0 }
}

/// A cost that tests can afford.
func quickHasher(on pool: HashingPool = HashingPool(threads: 2, waitingLimit: 256)) -> PasswordHasher {
    PasswordHasher(scheme: .scrypt(Scrypt.Cost(logN: 4, r: 8, p: 1)), pool: pool)
}
