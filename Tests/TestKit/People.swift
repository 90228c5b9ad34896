/// The people of the tests.
package import Keyturn
import PasswordHashing

extension User {
    /// Verified, with a password of her own: ``annsPassword``.
    package static let ann = User(
        id: UserID("1"), email: EmailAddress(stored: "Ann@example.com"),
        passwordHash: PasswordHash(
            "$scrypt$ln=4,r=8,p=1$SZFeDX1LQC4wF9AQvBwOgw$aGiTKHqlwFnFtvkkBopA83o0G+UpJmmtFtWaohMQUds"),
        emailVerifiedAt: .longAgo, createdAt: .longAgo, passwordChangedAt: nil, resetEpoch: 0, disabledAt: nil)

    /// Another one, verified, with ``bobsPassword``.
    package static let bob = User(
        id: UserID("2"), email: EmailAddress(stored: "bob@example.org"),
        passwordHash: PasswordHash(
            "$scrypt$ln=4,r=8,p=1$gbY32PzSxtpjWeaWMROhFw$US2kqAmFGNy4PkPWs/CTX7QWITIUpf6zQNHrW/YUfmY"),
        emailVerifiedAt: .longAgo, createdAt: .longAgo, passwordChangedAt: nil, resetEpoch: 7, disabledAt: nil)

    /// Has an account, but never proved that the address is hers.
    package static let unverifiedUma = User(
        id: UserID("3"), email: EmailAddress(stored: "uma@example.com"), passwordHash: User.ann.passwordHash,
        emailVerifiedAt: nil, createdAt: .longAgo, passwordChangedAt: nil, resetEpoch: 0, disabledAt: nil)

    /// Verified, but an operator has switched the account off. The password is ``annsPassword``.
    package static let disabledDan = User(
        id: UserID("4"), email: EmailAddress(stored: "dan@example.com"), passwordHash: User.ann.passwordHash,
        emailVerifiedAt: .longAgo, createdAt: .longAgo, passwordChangedAt: nil, resetEpoch: 0, disabledAt: .longAgo)

    package static let annsPassword = "correct horse battery staple"
    package static let bobsPassword = "a quiet lighthouse in fog"

    /// The same user with something changed.
    package func with(
        id: String? = nil, hash: String? = nil, email: String? = nil, epoch: Int64? = nil,
        passwordChangedAt: Timestamp? = nil, disabledAt: Timestamp?? = nil, externalID: String? = nil,
        verifiedAt: Timestamp?? = nil, expiredAt: Timestamp?? = nil, invitedUntil: Timestamp?? = nil,
        sessionEpoch: Int64? = nil
    ) -> User {
        User(
            id: id.map { UserID($0) } ?? self.id,
            email: email.map { EmailAddress(stored: $0) } ?? self.email,
            passwordHash: hash.map { PasswordHash($0) } ?? passwordHash,
            emailVerifiedAt: verifiedAt ?? emailVerifiedAt, createdAt: createdAt,
            passwordChangedAt: passwordChangedAt ?? self.passwordChangedAt,
            resetEpoch: epoch ?? resetEpoch, disabledAt: disabledAt ?? self.disabledAt,
            externalID: externalID.map(ExternalID.init(stored:)) ?? self.externalID,
            expiredAt: expiredAt ?? self.expiredAt, invitedUntil: invitedUntil ?? self.invitedUntil,
            sessionEpoch: sessionEpoch ?? self.sessionEpoch)
    }
}
