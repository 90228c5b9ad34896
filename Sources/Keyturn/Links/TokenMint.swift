/// What reset links and sessions have in common: who issues them, for how long, and which claims they carry.
import JWT
import StrictJSON

/// Writes tokens of one kind and reads them back, without any key of its own.
struct TokenMint: Sendable {
    /// Longer tokens are refused unread.
    static let limitBytes = 1024
    /// How far in the future `iat` may lie: the clocks of two instances differ by a little (RFC 7519 §4.1.4).
    static let leewaySeconds: Int64 = 5

    let kind: TokenKind
    let issuer: String
    /// At least 1: a token that expires when it is signed is useless.
    let lifetimeSeconds: Int64

    init(_ kind: TokenKind, issuer: String, lifetime: Duration) {
        self.kind = kind
        self.issuer = issuer
        lifetimeSeconds = max(1, lifetime.wholeMilliseconds / 1000)
    }

    /// - Returns: the token, and from when on it is refused: whole seconds, as in the token.
    func sign(for user: UserID, at now: Timestamp, with key: [UInt8], adding extra: JSON.Member...)
        -> (token: String, expiresAt: Timestamp)
    {
        // Both were divided by 1000: the sum fits.
        let expiry = now.seconds + lifetimeSeconds
        let claims = JSON.object(
            [
                JSON.Member("iss", .string(issuer)), JSON.Member("aud", .string(kind.audience)),
                JSON.Member("sub", .string(user.text)), JSON.Member("iat", .integer(now.seconds)),
                JSON.Member("exp", .integer(expiry)),
            ] + extra)
        return (JWT.sign(claims, under: kind.header, key: key), Timestamp(seconds: expiry))
    }

    /// Refuses what can be refused without a key. Expiry is not checked here: only a client with a good signature may learn of it.
    func read(_ token: String, at now: Timestamp) throws(TokenRejected) -> ClaimedToken {
        let jwt: UnverifiedJWT
        do { jwt = try UnverifiedJWT(parsing: token, under: kind.header, limitBytes: Self.limitBytes) } catch {
            throw .invalid
        }
        guard let members = jwt.claims.objectValue, members.count == kind.claims.count,
            members.allSatisfy({ kind.claims.contains($0.name) }),
            isExactly(jwt.claims["iss"], issuer), isExactly(jwt.claims["aud"], kind.audience),
            let subject = jwt.claims["sub"]?.stringValue, !subject.isEmpty,
            let issued = jwt.claims["iat"]?.numericDate, let expiry = jwt.claims["exp"]?.numericDate,
            // Neither is negative, so the difference fits. An `exp` that is not after `iat` is only over, which the user of a good
            // signature is told.
            issued <= now.seconds + Self.leewaySeconds, expiry - issued <= lifetimeSeconds
        else { throw .invalid }
        return ClaimedToken(jwt: jwt, user: UserID(subject), expiresAt: Timestamp(seconds: expiry))
    }

    private func isExactly(_ claim: JSON?, _ expected: String) -> Bool {
        claim?.stringValue.map { sameBytes($0, expected) } ?? false
    }
}

/// A token that is well-formed and ours by its claims, but not verified yet.
struct ClaimedToken: Sendable {
    let jwt: UnverifiedJWT
    /// Whose it claims to be.
    let user: UserID
    /// The first moment at which it is refused.
    let expiresAt: Timestamp

    func isSigned(with key: [UInt8]) -> Bool { jwt.isSigned(with: key) }

    /// A claim beside those that every token has; nil where it is no text.
    func text(_ claim: String) -> String? { jwt.claims[claim]?.stringValue }
}
