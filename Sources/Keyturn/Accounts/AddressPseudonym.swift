/// An address in a log: a name that cannot be turned back without the secret.
import Cryptography

/// The same for one address everywhere in this installation, in whatever case it was typed, until the newest secret changes.
package struct AddressPseudonym: Sendable {
    private static let label = "keyturn address-pseudonym v1"
    private static let byteCount = 6
    private let secret: [UInt8]

    package init(secrets: Secrets) { secret = secrets.newest }

    /// - Returns: the first 12 hexadecimal digits of an HMAC-SHA256.
    package func callAsFunction(_ email: EmailAddress) -> String {
        let message = LengthPrefixed.bytes(Self.label, email.comparisonKey)
        return Hexadecimal.encode(Array(HMACSHA256.authenticate(message, key: secret).prefix(Self.byteCount)))
    }
}
