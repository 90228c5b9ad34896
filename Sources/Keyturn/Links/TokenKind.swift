import JWT

/// The kinds of token, and what keeps one from passing for the other: header type, audience and set of claims.
enum TokenKind {
    case passwordReset, invitation, session

    /// Told apart by `typ` (RFC 8725 §3.11).
    var header: JWTHeader {
        switch self {
        case .passwordReset: Self.headerOfResets
        case .invitation: Self.headerOfInvitations
        case .session: Self.headerOfSessions
        }
    }

    /// `aud`.
    var audience: String {
        switch self {
        case .passwordReset: "password-reset"
        case .invitation: "invitation"
        case .session: "session"
        }
    }

    /// Exactly these; a token with one more or one less is none of ours.
    var claims: [String] {
        switch self {
        case .passwordReset, .invitation: Self.claimsOfAll
        case .session: Self.claimsOfSessions
        }
    }

    // Made once: every token is held against them, forged ones by the ten thousand.
    private static let headerOfResets = JWTHeader(type: "password-reset+jwt")
    private static let headerOfInvitations = JWTHeader(type: "invitation+jwt")
    private static let headerOfSessions = JWTHeader(type: "at+jwt")
    private static let claimsOfAll = ["iss", "aud", "sub", "iat", "exp"]
    private static let claimsOfSessions = claimsOfAll + [SessionTokens.fingerprintClaim]
}
