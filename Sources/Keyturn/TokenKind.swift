/// The two kinds of token, and what keeps one from passing for the other: header type, audience and set of claims.
enum TokenKind {
    case passwordReset, session

    /// `typ` of the header (RFC 8725 §3.11).
    var type: String {
        switch self {
        case .passwordReset: "password-reset+jwt"
        case .session: "at+jwt"
        }
    }

    /// `aud`.
    var audience: String {
        switch self {
        case .passwordReset: "password-reset"
        case .session: "session"
        }
    }

    /// Exactly these; a token with one more or one less is none of ours.
    var claims: [String] {
        switch self {
        case .passwordReset: Self.claimsOfAll
        case .session: Self.claimsOfSessions
        }
    }

    // Made once: every token is held against them, forged ones by the ten thousand.
    private static let claimsOfAll = ["iss", "aud", "sub", "iat", "exp"]
    private static let claimsOfSessions = claimsOfAll + [SessionTokens.fingerprintClaim]
}
