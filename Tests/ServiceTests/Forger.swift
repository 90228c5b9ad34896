import Cryptography
import Foundation

/// Somebody who knows exactly how links are signed, written from the README and the vectors, not with our own signing code.
struct Forger: Sendable {
    static let secret = "a test's secret of 32 bytes and more: 0123456789"
    static let issuer = "https://accounts.example.com"
    static let header = #"{"alg":"HS256","typ":"password-reset+jwt"}"#

    let id: String
    let email: String
    let hash: String

    /// HKDF-SHA256 of the stored hash, salted with the secret, over label, id, address and epoch.
    func key(secret: String = secret, email: String? = nil, id: String? = nil, epoch: Int = 0) -> [UInt8] {
        let info = ["keyturn password-reset v1", id ?? self.id, email ?? self.email, String(epoch)].flatMap { field in
            withUnsafeBytes(of: UInt32(field.utf8.count).bigEndian, Array.init) + Array(field.utf8)
        }
        return HKDFSHA256.derive(from: Array(hash.utf8), salt: Array(secret.utf8), info: info, byteCount: 32)
    }

    /// The claims of a good link, as JSON; each can be another JSON text, or left out by nil.
    func claims(
        issuer: String? = "\"\(issuer)\"", audience: String? = "\"password-reset\"", subject: String? = "good",
        issued: String? = "now", expiry: String? = "later", extra: String = ""
    ) -> String {
        let now = Int(Date().timeIntervalSince1970)
        let members = [
            ("iss", issuer), ("aud", audience), ("sub", subject == "good" ? "\"\(id)\"" : subject),
            ("iat", issued == "now" ? "\(now)" : issued), ("exp", expiry == "later" ? "\(now + 1800)" : expiry),
        ]
        return "{" + members.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }.joined(separator: ",")
            + extra + "}"
    }

    /// A token with good claims, or those given, signed with the account's own key or the one given.
    func token(_ header: String = header, _ claims: String? = nil, key: [UInt8]? = nil) -> String {
        let input = [header, claims ?? self.claims()].map { Base64URL.encode(Array($0.utf8)) }.joined(separator: ".")
        return input + "." + Base64URL.encode(HMACSHA256.authenticate(Array(input.utf8), key: key ?? self.key()))
    }

    /// As a JSON text that says every character but plain ASCII in UTF-16, each unit in four hexadecimal digits.
    static func json(_ text: String) -> String {
        let isPlain: (UInt16) -> Bool = { (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C }
        let units = text.utf16.map { unit in
            isPlain(unit)
                ? String(decoding: [unit], as: UTF16.self)
                : "\\u" + String(repeating: "0", count: 4 - String(unit, radix: 16).count) + String(unit, radix: 16)
        }
        return "\"" + units.joined() + "\""
    }
}
