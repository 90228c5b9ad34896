/// Signs and checks the tokens of links, for a reset and for an invitation: pure, the time is handed in.
import PasswordHashing

/// A token lives until its account's password, address or epoch changes, the secret goes, or its time is over: whichever
/// comes first. There is no table of tokens.
package struct ResetLinks: Sendable {
    /// The longest issuer whose tokens, with ids as long as a UUID, stay readable within the limit of a token.
    package static let issuerLimitBytes = 400
    /// A longer token is refused unread.
    package static let tokenLimitBytes = TokenMint.limitBytes

    private let secrets: Secrets
    private let mint: TokenMint
    private let invitations: TokenMint
    private let pattern: LinkPattern?

    /// How long an invitation works if nothing else is configured.
    package static let inviteLifetimeDefault: Duration = .seconds(7 * 86_400)

    /// - Parameter issuer: the public URL, without a slash at its end, at most ``issuerLimitBytes``.
    /// - Parameters: `lifetime` of a reset link and `inviteLifetime` of an invitation: whole seconds; less than one counts as one.
    /// - Parameter pattern: of the page that takes the links; nil: ours.
    package init(
        secrets: Secrets, issuer: String, lifetime: Duration, inviteLifetime: Duration = inviteLifetimeDefault,
        pattern: LinkPattern? = nil
    ) {
        self.secrets = secrets
        self.pattern = pattern
        mint = TokenMint(.passwordReset, issuer: issuer, lifetime: lifetime)
        invitations = TokenMint(.invitation, issuer: issuer, lifetime: inviteLifetime)
    }

    /// How long an invitation works, in whole seconds.
    package var inviteLifetime: Duration { .seconds(invitations.lifetimeSeconds) }

    package func sign(for credentials: Credentials, at now: Timestamp) -> ResetLink {
        let key = LinkKey(for: credentials, secret: secrets.newest)
        let (token, expiresAt) = mint.sign(for: credentials.id, at: now, with: key.bytes)
        return ResetLink(token: token, issuer: mint.issuer, expiresAt: expiresAt, pattern: pattern)
    }

    /// A link with which the first password is chosen. Dead once the account has a usable one.
    package func signInvitation(for credentials: Credentials, at now: Timestamp) -> ResetLink {
        let key = LinkKey(for: credentials, purpose: .invitation, secret: secrets.newest)
        let (token, expiresAt) = invitations.sign(for: credentials.id, at: now, with: key.bytes)
        return ResetLink(token: token, issuer: invitations.issuer, expiresAt: expiresAt, pattern: pattern)
    }

    /// Signs for an account that does not exist and drops the result: an unknown address costs what a known one does.
    package func signDecoy(at now: Timestamp) { _ = sign(for: .nobody(called: UserID("0")), at: now) }

    /// Everything that can be refused before cryptography.
    /// - Throws: `.invalid`: over 1 KiB, not three parts of canonical base64url, another `alg`, `typ`, `iss` or `aud`, claims
    ///   missing, too many or twice, `iat` in the future, `exp` further from it than the lifetime. Nothing
    ///   around the token is trimmed.
    package func read(_ token: String, at now: Timestamp) throws(TokenRejected) -> ClaimedLink {
        do { return ClaimedLink(try mint.read(token, at: now), for: .passwordReset) } catch {
            return ClaimedLink(try invitations.read(token, at: now), for: .invitation)
        }
    }

    /// - Parameter user: as stored now; nil where there is none: costs the same, and is `.invalid`.
    /// - Returns: whose link it is, and when it expires: the first moment at which it is refused.
    /// - Throws: `.expired` only where the signature is good.
    @discardableResult
    package func verify(_ claimed: ClaimedLink, for user: Credentials?, at now: Timestamp) throws(TokenRejected)
        -> (holder: Credentials, expiresAt: Timestamp)
    {
        let holder = user ?? .nobody(called: claimed.user)
        let isSigned = secrets.keys.contains { secret in
            claimed.token.isSigned(with: LinkKey(for: holder, purpose: claimed.purpose, secret: secret).bytes)
        }
        guard isSigned, user != nil, holder.id == claimed.user else { throw .invalid }
        guard !claimed.isInvitation || holder.hash.isUnusable else { throw .invalid }
        guard now < claimed.token.expiresAt else { throw .expired }
        return (holder, claimed.token.expiresAt)
    }
}

/// A link's token, read and found well-formed; whose it claims to be, nothing proved.
package struct ClaimedLink: Sendable {
    let token: ClaimedToken
    let purpose: LinkKey.Purpose

    init(_ token: ClaimedToken, for purpose: LinkKey.Purpose) { (self.token, self.purpose) = (token, purpose) }

    /// Whether it is for a first password.
    package var isInvitation: Bool { purpose == .invitation }

    package var user: UserID { token.user }
}

extension Credentials {
    /// Of about the size of a real account's, so that deriving a key from them takes as long.
    fileprivate static func nobody(called id: UserID) -> Credentials {
        Credentials(
            id: id,
            hash: PasswordHash(
                "$scrypt$ln=14,r=8,p=5$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            email: EmailAddress(stored: "nobody@example.invalid"), epoch: 0)
    }
}
