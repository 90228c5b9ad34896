/// The key derivation against vectors that were made without our code.
import Cryptography
import Foundation
import Keyturn
import PasswordHashing
import StrictJSON
import TestKit
import Testing

@testable import struct Keyturn.LinkKey

@Suite struct `The key of a link` {
    @Test func `is the one that an independent implementation derives`() throws {
        let vectors = try Vector.all()
        #expect(vectors.count == 9)
        for vector in vectors {
            let key = LinkKey(for: vector.credentials, secret: Array(vector.secret.utf8))
            #expect(Hexadecimal.encode(LinkKey.info(for: vector.credentials)) == vector.infoHex, "\(vector.name)")
            #expect(Hexadecimal.encode(key.bytes) == vector.keyHex, "\(vector.name)")
        }
    }

    @Test func `signs, byte for byte, the token that an independent implementation signs`() throws {
        for vector in try Vector.all() {
            let links = ResetLinks(
                secrets: Secrets(samples: vector.secret), issuer: vector.issuer,
                lifetime: .seconds(vector.expiresAt - vector.issuedAt))
            let now = Timestamp(seconds: vector.issuedAt)
            #expect(links.sign(for: vector.credentials, at: now).token == vector.token, "\(vector.name)")
            let (_, expiresAt) = try links.verify(links.read(vector.token, at: now), for: vector.credentials, at: now)
            #expect(expiresAt == Timestamp(seconds: vector.expiresAt), "\(vector.name)")
        }
    }

    @Test func `is another one for every account of the vectors`() throws {
        #expect(Set(try Vector.all().map(\.keyHex)).count == 9)
    }

    @Test func `is not printed`() {
        let key = LinkKey(for: User.ann.credentials, secret: Secrets.sample.keys[0])
        #expect("\(key)" == "LinkKey(…)")
    }
}

/// One entry of `Vectors/reset-links.json`.
private struct Vector {
    let name, secret, issuer, infoHex, keyHex, token: String
    let issuedAt, expiresAt: Int64
    let credentials: Credentials

    static func all() throws -> [Vector] {
        let url = try #require(
            Bundle.module.url(forResource: "reset-links", withExtension: "json", subdirectory: "Vectors"))
        let file = try JSON(parsing: Array(Data(contentsOf: url)))
        return try #require(file["vectors"]?.arrayValue).map { try Vector($0) }
    }

    init(_ json: JSON) throws {
        func text(_ name: String) throws -> String { try #require(json[name]?.stringValue) }
        func number(_ name: String) throws -> Int64 { try #require(json[name]?.integerValue) }
        name = try text("name")
        secret = try text("secret")
        issuer = try text("issuer")
        infoHex = try text("info_hex")
        keyHex = try text("key_hex")
        token = try text("token")
        issuedAt = try number("issued_at")
        expiresAt = try number("expires_at")
        credentials = Credentials(
            id: UserID(try text("user_id")), hash: PasswordHash(try text("password_hash")),
            email: EmailAddress(stored: try text("address")), epoch: try number("reset_epoch"))
    }
}
