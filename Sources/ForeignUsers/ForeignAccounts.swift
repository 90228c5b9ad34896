import Cryptography
package import Keyturn
package import PasswordHashing

/// The accounts of an app: their rows are the app's, their epochs and what is under way are ours.
package struct ForeignAccounts: PasswordsHashedElsewhere {
    /// What the key of a first password is derived from, in the place of a hash.
    static let keyPrefix = "!keyturn-first:"
    /// How long another change of the same account is waited for.
    static let patience: Duration = .seconds(2)
    /// From the beginning of an intent to the moment when it is taken for dead.
    static let intentSpan: Duration = .seconds(15)
    /// The app's database must be changed by then, well before.
    static let swapSpan: Duration = .seconds(8)
    /// Between two looks at a lock.
    static let pause: Duration = .milliseconds(20)
    /// Intents ended in one round.
    static let recoveryMax = 100

    private let source: any ForeignSource
    private let records: any ForeignRecords
    private let digests: HashDigests
    private let withoutPassword: MappingText.NoPassword
    private let several: MappingText.Several
    private let clock: WallClock
    private let sleep: @Sendable (Duration) async -> Void

    package init(
        _ source: any ForeignSource, records: any ForeignRecords, digests: HashDigests,
        withoutPassword: MappingText.NoPassword, several: MappingText.Several, clock: WallClock,
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.source = source
        self.records = records
        self.digests = digests
        self.withoutPassword = withoutPassword
        self.several = several
        self.clock = clock
        self.sleep = sleep
    }

    package var hashesPasswords: Bool { source.takesPasswords }

    // MARK: Looking

    /// If an address has several accounts: the first of those that may sign in.
    package func user(email: EmailAddress) async throws(StorageFailed) -> User? {
        let rows = try await source.rows(of: [email], for: .login).first ?? []
        let users = try await users(rows, makesKeys: false)
        return users.first { !$0.isDisabled && $0.withoutPassword == nil } ?? users.first
    }

    package func user(id: UserID) async throws(StorageFailed) -> User? {
        let row = try await source.rows(of: [id], for: .link).first ?? nil
        return try await users(row.map { [$0] } ?? [], makesKeys: false).first
    }

    package func users(for letters: [PromisedMessage]) async throws(StorageFailed) -> [[User]] {
        var emails: [EmailAddress] = []
        var ids: [UserID] = []
        for letter in letters {
            if let email = letter.foreignAddress { emails.append(email) } else { ids.append(letter.foreignUser) }
        }
        let byEmail = emails.isEmpty ? [] : try await source.rows(of: emails, for: .worker)
        let byID = ids.isEmpty ? [] : try await source.rows(of: ids, for: .worker)
        var (nextByEmail, nextByID) = (byEmail.makeIterator(), byID.makeIterator())
        let rows: [[ForeignRow]] = letters.map { letter in
            guard letter.foreignAddress != nil else { return (nextByID.next() ?? nil).map { [$0] } ?? [] }
            let rows = nextByEmail.next() ?? []
            return several == .refuse && rows.count > 1 ? [] : rows
        }
        var users = try await users(rows.flatMap(\.self), makesKeys: true)[...]
        return rows.map { rows in
            defer { users = users.dropFirst(rows.count) }
            return Array(users.prefix(rows.count))
        }
    }

    package func list(after id: UserID?, limit: Int) async throws(StorageFailed) -> [User] {
        let rows = try await source.list(after: id, limit: min(max(limit, 0), accountListLimit))
        return try await users(rows, makesKeys: false)
    }

    /// With what our store keeps about them. No account costs the look that one does.
    /// - Parameter makesKeys: whether an account without a password gets what its link is signed with, if it may have a link.
    private func users(_ rows: [ForeignRow], makesKeys: Bool) async throws(StorageFailed) -> [User] {
        guard !rows.isEmpty else {
            _ = try await records.records(of: [UserID("0")])
            return []
        }
        var kept = try await records(of: rows.map(\.id))
        if makesKeys, withoutPassword == .allow {
            let lacking = zip(rows, kept).filter { $0.hash == nil && $1.keyMaterial == nil }.map(\.0.id)
            if !lacking.isEmpty {
                try await records.keepKeyMaterial(lacking.map { ($0, SecureRandom.bytes(32)) })
                kept = try await records(of: rows.map(\.id))
            }
        }
        return zip(rows, kept).map(user)
    }

    private func records(of ids: [UserID]) async throws(StorageFailed) -> [ForeignRecord] {
        var kept: [ForeignRecord] = []
        var rest = ids[...]
        while !rest.isEmpty {
            kept += try await records.records(of: Array(rest.prefix(foreignRecordLimit)))
            rest = rest.dropFirst(foreignRecordLimit)
        }
        return kept
    }

    private func user(_ row: ForeignRow, _ kept: ForeignRecord) -> User {
        // Moments that the app does not tell are the beginning of time.
        let untold = Timestamp(milliseconds: 0)
        let held = held(row, kept)
        return User(
            id: row.id, email: row.email, passwordHash: held ?? .unusable(),
            emailVerifiedAt: row.isVerified ? untold : nil, createdAt: untold, passwordChangedAt: nil,
            resetEpoch: kept.resetEpoch, disabledAt: kept.disabledAt ?? (row.mayReset ? nil : untold),
            externalID: ExternalID(stored: row.id.text),
            withoutPassword: row.hash == nil && held == nil ? (withoutPassword == .tell ? .tell : .skip) : nil)
    }

    /// What links of the account are signed with; nil if it has none. An empty hash never is.
    private func held(_ row: ForeignRow, _ kept: ForeignRecord) -> PasswordHash? {
        if let hash = row.hash { return hash.text.isEmpty || isKey(hash) ? nil : hash }
        guard withoutPassword == .allow, let material = kept.keyMaterial else { return nil }
        return PasswordHash(Self.keyPrefix + Base64URL.encode(material))
    }

    private func isKey(_ hash: PasswordHash) -> Bool { hash.text.utf8.starts(with: Self.keyPrefix.utf8) }

    // MARK: Changing

    package func add(_ new: NewUser, at now: Timestamp) async throws(AddUserFailed) -> User {
        throw .storage(Self.refused("accounts are made by the app"))
    }

    static func refused(_ why: String) -> StorageFailed {
        StorageFailed(.refused, reason: "users.source is not own: \(why)")
    }

    package func setDisabled(_ id: UserID, _ disabled: Bool, with consequences: Consequences, at now: Timestamp)
        async throws(StorageFailed) -> Bool
    {
        guard try await source.rows(of: [id], for: .link).first ?? nil != nil else { return false }
        try await records.setDisabled(id, disabled, with: consequences, at: now)
        return true
    }

    package func apply(
        _ change: CredentialChange, to old: Credentials, with consequences: Consequences, at now: Timestamp
    ) async throws(StorageFailed) -> Bool {
        switch change {
        // The app's hashes stay as the app wrote them.
        case .rehash: return false
        case .password(let new):
            let after = digests.digest(of: new, user: old.id)
            let intent = intent(.reset, of: old, language: consequences.language, after: after)
            return try await run(intent, old, to: .hash(new), with: consequences).isChanged
        case .epoch:
            return try await run(
                intent(.revoke, of: old, language: nil, after: nil), old, to: nil, with: consequences
            ).isChanged
        }
    }

    package func set(_ password: Password, for old: Credentials, tellingIn language: String?, at now: Timestamp)
        async throws(PasswordNotSet) -> Bool
    {
        let consequences = Consequences(of: .passwordReset(language: language), to: old, by: .visitor, at: now)
        let intent = intent(.reset, of: old, language: language, after: nil)
        let (isChanged, rejected): (Bool, [RejectedByApp])
        do { (isChanged, rejected) = try await run(intent, old, to: .password(password), with: consequences) } catch {
            throw .storage(error)
        }
        guard rejected.isEmpty else { throw .rejected(rejected) }
        return isChanged
    }

    private func intent(_ kind: Intent.Kind, of old: Credentials, language: String?, after: [UInt8]?) -> Intent {
        Intent(
            id: Base64URL.encode(SecureRandom.bytes(16)), user: old.id, kind: kind, email: old.email,
            language: language, before: digests.digest(of: old.hash, user: old.id), after: after,
            deadline: clock.now() + Self.intentSpan)
    }

    /// Does what the run decides, until it is done.
    private func run(
        _ intent: Intent, _ old: Credentials, to new: Swap.New?, with consequences: Consequences
    ) async throws(StorageFailed) -> (isChanged: Bool, rejected: [RejectedByApp]) {
        let latest = ContinuousClock.now + Self.swapSpan
        var rejected: [RejectedByApp] = []
        var run = IntentRun(intent, patience: clock.now() + Self.patience)
        while true {
            do throws(StorageFailed) {
                switch run.step {
                case .begin:
                    run.began(try await records.begin(intent, epoch: old.epoch, at: clock.now()), at: clock.now())
                case .recover(let other):
                    try await recover(other)
                    run.beginAgain()
                case .wait:
                    await sleep(Self.pause)
                    if Task.isCancelled { run.failed(IntentRun.locked) } else { run.beginAgain() }
                case .swap:
                    guard let new else { throw StorageFailed(.bug, reason: "a revocation swaps nothing") }
                    let answer = await source.swap(
                        Swap(
                            user: old.id, email: old.email, hash: isKey(old.hash) ? nil : old.hash, new: new,
                            resetID: intent.id, latest: latest))
                    rejected = answer.rejected
                    run.swapped(answer.outcome)
                case .look: run.looked(try await look(at: intent))
                case .end(let ending):
                    run.ended(try await end(intent, as: ending, with: consequences))
                case .done(let isChanged): return (isChanged, rejected)
                case .failed(let why):
                    // The app's own word against the password, and nothing was changed.
                    guard rejected.isEmpty else { return (false, rejected) }
                    throw why
                }
            } catch {
                guard case .failed = run.step else {
                    run.failed(error)
                    continue
                }
                throw error
            }
        }
    }

    /// The change is made, or known not to be: that is written down, if need be at the third attempt. What is not is found by recovery.
    private func end(_ intent: Intent, as ending: IntentEnding, with consequences: Consequences)
        async throws(StorageFailed) -> Bool
    {
        var ending = ending
        if case .changed(now: nil) = ending {
            ending = .changed(now: intent.after)
            if intent.after == nil, case .other(let holds)? = try? await look(at: intent) {
                ending = .changed(now: holds)
            }
        }
        for _ in 0..<2 {
            do { return try await records.end(intent, as: ending, with: consequences, at: clock.now()) } catch {
                if error.kind == .bug { throw error }
                await sleep(Self.pause)
            }
        }
        return try await records.end(intent, as: ending, with: consequences, at: clock.now())
    }

    private func look(at intent: Intent) async throws(StorageFailed) -> Seen {
        // While the intent stands, no other change of the account is settled: the record does not change between the looks.
        let kept = try await records.records(of: [intent.user]).first ?? ForeignRecord()
        guard let row = try await source.rows(of: [intent.user], for: .worker).first ?? nil else { return .gone }
        // An account without a password that may have no link holds nothing that a link is signed with.
        let held = held(row, kept) ?? PasswordHash("!")
        let digest = digests.digest(of: held, user: intent.user)
        if intent.kind == .revoke, !row.email.text.utf8.elementsEqual(intent.email.text.utf8) {
            return .other(holds: digest)
        }
        if digests.matches(intent.before, held, user: intent.user) { return .before }
        if digests.matches(intent.after, held, user: intent.user) { return .after }
        return digests.matches(kept.lastSettled, held, user: intent.user) ? .settledBefore : .other(holds: digest)
    }

    // MARK: After a crash

    /// Ends an intent that was left past its deadline.
    private func recover(_ intent: Intent) async throws(StorageFailed) {
        let ending = IntentRun.ending(of: intent, seeing: try await look(at: intent))
        let now = clock.now()
        let old = Credentials(id: intent.user, hash: PasswordHash(""), email: intent.email, epoch: 0)
        let following = Consequences(
            of: .passwordReset(language: intent.language), to: old, by: .visitor, at: now)
        _ = try await records.end(intent, as: ending, with: ending == .dropped ? .none : following, at: now)
    }

    /// Ends all intents that were left past their deadline.
    /// - Returns: how many.
    package func recoverAll() async throws(StorageFailed) -> Int {
        let overdue = try await records.overdueIntents(atMost: Self.recoveryMax, at: clock.now())
        for intent in overdue { try await recover(intent) }
        return overdue.count
    }
}

extension PromisedMessage {
    /// nil if the message names its account by id.
    fileprivate var foreignAddress: EmailAddress? {
        if case .resetLink(let request) = self { request.email } else { nil }
    }
    fileprivate var foreignUser: UserID {
        user ?? UserID("")
    }
}

extension Consequences {
    /// What the "password changed" message is written in.
    fileprivate var language: String? {
        for case .passwordChanged(_, let language) in messages { return language }
        return nil
    }
}
