import Cryptography
package import StrictJSON

/// A token that was read but not believed: only ``isSigned(with:)`` tells whether a key signed it.
package struct UnverifiedJWT: Sendable {
    /// The claims object. Read it only to find the key, until the signature is checked.
    package let claims: JSON
    private let signingInput: [UInt8]
    private let signature: [UInt8]

    /// Strict, so that one token has exactly one spelling (RFC 7515 §3.1, RFC 7519 §7.2, RFC 8725 §3.1, §3.11).
    /// - Parameter limitBytes: beyond it nothing else is looked at.
    package init(parsing text: String, under header: JWTHeader, limitBytes: Int = 1024) throws(JWTRefused) {
        guard text.utf8.count <= limitBytes else { throw .tooLong(limitBytes: limitBytes) }
        let bytes = Array(text.utf8)
        let dots = bytes.indices.filter { bytes[$0] == UInt8(ascii: ".") }
        guard dots.count == 2 else { throw .notThreeParts }
        // Nearly every token has the header as we write it, and then there is nothing to be read in it.
        let isOurs = bytes[..<dots[0]] == header.bytes[0...]
        guard let foreign = isOurs ? [] : Base64URL.decode(bytes.span.extracting(..<dots[0])),
            let claims = Base64URL.decode(bytes.span.extracting((dots[0] + 1)..<dots[1])),
            let signature = Base64URL.decode(bytes.span.extracting((dots[1] + 1)...))
        else { throw .notBase64URL }
        if !isOurs { try header.check(UnverifiedJWT.readObject(foreign)) }
        self.claims = try UnverifiedJWT.readObject(claims)
        self.signingInput = Array(bytes[..<dots[1]])
        self.signature = signature
    }

    /// Whether HMAC-SHA256 with `key` gives the token's signature, compared in constant time.
    package func isSigned(with key: [UInt8]) -> Bool {
        equalInConstantTime(HMACSHA256.authenticate(signingInput, key: key), signature)
    }

    private static func readObject(_ bytes: [UInt8]) throws(JWTRefused) -> JSON {
        guard let value = try? JSON(parsing: bytes), case .object = value else { throw .notJSON }
        return value
    }
}
