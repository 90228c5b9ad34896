import Cryptography

/// Why a new password was not hashed.
package enum HashingRefused: Error, Equatable {
    /// No place on the pool, or no memory: later it may go.
    case busy
    /// The scheme would ignore the rest; see `NewPasswordScheme.maximumBytes`.
    case passwordTooLong(limitBytes: Int)
    /// bcrypt would stop there.
    case passwordHasNUL
    /// The configured cost is one that could not be verified again; see `NewPasswordScheme.isWithinLimits`.
    case costBeyondLimits
}

/// Hashes new passwords in one configured scheme, and verifies those of every format it knows.
package struct PasswordHasher: Sendable {
    private let scheme: NewPasswordScheme
    private let pool: HashingPool
    private let decoy: PasswordHash

    package init(scheme: NewPasswordScheme, pool: HashingPool) {
        self.scheme = scheme
        self.pool = pool
        self.decoy = scheme.decoy()
    }

    /// Hashes with a new salt.
    package func hash(_ password: Password) async throws(HashingRefused) -> PasswordHash {
        let outcome: Result<PasswordHash, HashingRefused>
        do {
            outcome = try await pool.run(for: .newHash) { [scheme] in
                Result { () throws(HashingRefused) in try scheme.hash(password) }
            }
        } catch {
            throw .busy
        }
        return try outcome.get()
    }

    /// Takes as long for a user who does not exist as for one whose hash is of the configured scheme and cost. Users
    /// whose hashes came from elsewhere take what those cost, until they next set a password: while a table is mixed,
    /// time can tell those from users who do not exist. To close that for a table of one foreign scheme, configure
    /// that scheme and its cost for new passwords too.
    /// - Parameter stored: nil for a user who does not exist. A decoy is checked then, and in place of a hash that is
    ///   of no known format, or asks for too much; the answer is false.
    package func verify(_ password: Password, against stored: PasswordHash?) async throws(HashingBusy) -> Bool {
        let known = stored.flatMap(HashFormats.read)
        guard let subject = known ?? HashFormats.read(decoy) else { return false }
        let matches = try await pool.run(for: .verification) {
            Result { () throws(DerivationFailed) in try Self.matches(password, subject) }
        }
        do {
            return try matches.get() && known != nil
        } catch {
            // No memory for it now is no reason to call a right password wrong.
            throw HashingBusy()
        }
    }

    /// A hash does not say who made it: we, of a normalised password, or a framework, of the bytes that came. Where the two differ
    /// a wrong password costs two hashes, whoever it was meant for.
    private static func matches(_ password: Password, _ stored: any StoredHash) throws(DerivationFailed) -> Bool {
        if try stored.matches(password) { return true }
        guard let typed = password.asTyped else { return false }
        return try stored.matches(typed)
    }

    /// Whether the text is of a format and a cost that are verified here, so that an import can say so at once.
    package static func canVerify(_ hash: PasswordHash) -> Bool { HashFormats.read(hash) != nil }
}
