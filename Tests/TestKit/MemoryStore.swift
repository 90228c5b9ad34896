/// A store in memory, with the promises of every store but for the disk's. It knows no rule: what follows from a change is decided by
/// Keyturn, as for every other store.
package import Keyturn
import PasswordHashing
import Synchronization

/// One object of all protocols, because a change and its consequences are written in one step.
package final class MemoryStore: Store, Accounts, AccountImports, AccountRecords, ResetRequests, Outbox,
    OutboxOperations, AuditLog
{
    package let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation
    private let webhookArrivals: AsyncStream<Void>
    private let webhookArrived: AsyncStream<Void>.Continuation
    private let capacity: Int
    private let state: Mutex<State>

    /// - Parameter capacity: how many rows may be pending or leased before ``record(_:at:)`` refuses.
    package init(_ users: [User] = [], capacity: Int = 1000) {
        (arrivals, arrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (webhookArrivals, webhookArrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.capacity = capacity
        state = Mutex(State(users: users))
    }

    /// From now on every call fails with this; nil mends the store.
    package func fail(with failure: StorageFailed?) { state.withLock { $0.failure = failure } }

    /// The messages in intake and in the outbox, oldest first, whatever their state.
    package var letters: [PromisedMessage] {
        state.withLock { state in state.intake.map { .resetLink($0.request) } + state.outbox.rows.map(\.item.letter) }
    }

    /// Whether a message is leased.
    package var hasLeases: Bool { state.withLock { $0.outbox.depth().leased > 0 } }

    /// How often a user was looked up, by address or by id.
    package var lookups: Int { state.withLock { $0.lookups } }

    /// Does something to the store in the moment before an account is looked up the next time, once.
    package func beforeLookup(_ happens: @escaping @Sendable (MemoryStore) -> Void) {
        state.withLock { $0.beforeLookup = happens }
    }

    /// What "this wasn't me" does, as somebody else would do it meanwhile.
    package func revokeLinks(of id: UserID) {
        state.withLock { state in
            guard let user = state.users.first(where: { $0.id == id }) else { return }
            let consequences = Consequences(
                of: .linksRevoked, to: user.credentials, by: .visitor, at: Timestamp(milliseconds: 0))
            _ = state.apply(.epoch, to: user.credentials, with: consequences, at: Timestamp(milliseconds: 0))
        }
    }

    // MARK: Store

    package var accounts: any Accounts { self }
    package var foreignRecords: (any ForeignRecords)? { nil }
    package var imports: any AccountImports { self }
    package var records: any AccountRecords { self }
    package var requests: any ResetRequests { self }
    package var newlyApplied: [String] { [] }
    package var writeProblem: String? { state.withLock { $0.failure?.words } }
    package func watchWrites(sleep: @escaping @Sendable (Duration) async -> Void) async {}
    package var outbox: any Outbox { self }
    package var operations: any OutboxOperations { self }
    package var webhooks: any Webhooks { MemoryWebhooks(store: self) }
    package var auditLog: any AuditLog { self }
    package func takeBackLeases(at now: Timestamp) async throws(StorageFailed) {}
    package func revokeAllLinks(with consequences: Consequences, at now: Timestamp) async throws(StorageFailed) {
        try working { state in
            let above = max(now.seconds, (state.users.map(\.resetEpoch).max() ?? 0) + 1)
            state.users = state.users.map { $0.with(epoch: above) }
            state.write(consequences, at: now)
        }
    }
    package func close() {}

    /// What was audited, oldest first.
    package var audited: [AuditLine] { state.withLock { $0.audited } }

    // MARK: AuditLog

    package func note(_ line: AuditLine) { state.withLock { $0.audited.append(line) } }

    /// How many of these came of requests that only read.
    package var auditedWhenRead: Int { state.withLock { $0.auditedWhenRead } }

    package func noteRead(_ line: AuditLine) {
        state.withLock { state in
            state.audited.append(line)
            state.auditedWhenRead += 1
        }
    }

    package func record(_ line: AuditLine) async throws(StorageFailed) {
        try working { state in state.audited.append(line) }
    }

    package func run(clock: WallClock, sleep: @escaping @Sendable (Duration) async -> Void) async {}

    package func trail(of user: UserID, limit: Int) async throws(StorageFailed) -> [AuditEntry] {
        try working { state in
            state.audited.reversed().filter { $0.user == user }.prefix(max(0, limit)).map {
                AuditEntry(at: $0.at, event: $0.event.rawValue, actor: $0.actor.rawValue, detail: nil)
            }
        }
    }

    // MARK: Accounts

    package func user(email: EmailAddress) async throws(StorageFailed) -> User? {
        try working { state in
            state.lookups += 1
            return state.user(email)
        }
    }

    package func user(id: UserID) async throws(StorageFailed) -> User? {
        try working { state in
            state.lookups += 1
            return state.users.first { $0.id == id }
        }
    }

    package func users(for letters: [PromisedMessage]) async throws(StorageFailed) -> [[User]] {
        state.withLock { $0.beforeLookup.take() }?(self)
        return try working { state in
            state.lookups += letters.count
            return letters.map { letter in
                switch letter {
                case .resetLink(let request): state.users(at: request.email)
                default: state.users.filter { $0.id == letter.user }
                }
            }
        }
    }

    /// Ids are numbers here, and follow each other as numbers do.
    package func list(after id: UserID?, limit: Int) async throws(StorageFailed) -> [User] {
        try working { state in
            let users = state.users.sorted { $0.number < $1.number }
            let later = users.drop { user in id.map { user.number <= (Int64($0.text) ?? 0) } ?? false }
            return Array(later.prefix(max(0, limit)))
        }
    }

    package func add(_ new: NewUser, at now: Timestamp) async throws(AddUserFailed) -> User {
        let added: Result<User, AddUserFailed>
        do {
            added = try working { state in state.add(new, at: now) }
        } catch { throw .storage(error) }
        return try added.get()
    }

    package func expectManyUsers() async throws(StorageFailed) {}

    package func addAll(_ users: [ImportedUser], at now: Timestamp) async throws(StorageFailed) -> [Imported] {
        try working { state in
            users.map { imported in
                let outcome = state.compare(imported)
                guard outcome == .added, let user = try? state.add(imported.user, at: now).get() else { return outcome }
                state.importDigests[user.id] = imported.hashDigest
                if imported.isDisabled {
                    state.users[state.users.count - 1] = user.with(epoch: user.resetEpoch, disabledAt: .some(now))
                }
                return outcome
            }
        }
    }

    package func updateAll(_ users: [ImportedUser], dryRun: Bool, at now: Timestamp) async throws(StorageFailed)
        -> [Imported]
    {
        try working { state in users.map { state.update($0, dryRun: dryRun, at: now) } }
    }

    package func twins(limit: Int) async throws(StorageFailed) -> [AddressTwins] {
        try working { state in
            let pairs = state.users.indices.flatMap { newer in
                state.users[..<newer].filter { $0.email == state.users[newer].email }
                    .map { AddressTwins($0.email, state.users[newer].email) }
            }
            return Array(pairs.prefix(max(0, limit)))
        }
    }

    package func compareAll(_ users: [ImportedUser]) async throws(StorageFailed) -> [Imported] {
        try working { state in users.map { state.compare($0) } }
    }

    package func apply(
        _ change: CredentialChange, to old: Credentials, with consequences: Consequences, at now: Timestamp
    ) async throws(StorageFailed) -> Bool {
        let isChanged = try working { state in state.apply(change, to: old, with: consequences, at: now) }
        if isChanged { announce(consequences) }
        return isChanged
    }

    package func setDisabled(_ id: UserID, _ disabled: Bool, with consequences: Consequences, at now: Timestamp)
        async throws(StorageFailed) -> Bool
    {
        try working { state in
            guard let index = state.users.firstIndex(where: { $0.id == id }) else { return false }
            let user = state.users[index]
            let epoch = user.isDisabled && !disabled ? user.resetEpoch + 1 : user.resetEpoch
            state.users[index] = user.with(epoch: epoch, disabledAt: .some(disabled ? user.disabledAt ?? now : nil))
            state.write(consequences, at: now)
            return true
        }
    }

    private func announce(_ consequences: Consequences) {
        if !consequences.messages.isEmpty || !consequences.mailings.isEmpty { arrived.yield() }
        if !consequences.webhooks.isEmpty { webhookArrived.yield() }
    }

    // MARK: AccountRecords

    package func user(externalID: ExternalID) async throws(StorageFailed) -> User? {
        try working { state in state.users.first { $0.externalID == externalID } }
    }

    package func edit(_ edits: [AccountEdit], at now: Timestamp) async throws(StorageFailed) -> [EditOutcome] {
        let outcomes = try working { state in edits.map { state.write($0, at: now) } }
        for (edit, outcome) in zip(edits, outcomes) where outcome == .written { announce(edit.consequences) }
        return outcomes
    }

    package func erase(
        _ old: Credentials, auditedAs pseudonym: UserID, with consequences: Consequences, at now: Timestamp
    ) async throws(StorageFailed) -> Bool {
        let isErased = try working { state in state.erase(old, pseudonym, with: consequences, at: now) }
        if isErased { announce(consequences) }
        return isErased
    }

    package func noticesWaiting(of user: UserID) async throws(StorageFailed) -> Int {
        try working { state in
            state.outbox.rows.count { row in
                !row.hasFailed && row.item.letter.kind == .passwordChanged && row.item.user == user
            }
                + state.webhooks.rows.count {
                    $0.item.draft.user == user && $0.item.draft.event == .passwordChanged && !$0.hasFailed
                }
        }
    }

    package func removeTraces() async throws(StorageFailed) -> ErasureTraces { .none }

    // MARK: ResetRequests

    package func record(_ request: ResetRequest, at now: Timestamp) async throws(OutboxRefused) {
        let recorded: Bool
        do {
            recorded = try working { state in
                let seats = state.outbox.rows.count { !$0.hasFailed && $0.item.letter.kind.takesSeat }
                guard state.intake.count + seats < self.capacity else { return false }
                state.lastIntakeID += 1
                state.intake.append(IntakeEntry(id: state.lastIntakeID, request: request, recordedAt: now))
                return true
            }
        } catch { throw .storage(error) }
        guard recorded else { throw .full(capacity: capacity) }
        arrived.yield()
    }

    // MARK: Outbox

    package func intake(atMost limit: Int) async throws(StorageFailed) -> [IntakeEntry] {
        try working { state in Array(state.intake.prefix(max(0, limit))) }
    }

    package func emptyIntake(
        of entries: [IntakeEntry], queueing queued: [JoinedRequests], with consequences: Consequences, at now: Timestamp
    ) async throws(StorageFailed) -> Bool {
        let isWritten = try working { state in
            let ids = Set(entries.map(\.id))
            guard state.intake.count(where: { ids.contains($0.id) }) == entries.count else { return false }
            state.intake.removeAll { ids.contains($0.id) }
            for joined in queued { state.queue(joined, at: now) }
            state.write(consequences, at: now)
            return true
        }
        if isWritten { announce(consequences) }
        return isWritten
    }

    package func lease(atMost limit: Int, for span: Duration, at now: Timestamp) async throws(StorageFailed) -> [Lease]
    {
        try working { state in
            let (rows, expiresAt) = state.outbox.lease(atMost: limit, for: span, at: now) { _ in true }
            // Part of this lease now.
            for row in rows { state.outbox.change(row.id) { $0.item.againAt = nil } }
            return rows.compactMap { row in
                row.token.map { token in
                    Lease(
                        id: OutboxID(row.id), token: token, letter: row.item.letter, attempts: row.attempts,
                        recordedAt: row.recordedAt, expiresAt: expiresAt, lostAnswers: row.lostAnswers,
                        refusedAt: state.refusedAt)
                }
            }
        }
    }

    package func moveMailings(at now: Timestamp) async throws(StorageFailed) -> Timestamp? {
        try working { state in state.moveMailings(at: now) }
    }

    package func stillHolds(_ lease: Lease) async throws(StorageFailed) -> Bool {
        try working { state in state.outbox.holds(lease.id.number, under: lease.token) }
    }

    package func settle(_ outcomes: [Settlement], at now: Timestamp) async throws(StorageFailed) -> [Bool] {
        let following = outcomes.map { Consequences(of: $0, at: now) }
        let written = try working { state in
            zip(outcomes, following).map { settlement, following in
                guard state.settle(settlement, at: now) else { return false }
                state.write(following, at: now)
                return true
            }
        }
        for (isWritten, following) in zip(written, following) where isWritten { announce(following) }
        return written
    }

    package func clockSetBack(to now: Timestamp, leasing span: Duration) async throws(StorageFailed) {
        try working { state in
            state.refusedAt = state.refusedAt.map { min($0, now) }
            state.outbox.clockSetBack(to: now, leasing: span)
        }
    }

    package func nextDue() async throws(StorageFailed) -> Timestamp? { try working { state in state.outbox.nextDue() } }

    package func resetMails(to users: [UserID?], since: Timestamp) async throws(StorageFailed) -> [[Timestamp]] {
        try working { state in
            users.map { user in
                state.mailLog.filter {
                    $0.user != nil && $0.user == user && $0.kind == .resetLink && $0.at >= since
                        && ["delivered", LostAnswers.name].contains($0.outcome)
                }.map(\.at).sorted()
            }
        }
    }

    package func note(_ reports: [MailReport], at now: Timestamp) async throws(StorageFailed) -> [MailReport] {
        try working { state in
            reports.filter { report in
                guard !state.reports.contains(where: { $0.id == report.id }) else { return false }
                state.reports.append(report)
                return true
            }
        }
    }

    // MARK: OutboxOperations

    package func entries(
        _ filter: OutboxFilter, after position: OutboxPosition?, limit: Int
    ) async throws(StorageFailed) -> [OutboxEntry] {
        try working { state in
            let rows = state.outbox.rows.filter { state.isSelected($0, by: filter) }.map(\.entry)
            let waiting = state.intake.filter { state.isSelected($0, by: filter) }.map(\.entry)
            let all = rows + waiting
            let rest = position.map { position in all.drop { $0.position != position }.dropFirst() } ?? all[...]
            return Array(rest.prefix(max(0, limit)))
        }
    }

    package func retry(
        _ selection: OutboxSelection, at now: Timestamp, progress: (Int) -> Void
    ) async throws(StorageFailed) -> Int {
        try working { state in state.retry(selection, at: now) }
    }

    package func purge(_ selection: OutboxSelection, progress: (Int) -> Void) async throws(StorageFailed) -> Int {
        try working { state in
            let before = state.outbox.rows.count + state.intake.count
            let purged = Set(state.outbox.rows.filter { state.isSelected($0, by: selection) }.map(\.id))
            state.outbox.rows.removeAll { purged.contains($0.id) }
            if case .address(let email) = selection { state.intake.removeAll { $0.request.email == email } }
            return before - state.outbox.rows.count - state.intake.count
        }
    }

    package func reports(limit: Int) async throws(StorageFailed) -> [KeptReport] {
        try working { state in
            state.reports.reversed().prefix(max(0, limit)).map { report in
                KeptReport(report, of: state.mailLog.first { $0.isAbout(report) }?.user)
            }
        }
    }

    package func mailLog(of user: UserID, limit: Int) async throws(StorageFailed) -> [MailLogEntry] {
        try working { state in
            let lines = state.mailLog.filter { $0.user == user }
            let reported = state.reports.flatMap { report in
                lines.filter { $0.isAbout(report) }.map {
                    MailLogEntry(at: report.at, kind: $0.kind, outcome: report.kind.rawValue, detail: report.reason)
                }
            }
            let logged = lines.map { MailLogEntry(at: $0.at, kind: $0.kind, outcome: $0.outcome, detail: $0.detail) }
            let all = (logged + reported).enumerated()
            let newestFirst = all.sorted { ($0.element.at, $0.offset) > ($1.element.at, $1.offset) }
            return Array(newestFirst.map(\.element).prefix(max(0, limit)))
        }
    }

    package func depth() async throws(StorageFailed) -> QueueDepth {
        try working { state in
            let depth = state.outbox.depth()
            let oldest = ([depth.oldest] + state.intake.map(\.recordedAt)).compactMap(\.self).min()
            return QueueDepth(
                pending: depth.pending + state.intake.count, leased: depth.leased, failed: depth.failed, oldest: oldest)
        }
    }

    fileprivate func working<Value>(_ body: (inout State) -> sending Value) throws(StorageFailed) -> Value {
        let result: Result<Value, StorageFailed> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            return .success(body(&state))
        }
        return try result.get()
    }
}

/// The webhooks of a ``MemoryStore``.
package struct MemoryWebhooks: Webhooks {
    fileprivate let store: MemoryStore

    package var arrivals: AsyncStream<Void> { store.webhookStream }

    package func lease(atMost limit: Int, for span: Duration, at now: Timestamp) async throws(StorageFailed)
        -> [WebhookLease]
    {
        try store.working { state in
            state.webhooks.rows.removeAll { $0.item.draft.user == nil }
            let (rows, _) = state.webhooks.lease(atMost: limit, for: span, at: now) { $0.draft.user != nil }
            return rows.compactMap { row in
                guard let token = row.token, let user = row.item.draft.user else { return nil }
                let draft = row.item.draft
                return WebhookLease(
                    row: WebhookRowID(row.id), token: token,
                    webhook: Webhook(
                        id: row.item.id, event: draft.event, user: user, cause: draft.cause, at: draft.at),
                    recordedAt: row.recordedAt, attempts: row.attempts)
            }
        }
    }

    package func settle(_ outcomes: [WebhookSettlement], at now: Timestamp) async throws(StorageFailed) -> [Bool] {
        try store.working { state in
            outcomes.map { settlement in
                state.webhooks.settle(
                    settlement.lease.row.number, under: settlement.lease.token, as: settlement.outcome.fate, at: now)
            }
        }
    }

    package func clockSetBack(to now: Timestamp, leasing span: Duration) async throws(StorageFailed) {
        try store.working { state in state.webhooks.clockSetBack(to: now, leasing: span) }
    }

    package func nextDue() async throws(StorageFailed) -> Timestamp? {
        try store.working { state in state.webhooks.nextDue { $0.draft.user != nil } }
    }

    package func depth() async throws(StorageFailed) -> QueueDepth {
        try store.working { state in
            var named = state.webhooks
            named.rows.removeAll { $0.item.draft.user == nil }
            return named.depth()
        }
    }

    package func dropUnsent(recordedBefore start: Timestamp) async throws(StorageFailed) -> Int {
        try store.working { state in
            let before = state.webhooks.rows.count
            state.webhooks.rows.removeAll { !$0.hasFailed && $0.recordedAt < start }
            return before - state.webhooks.rows.count
        }
    }

    package func retryFailed(at now: Timestamp) async throws(StorageFailed) -> Int {
        try store.working { state in state.webhooks.retry(at: now) { _ in true } }
    }
}

extension MemoryStore {
    fileprivate var webhookStream: AsyncStream<Void> { webhookArrivals }
}

/// A row of the outbox.
private struct Message {
    var letter: PromisedMessage
    /// When a request came for it while it was leased.
    var againAt: Timestamp?

    /// The address of a reset link; nil for a message that names its account.
    var email: EmailAddress? {
        guard case .resetLink(let request) = letter else { return nil }
        return request.email
    }

    var user: UserID? {
        letter.user
    }
}

private struct KeptWebhook {
    let id: String
    let draft: WebhookDraft
}

extension MemoryQueue<Message>.Row {
    fileprivate var entry: OutboxEntry {
        OutboxEntry(
            at: .row(OutboxID(id)), kind: item.letter.kind, email: item.email, user: item.user, state: state,
            attempts: attempts, recordedAt: recordedAt, dueAt: dueAt, lastReason: lastReason)
    }
}

extension IntakeEntry {
    fileprivate var entry: OutboxEntry {
        OutboxEntry(
            at: .intake(id), kind: .resetLink, email: request.email, user: nil, state: .pending, attempts: 0,
            recordedAt: recordedAt, dueAt: recordedAt, lastReason: nil)
    }
}

extension MailLogLine {
    fileprivate func isAbout(_ report: MailReport) -> Bool {
        guard outcome == "delivered", outboxID == report.outboxID else { return false }
        return detail.map { report.messageID.utf8.starts(with: $0.utf8) } ?? true
    }
}

private struct State {
    var users: [User]
    var importDigests: [UserID: String] = [:]
    var intake: [IntakeEntry] = []
    var lastIntakeID: Int64 = 0
    var outbox = MemoryQueue<Message>()
    var mailings: [Mailing] = []
    /// When the next of them may go.
    var mailingAt: Timestamp?
    var webhooks = MemoryQueue<KeptWebhook>()
    var mailLog: [MailLogLine] = []
    var reports: [MailReport] = []
    var audited: [AuditLine] = []
    var auditedWhenRead = 0
    /// When the provider last refused the key or the sender.
    var refusedAt: Timestamp?
    var failure: StorageFailed?
    var lookups = 0
    var beforeLookup: (@Sendable (MemoryStore) -> Void)?
    private var lastWebhook = 0

    init(users: [User]) { self.users = users }

    mutating func add(_ new: NewUser, at now: Timestamp) -> Result<User, AddUserFailed> {
        guard !users.contains(where: { $0.email == new.email }) else { return .failure(.exists) }
        guard !isTaken(new.externalID) else { return .failure(.externalIDTaken) }
        let user = User(
            id: UserID(String((users.map(\.number).max() ?? 0) + 1)), email: new.email, passwordHash: new.passwordHash,
            emailVerifiedAt: new.isVerified ? now : nil, createdAt: now, passwordChangedAt: nil, resetEpoch: 0,
            disabledAt: nil, externalID: new.externalID)
        users.append(user)
        return .success(user)
    }

    func isTaken(_ id: ExternalID?) -> Bool { id != nil && users.contains { $0.externalID == id } }

    /// The account that is spelled so; else the oldest with this address.
    func user(_ email: EmailAddress) -> User? {
        let twins = users.filter { $0.email == email }
        return twins.first { $0.email.isSpelled(like: email) } ?? twins.first
    }

    /// Several accounts that share one spelling of an address are all meant, as in an app's table. Of twins only one is.
    func users(at email: EmailAddress) -> [User] {
        let all = users.filter { $0.email == email }
        guard let first = all.first, all.contains(where: { !$0.email.isSpelled(like: first.email) }) else { return all }
        return user(email).map { [$0] } ?? []
    }

    private func found(_ user: User) -> FoundAccount {
        FoundAccount(
            hash: user.passwordHash, isVerified: user.isVerified, isDisabled: user.isDisabled,
            externalID: user.externalID, wasReset: user.passwordChangedAt != nil, importDigest: importDigests[user.id])
    }

    mutating func update(_ imported: ImportedUser, dryRun: Bool, at now: Timestamp) -> Imported {
        guard let user = user(imported.user.email), let index = users.firstIndex(where: { $0.id == user.id }) else {
            return .differs
        }
        let change = imported.change(of: found(user))
        guard !isTaken(change.externalID) else { return .externalIDTaken }
        guard !change.isEmpty, !dryRun else { return Imported(change) }
        if change.hash != nil { importDigests[user.id] = imported.hashDigest }
        let isEnabled = change.isDisabled == false
        users[index] = User(
            id: user.id, email: user.email, passwordHash: change.hash ?? user.passwordHash,
            emailVerifiedAt: change.isVerified.map { $0 ? now : nil } ?? user.emailVerifiedAt,
            createdAt: user.createdAt, passwordChangedAt: user.passwordChangedAt,
            resetEpoch: user.resetEpoch + (isEnabled ? 1 : 0),
            disabledAt: change.isDisabled.map { $0 ? now : nil } ?? user.disabledAt,
            externalID: change.externalID ?? user.externalID)
        return Imported(change)
    }

    func compare(_ imported: ImportedUser) -> Imported {
        guard let user = user(imported.user.email) else {
            return isTaken(imported.user.externalID) ? .externalIDTaken : .added
        }
        return imported.compare(with: found(user))
    }

    mutating func apply(
        _ change: CredentialChange, to old: Credentials, with consequences: Consequences, at now: Timestamp
    ) -> Bool {
        guard let index = users.firstIndex(where: { $0.credentials == old }) else { return false }
        switch change {
        case .password where users[index].isDisabled, .rehash where users[index].isDisabled: return false
        case .password(let new):
            users[index] = users[index].with(
                hash: new.text, passwordChangedAt: now, expiredAt: .some(nil), invitedUntil: .some(nil))
        case .rehash(let new): users[index] = users[index].with(hash: new.text)
        case .epoch: users[index] = users[index].with(epoch: old.epoch + 1)
        }
        write(consequences, at: now)
        return true
    }

    mutating func write(_ edit: AccountEdit, at now: Timestamp) -> EditOutcome {
        let columns = edit.columns
        if let email = columns.email, users.contains(where: { $0.email == email && $0.id != edit.old.id }) {
            return .emailTaken
        }
        if let id = columns.externalID, users.contains(where: { $0.externalID == id && $0.id != edit.old.id }) {
            return .externalIDTaken
        }
        guard let index = users.firstIndex(where: { $0.credentials == edit.old }) else { return .changedMeanwhile }
        let user = users[index]
        let (expired, invited) = columns.hash == nil ? (user.expiredAt, user.invitedUntil) : (nil, nil)
        users[index] = user.with(
            hash: columns.hash?.text, email: columns.email?.text,
            epoch: columns.endsLinks ? user.resetEpoch + 1 : nil,
            passwordChangedAt: columns.hash == nil ? nil : now,
            disabledAt: columns.isDisabled.map { $0 ? user.disabledAt ?? now : nil },
            externalID: columns.externalID?.text,
            verifiedAt: columns.isVerified.map { $0 ? user.emailVerifiedAt ?? now : nil },
            expiredAt: .some(columns.expires ? expired ?? now : expired),
            invitedUntil: .some(columns.invitedUntil ?? invited),
            sessionEpoch: user.sessionEpoch + (columns.endsSessions ? 1 : 0))
        write(edit.consequences, at: now)
        return .written
    }

    mutating func erase(
        _ old: Credentials, _ pseudonym: UserID, with consequences: Consequences, at now: Timestamp
    ) -> Bool {
        guard let index = users.firstIndex(where: { $0.credentials == old }) else { return false }
        users.remove(at: index)
        outbox.rows.removeAll { $0.item.user == old.id }
        mailings.removeAll { $0.user == old.id }
        webhooks.rows.removeAll { $0.item.draft.user == old.id }
        let reported = mailLog.filter { $0.user == old.id }.compactMap(\.outboxID)
        reports.removeAll { reported.contains($0.outboxID) }
        mailLog.removeAll { $0.user == old.id }
        audited = audited.map {
            $0.user == old.id ? AuditLine($0.event, of: pseudonym, by: $0.actor, at: $0.at) : $0
        }
        write(consequences, at: now)
        return true
    }

    mutating func moveMailings(at now: Timestamp) -> Timestamp? {
        func open() -> Int { outbox.rows.count { !$0.hasFailed && !$0.item.letter.kind.takesSeat } }
        var next = max(mailingAt ?? now, now - mailingsCaughtUp)
        while let mailing = mailings.first, next <= now, open() < mailingsOpenMax {
            mailings.removeFirst()
            outbox.append(Message(letter: .passwordExpired(mailing.user)), recordedAt: now)
            next = next + mailing.interval
            mailingAt = next
        }
        guard !mailings.isEmpty else { return nil }
        return open() < mailingsOpenMax ? next : now + .seconds(1)
    }

    mutating func write(_ consequences: Consequences, at now: Timestamp) {
        if let email = consequences.dropRequests {
            intake.removeAll { $0.request.email == email }
            outbox.rows.removeAll { $0.item.email == email }
        }
        for letter in consequences.messages { outbox.append(Message(letter: letter), recordedAt: now) }
        for mailing in consequences.mailings
        where !mailings.contains(where: { $0.user == mailing.user && $0.kind == mailing.kind }) {
            mailings.append(mailing)
        }
        audited += consequences.audit
        mailLog += consequences.mailLog
        refusedAt = consequences.refusedAt ?? refusedAt
        for draft in consequences.webhooks {
            lastWebhook += 1
            webhooks.append(KeptWebhook(id: "msg_\(lastWebhook)", draft: draft), recordedAt: draft.at)
        }
    }

    /// One address, one open row.
    mutating func queue(_ joined: JoinedRequests, at now: Timestamp) {
        let recordedAt = min(joined.recordedAt, now)
        let open = outbox.rows.first { $0.item.email == joined.request.email && !$0.hasFailed }
        guard let open else {
            outbox.append(Message(letter: .resetLink(joined.request)), recordedAt: recordedAt)
            return
        }
        outbox.change(open.id) { row in
            row.item.letter = .resetLink(joined.request)
            row.item.againAt = row.token == nil ? nil : recordedAt
        }
    }

    mutating func settle(_ settlement: Settlement, at now: Timestamp) -> Bool {
        let (id, token, fate) = (settlement.lease.id.number, settlement.lease.token, settlement.outcome.fate)
        guard let row = outbox.rows.first(where: { $0.id == id && $0.token == token }) else { return false }
        if fate.endsRow, let again = row.item.againAt {
            outbox.change(id) { row in
                (row.token, row.item.againAt, row.attempts, row.lostAnswers, row.lastReason) = (nil, nil, 0, 0, nil)
                (row.recordedAt, row.dueAt) = (again, min(again, now))
            }
            return true
        }
        outbox.change(id) { $0.item.againAt = nil }
        return outbox.settle(id, under: token, as: fate, at: now)
    }

    /// Failed requests of an address that has an open row, or a newer failed one, are merged into that row.
    mutating func retry(_ selection: OutboxSelection, at now: Timestamp) -> Int {
        let selected = outbox.rows.filter { $0.hasFailed && isSelected($0, by: selection) }
        let merged = selected.filter { row in
            row.item.email != nil
                && outbox.rows.contains { other in
                    other.item.email == row.item.email
                        && (!other.hasFailed || other.id > row.id && selected.contains { $0.id == other.id })
                }
        }.map(\.id)
        outbox.rows.removeAll { merged.contains($0.id) }
        let revived = Set(selected.map(\.id))
        return merged.count + outbox.retry(at: now) { revived.contains($0.id) }
    }

    func isSelected(_ row: MemoryQueue<Message>.Row, by filter: OutboxFilter) -> Bool {
        switch filter {
        case .all: true
        case .failed: row.hasFailed
        case .pending: !row.hasFailed
        case .address(let email): concerns(row, email)
        case .user(let id): row.item.user == id || users.contains { $0.id == id && $0.email == row.item.email }
        }
    }

    func isSelected(_ entry: IntakeEntry, by filter: OutboxFilter) -> Bool {
        switch filter {
        case .all, .pending: true
        case .failed: false
        case .address(let email): entry.request.email == email
        case .user(let id): users.contains { $0.id == id && $0.email == entry.request.email }
        }
    }

    func isSelected(_ row: MemoryQueue<Message>.Row, by selection: OutboxSelection) -> Bool {
        switch selection {
        case .id(let id): row.id == id.number
        case .allFailed: row.hasFailed
        case .address(let email): concerns(row, email)
        }
    }

    private func concerns(_ row: MemoryQueue<Message>.Row, _ email: EmailAddress) -> Bool {
        row.item.email == email || users.contains { $0.id == row.item.user && $0.email == email }
    }
}

extension User {
    fileprivate var number: Int64 { Int64(id.text) ?? 0 }
}
