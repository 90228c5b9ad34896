import Cryptography
package import StrictJSON

/// Signs JSON Web Tokens: compact JWS with HMAC-SHA256 (RFC 7515, RFC 7519).
package enum JWT {
    /// - Parameter key: at least 32 bytes (RFC 7518 §3.2).
    /// - Returns: `header.claims.signature`, header `{"alg":"HS256","typ":type}` in this order.
    package static func sign(_ claims: JSON, type: String, key: [UInt8]) -> String {
        let header = JSON.members(("alg", .string("HS256")), ("typ", .string(type)))
        let signingInput = Base64URL.encode(header.write()) + "." + Base64URL.encode(claims.write())
        return signingInput + "." + Base64URL.encode(HMACSHA256.authenticate(Array(signingInput.utf8), key: key))
    }
}
