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
    var claims: Set<String> {
        switch self {
        case .passwordReset: ["iss", "aud", "sub", "iat", "exp"]
        case .session: ["iss", "aud", "sub", "iat", "exp", SessionTokens.fingerprintClaim]
        }
    }
}
