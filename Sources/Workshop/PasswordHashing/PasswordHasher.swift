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
    private let treatment: PasswordTreatment
    private let decoy: (any StoredHash)?
    private let pace = VerificationPace()

    package init(scheme: NewPasswordScheme, pool: HashingPool, treatment: PasswordTreatment = PasswordTreatment()) {
        self.scheme = scheme
        self.pool = pool
        self.treatment = treatment
        decoy = HashFormats.read(scheme.decoy())
    }

    /// Hashes with a new salt.
    /// - Parameter purpose: `.verification` if anyone can ask for it.
    package func hash(
        _ password: Password, for purpose: HashingPool.Purpose = .newHash
    ) async throws(HashingRefused) -> PasswordHash {
        let password = treatment.apply(to: password)
        let outcome: Result<PasswordHash, HashingRefused>
        do {
            outcome = try await pool.run(for: purpose) { [scheme, treatment] in
                Result { () throws(HashingRefused) in try scheme.hash(password, treatment) }
            }
        } catch {
            throw .busy
        }
        return try outcome.get()
    }

    /// A failed check takes as long for an account that does not exist as for one with a hash of any format that was learned by
    /// ``learn(_:)``, and as for one whose hash cannot be read.
    /// - Parameter stored: nil for an account that does not exist. A decoy is checked then, and in place of a hash that is of no known
    ///   format, or asks for too much; the result is false.
    /// - Parameter counts: whether the account may be entered at all; if not, the result is false, as for a wrong password.
    package func verify(
        _ password: Password, against stored: PasswordHash?, counts: Bool = true
    ) async throws(HashingBusy) -> Bool {
        let known = stored.flatMap(HashFormats.read)
        guard let decoy else { return false }
        let counts = counts && known != nil
        let subject = known ?? decoy
        let password = treatment.apply(to: password)
        let checked = try await pool.run(for: .verification) { [pace, treatment] in
            // Once in the life of the process, and for whoever comes first.
            if !pace.knows(decoy.cost) { pace.measure(decoy) }
            let (began, begun) = (VerificationPace.threadTime(), ContinuousClock.now)
            let outcome = Result { () throws(DerivationFailed) in
                try Self.matches(password, subject, treatment) && counts
            }
            if case .success(true) = outcome { return Checked(outcome: outcome, answerAt: begun) }
            let budget = pace.budget(for: password)
            pace.fill(budget, since: began)
            return Checked(outcome: outcome, answerAt: begun + VerificationPace.moment(after: budget))
        }
        if let known, !pace.knows(known.cost) { Task { [self] in await learn(known) } }
        // Returns early if the client has gone.
        try? await Task.sleep(until: checked.answerAt, clock: .continuous)
        // No memory for it now is no reason to call a right password wrong.
        do { return try checked.outcome.get() } catch { throw HashingBusy() }
    }

    private struct Checked: Sendable {
        let outcome: Result<Bool, DerivationFailed>
        let answerAt: ContinuousClock.Instant
    }

    /// A hash does not say who made it: we, of a normalised password, or a framework, of the bytes that came. Where the two differ
    /// a wrong password costs two hashes, whoever it was meant for.
    private static func matches(
        _ password: Password, _ stored: any StoredHash, _ treatment: PasswordTreatment
    ) throws(DerivationFailed) -> Bool {
        let password = stored is BCrypt ? treatment.peppered(password) : password
        if try stored.matches(password) { return true }
        guard let typed = password.asTyped else { return false }
        return try stored.matches(typed)
    }

    /// Finds out what checks of this hash cost, so that failed ones of all accounts take as long from now on. Nothing is done for a hash that
    /// cannot be read, or if its cost is known.
    package func learn(_ hash: PasswordHash) async {
        guard let stored = HashFormats.read(hash) else { return }
        await learn(stored)
    }

    private func learn(_ stored: any StoredHash) async {
        guard pace.beginMeasuring(stored.cost) else { return }
        defer { pace.endMeasuring(stored.cost) }
        // A pool that is full now will be asked again: by the next login that meets the hash.
        try? await pool.run(for: .verification) { [pace] in pace.measure(stored) }
    }

    /// Whether a new hash would be of another format than this one, or dearer. False for a text that cannot be read.
    package func isOutdated(_ hash: PasswordHash) -> Bool {
        guard let stored = HashFormats.read(hash), let decoy else { return false }
        return stored.formatName != decoy.formatName || stored.cost.work < decoy.cost.work
    }

    /// Whether the text is of a format and a cost that are verified here, so that an import can say so at once.
    package static func canVerify(_ hash: PasswordHash) -> Bool { HashFormats.read(hash) != nil }
}
