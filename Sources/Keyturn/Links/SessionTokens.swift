/// Bearer tokens of a login: signed with a standard secret, and bound to the password they were got with.
import Cryptography
import PasswordHashing
import StrictJSON

/// `typ` is `at+jwt`, `aud` is `session`; one more claim holds a fingerprint of the password hash, so a changed password ends
/// every session without a table of them; so does a raised session epoch, and no session of an expired password is believed.
package struct SessionTokens: Sendable {
    /// HMAC-SHA256 with the signing secret over a label, the user's id, the stored hash and, if it is not 0, the session epoch; cut to 16
    /// bytes, in base64url. Tells whether they are still the same, and nothing about them to a reader without the secret.
    static let fingerprintClaim = "password_fingerprint"
    private static let fingerprintLabel = "keyturn session-fingerprint v1"
    private static let fingerprintBytes = 16

    /// Whole seconds; less than one counts as one.
    package let lifetime: Duration
    private let secrets: Secrets
    private let mint: TokenMint

    package init(secrets: Secrets, issuer: String, lifetime: Duration) {
        self.secrets = secrets
        mint = TokenMint(.session, issuer: issuer, lifetime: lifetime)
        self.lifetime = .seconds(mint.lifetimeSeconds)
    }

    package func sign(for user: User, at now: Timestamp) -> String {
        let fingerprint = Self.fingerprint(of: user, secret: secrets.newest)
        return mint.sign(
            for: user.id, at: now, with: secrets.newest,
            adding: JSON.Member(Self.fingerprintClaim, .string(fingerprint))
        ).token
    }

    /// Whom to look up. Nothing is proved yet: only ``verify(_:for:at:)`` does.
    package func userID(in token: String, at now: Timestamp) throws(TokenRejected) -> UserID {
        try mint.read(token, at: now).user
    }

    /// - Parameter user: as stored now; nil where there is none.
    /// - Returns: whose it is.
    /// - Throws: `.invalid` also if the password has changed or expired, or the account is disabled; `.expired` only where the signature
    ///   is good and the rest still true.
    @discardableResult
    package func verify(_ token: String, for user: User?, at now: Timestamp) throws(TokenRejected) -> User {
        let claimed = try mint.read(token, at: now)
        guard let secret = secrets.keys.first(where: { claimed.isSigned(with: $0) }), let user,
            user.id == claimed.user, !user.isDisabled, !user.isExpired,
            let fingerprint = claimed.text(Self.fingerprintClaim),
            equalInConstantTime(Array(fingerprint.utf8), Array(Self.fingerprint(of: user, secret: secret).utf8))
        else { throw .invalid }
        guard now < claimed.expiresAt else { throw .expired }
        return user
    }

    private static func fingerprint(of user: User, secret: [UInt8]) -> String {
        let message =
            user.sessionEpoch == 0
            ? LengthPrefixed.bytes(fingerprintLabel, user.id.text, user.passwordHash.text)
            : LengthPrefixed.bytes(
                fingerprintLabel, user.id.text, user.passwordHash.text, String(user.sessionEpoch))
        return Base64URL.encode(Array(HMACSHA256.authenticate(message, key: secret).prefix(fingerprintBytes)))
    }
}
