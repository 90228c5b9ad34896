/// Why a compact JWS was refused before any key was looked at.
package enum JWTRefused: Error, Equatable {
    case tooLong(limitBytes: Int)
    case notThreeParts
    /// A part is not canonical base64url (padding, foreign characters, left-over bits).
    case notBase64URL
    /// Header or claims are not one strict JSON object: among others, a name stands there twice.
    case notJSON
    /// `alg` is missing or not exactly `HS256`.
    case algorithm
    /// `typ` is missing or not exactly the one asked for.
    case type
    /// The header has a member besides `alg` and `typ`: `crit`, `kid`, `jku`, `jwk`, `x5u` and all others.
    case headerMember
}
