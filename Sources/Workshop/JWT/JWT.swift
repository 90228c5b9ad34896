import Cryptography
package import StrictJSON

/// Signs JSON Web Tokens: compact JWS with HMAC-SHA256 (RFC 7515, RFC 7519).
package enum JWT {
    /// - Parameter key: at least 32 bytes (RFC 7518 §3.2).
    /// - Returns: `header.claims.signature`.
    package static func sign(_ claims: JSON, under header: JWTHeader, key: [UInt8]) -> String {
        let signingInput = String(decoding: header.bytes, as: UTF8.self) + "." + Base64URL.encode(claims.write())
        return signingInput + "." + Base64URL.encode(HMACSHA256.authenticate(Array(signingInput.utf8), key: key))
    }
}
