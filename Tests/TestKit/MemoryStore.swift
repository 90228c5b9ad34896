/// Users and outbox in memory, with the promises of both protocols but for the disk's.
package import Keyturn
package import PasswordHashing
import Synchronization

/// One store of both, because changing a password records a letter and drops requests in the same step.
package final class MemoryStore: Users, Outbox, AuditLog {
    package let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation
    private let capacity: Int
    private let state: Mutex<State>

    /// - Parameter capacity: how many rows may be pending or leased before ``record(_:at:)`` refuses.
    package init(_ users: [User] = [], capacity: Int = 1000) {
        (arrivals, arrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.capacity = capacity
        state = Mutex(State(users: users))
    }

    /// From now on every call fails with this; nil mends the store.
    package func fail(with failure: StorageFailed?) { state.withLock { $0.failure = failure } }

    /// The letters that are in the outbox, oldest first, whatever their state.
    package var letters: [PromisedLetter] { state.withLock { $0.rows.map(\.letter) } }

    /// How often a user was looked up, by address or by id.
    package var lookups: Int { state.withLock { $0.lookups } }

    /// Does something to the store in the moment before an account is looked up the next time, once.
    package func beforeLookup(_ happens: @escaping @Sendable (MemoryStore) -> Void) {
        state.withLock { $0.beforeLookup = happens }
    }

    /// What "this wasn't me" does.
    package func revokeLinks(of id: UserID) {
        state.withLock { state in
            guard let user = state.users.first(where: { $0.id == id }) else { return }
            guard state.change(user.credentials, { $0.with(epoch: $0.resetEpoch + 1) }) else { return }
            state.dropRequests(of: user.email)
        }
    }

    /// What was audited, oldest first.
    package var audited: [AuditLine] { state.withLock { $0.audited } }

    /// How many of these came of requests that only read.
    package var auditedWhenRead: Int { state.withLock { $0.auditedWhenRead } }

    // MARK: AuditLog

    package func noteRead(_ line: AuditLine) {
        state.withLock { state in
            state.audited.append(line)
            state.auditedWhenRead += 1
        }
    }

    package func note(_ line: AuditLine) { state.withLock { $0.audited.append(line) } }

    package func record(_ line: AuditLine) async throws(StorageFailed) {
        try working { state in state.audited.append(line) }
    }

    package func trail(of user: UserID, limit: Int) async throws(StorageFailed) -> [AuditEntry] {
        try working { state in
            state.audited.reversed().filter { $0.user == user }.prefix(max(0, limit)).map {
                AuditEntry(at: $0.at, event: $0.event.rawValue, actor: $0.actor.rawValue, detail: nil)
            }
        }
    }

    // MARK: Users

    package func user(email: EmailAddress) async throws(StorageFailed) -> User? {
        try working { state in
            state.lookups += 1
            return state.users.first { $0.email == email }
        }
    }

    package func user(id: UserID) async throws(StorageFailed) -> User? {
        try working { state in
            state.lookups += 1
            return state.users.first { $0.id == id }
        }
    }

    package func users(for letters: [PromisedLetter]) async throws(StorageFailed) -> [User?] {
        state.withLock { $0.beforeLookup.take() }?(self)
        return try working { state in
            state.lookups += letters.count
            return letters.map { letter in
                switch letter {
                case .resetLink(let request): state.users.first { $0.email == request.email }
                case .passwordChanged(let id, _): state.users.first { $0.id == id }
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
        let added: User?
        do {
            added = try working { state in state.add(new, at: now) }
        } catch { throw .storage(error) }
        guard let added else { throw .exists }
        return added
    }

    package func replace(
        _ old: Credentials, with new: PasswordHash, tellingIn language: String? = nil, at now: Timestamp
    ) async throws(StorageFailed) -> Bool {
        let replaced = try working { state in
            let isDisabled = state.users.contains { $0.id == old.id && $0.isDisabled }
            let changed = !isDisabled && state.change(old) { user in user.with(hash: new.text, passwordChangedAt: now) }
            guard changed else { return false }
            state.dropRequests(of: old.email)
            state.append(.passwordChanged(old.id, language: language), at: now)
            state.audited.append(AuditLine(.passwordReset, of: old.id, by: .visitor, at: now))
            return true
        }
        if replaced { arrived.yield() }
        return replaced
    }

    package func revokeLinks(_ old: Credentials, by actor: AuditActor, at now: Timestamp) async throws(StorageFailed)
        -> Bool
    {
        try working { state in
            let changed = state.change(old) { user in user.with(epoch: user.resetEpoch + 1) }
            guard changed else { return false }
            state.dropRequests(of: old.email)
            state.audited.append(AuditLine(.linksRevoked, of: old.id, by: actor, at: now))
            return true
        }
    }

    package func setDisabled(_ id: UserID, _ disabled: Bool, at now: Timestamp) async throws(StorageFailed) -> Bool {
        try working { state in
            guard let index = state.users.firstIndex(where: { $0.id == id }) else { return false }
            let user = state.users[index]
            let epoch = user.isDisabled && !disabled ? user.resetEpoch + 1 : user.resetEpoch
            state.users[index] = user.with(epoch: epoch, disabledAt: .some(disabled ? user.disabledAt ?? now : nil))
            state.audited.append(AuditLine(disabled ? .disabled : .enabled, of: id, by: .operator, at: now))
            return true
        }
    }

    // MARK: Outbox

    package func record(_ request: ResetRequest, at now: Timestamp) async throws(OutboxRefused) {
        let recorded: Bool
        do {
            recorded = try working { state in
                guard state.rows.count(where: { $0.failure == nil }) < self.capacity else { return false }
                state.append(.resetLink(request), at: now)
                return true
            }
        } catch { throw .storage(error) }
        guard recorded else { throw .full(capacity: capacity) }
        arrived.yield()
    }

    package func lease(atMost limit: Int, for span: Duration, at now: Timestamp) async throws(StorageFailed) -> [Lease]
    {
        try working { state in
            var leases: [Lease] = []
            while leases.count < limit, let lease = state.leaseOldest(until: now + span, at: now) {
                leases.append(lease)
            }
            return leases
        }
    }

    package func stillHolds(_ lease: Lease) async throws(StorageFailed) -> Bool {
        try working { state in state.rows.contains { $0.leaseToken == lease.token } }
    }

    package func settle(_ lease: Lease, of user: UserID?, as outcome: Outcome, at now: Timestamp)
        async throws(StorageFailed) -> Bool
    {
        try working { state in state.settle(Settlement(lease, of: user, as: outcome), at: now) }
    }

    package func settle(_ outcomes: [Settlement], at now: Timestamp) async throws(StorageFailed) -> [Bool] {
        try working { state in outcomes.map { state.settle($0, at: now) } }
    }

    package func clockSetBack(to now: Timestamp, leasing span: Duration) async throws(StorageFailed) {
        try working { state in
            state.refusedAt = state.refusedAt.map { min($0, now) }
            for index in state.rows.indices where state.rows[index].takeableAt.map({ $0 > now }) ?? false {
                let rest = state.rows[index].lostAnswers > 0 ? LostAnswers.interval : .zero
                state.rows[index].recordedAt = min(state.rows[index].recordedAt, now)
                state.rows[index].dueAt = min(state.rows[index].dueAt, now + rest)
                state.rows[index].leasedUntil = state.rows[index].leasedUntil.map { min($0, now + span) }
            }
        }
    }

    package func nextDue() async throws(StorageFailed) -> Timestamp? {
        try working { state in state.rows.compactMap(\.takeableAt).min() }
    }

    package func resetMails(to users: [UserID?], since: Timestamp) async throws(StorageFailed) -> [[Timestamp]] {
        try working { state in
            users.map { user in
                state.mailLog.filter {
                    $0.user == user && $0.entry.kind == .resetLink && $0.entry.at >= since
                        && ["delivered", LostAnswers.name].contains($0.entry.outcome)
                }.map(\.entry.at).sorted()
            }
        }
    }

    package func entries(
        _ filter: OutboxFilter, after id: Int64, limit: Int
    ) async throws(StorageFailed) -> [OutboxEntry] {
        try working { state in
            let selected = state.rows.filter { $0.id > id && state.isSelected($0, by: filter) }
            return Array(selected.prefix(max(0, limit)).map(\.entry))
        }
    }

    package func retry(
        _ selection: OutboxSelection, at now: Timestamp, progress: (Int) -> Void
    ) async throws(StorageFailed) -> Int {
        try working { state in
            var retried = 0
            for index in state.rows.indices
            where state.rows[index].failure != nil && state.isSelected(state.rows[index], by: selection) {
                state.rows[index].startAnew(at: now)
                retried += 1
            }
            return retried
        }
    }

    package func purge(_ selection: OutboxSelection, progress: (Int) -> Void) async throws(StorageFailed) -> Int {
        try working { state in
            let before = state.rows.count
            let purged = Set(state.rows.filter { state.isSelected($0, by: selection) }.map(\.id))
            state.rows.removeAll { purged.contains($0.id) }
            return before - state.rows.count
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
                    MailLogEntry(
                        at: report.at, kind: $0.entry.kind, outcome: report.kind.rawValue, detail: report.reason)
                }
            }
            let all = (lines.map(\.entry) + reported).enumerated()
            let newestFirst = all.sorted { ($0.element.at, $0.offset) > ($1.element.at, $1.offset) }
            return Array(newestFirst.map(\.element).prefix(max(0, limit)))
        }
    }

    package func depth() async throws(StorageFailed) -> OutboxDepth {
        try working { state in
            OutboxDepth(
                pending: state.rows.count { $0.entry.state == .pending },
                leased: state.rows.count { $0.entry.state == .leased },
                failed: state.rows.count { $0.entry.state == .failed },
                oldest: state.rows.map(\.recordedAt).min())
        }
    }

    private func working<Value>(_ body: (inout State) -> sending Value) throws(StorageFailed) -> Value {
        let result: Result<Value, StorageFailed> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            return .success(body(&state))
        }
        return try result.get()
    }
}

/// A promised letter and what became of it so far.
private struct Row {
    let id: Int64
    let letter: PromisedLetter
    var recordedAt: Timestamp
    var dueAt: Timestamp
    var attempts = 0
    var lostAnswers = 0
    var leaseToken: String?
    var leasedUntil: Timestamp?
    /// Set once delivery was given up.
    var failure: String?
    var lastReason: String?

    /// The address of a reset link; nil for a letter that names its user.
    var email: EmailAddress? {
        guard case .resetLink(let request) = letter else { return nil }
        return request.email
    }

    var kind: LetterKind { email == nil ? .passwordChanged : .resetLink }

    /// When the row may be taken (again); nil once it has failed.
    var takeableAt: Timestamp? { failure == nil ? leasedUntil ?? dueAt : nil }

    func state(at now: Timestamp) -> OutboxState {
        if failure != nil { return .failed }
        return leasedUntil.map { $0 > now } ?? false ? .leased : .pending
    }

    var entry: OutboxEntry {
        var user: UserID?
        if case .passwordChanged(let id, _) = letter { user = id }
        return OutboxEntry(
            id: id, kind: kind, email: email, user: user,
            state: failure != nil ? .failed : leasedUntil != nil ? .leased : .pending,
            attempts: attempts, recordedAt: recordedAt, dueAt: dueAt, lastReason: lastReason)
    }

    mutating func endLease() { (leaseToken, leasedUntil) = (nil, nil) }

    mutating func startAnew(at now: Timestamp) {
        (recordedAt, dueAt, attempts, failure) = (now, now, 0, nil)
        lostAnswers = min(lostAnswers, 1)
        endLease()
    }
}

/// What became of one user's letter.
private struct LogLine {
    let user: UserID
    let row: Int64
    let entry: MailLogEntry

    func isAbout(_ report: MailReport) -> Bool {
        guard entry.outcome == "delivered", row == report.requestID else { return false }
        return entry.detail.map { report.messageID.utf8.starts(with: $0.utf8) } ?? true
    }
}

private struct State {
    var users: [User]
    var rows: [Row] = []
    var mailLog: [LogLine] = []
    var reports: [MailReport] = []
    var audited: [AuditLine] = []
    /// When the provider last refused the key or the sender.
    var refusedAt: Timestamp?
    var auditedWhenRead = 0
    var failure: StorageFailed?
    var lookups = 0
    var beforeLookup: (@Sendable (MemoryStore) -> Void)?
    private var lastRowID: Int64 = 0

    init(users: [User]) { self.users = users }

    mutating func add(_ new: NewUser, at now: Timestamp) -> User? {
        guard !users.contains(where: { $0.email == new.email }) else { return nil }
        let user = User(
            id: UserID(String((users.map(\.number).max() ?? 0) + 1)), email: new.email, passwordHash: new.passwordHash,
            emailVerifiedAt: new.isVerified ? now : nil, createdAt: now, passwordChangedAt: nil, resetEpoch: 0,
            disabledAt: nil)
        users.append(user)
        return user
    }

    mutating func change(_ old: Credentials, _ change: (User) -> User) -> Bool {
        guard let index = users.firstIndex(where: { $0.credentials == old }) else { return false }
        users[index] = change(users[index])
        return true
    }

    mutating func append(_ letter: PromisedLetter, at now: Timestamp) {
        lastRowID += 1
        rows.append(Row(id: lastRowID, letter: letter, recordedAt: now, dueAt: now))
    }

    mutating func dropRequests(of email: EmailAddress) { rows.removeAll { $0.email == email } }

    /// Takes the oldest row that is due, and with it every other pending one of its address.
    mutating func leaseOldest(until end: Timestamp, at now: Timestamp) -> Lease? {
        letThoseWaitWhoseAddressRests(at: now)
        let leased = Set(rows.filter { $0.state(at: now) == .leased }.compactMap(\.email))
        let due = rows.first { row in
            guard let takeable = row.takeableAt, takeable <= now else { return false }
            return row.email.map { !leased.contains($0) } ?? true
        }
        guard let due else { return nil }
        let taken = rows.indices.filter { index in
            rows[index].id == due.id
                || due.email != nil && rows[index].email == due.email && rows[index].state(at: now) == .pending
        }
        let newest = rows[taken.last ?? 0]
        let token = "lease-\(newest.id)-\(newest.attempts)-\(UInt64.random(in: 0...UInt64.max))"
        for index in taken { (rows[index].leaseToken, rows[index].leasedUntil) = (token, end) }
        return Lease(
            id: newest.id, token: token, letter: newest.letter, attempts: taken.map { rows[$0].attempts }.max() ?? 0,
            recordedAt: taken.map { rows[$0].recordedAt }.min() ?? newest.recordedAt, expiresAt: end,
            lostAnswers: taken.map { rows[$0].lostAnswers }.max() ?? 0, refusedAt: refusedAt)
    }

    /// A letter that got no answer waits, and all requests of its address with it.
    private mutating func letThoseWaitWhoseAddressRests(at now: Timestamp) {
        for resting in rows where resting.lostAnswers > 0 && resting.state(at: now) == .pending && resting.dueAt > now {
            for index in rows.indices where resting.email != nil && rows[index].email == resting.email {
                rows[index].dueAt = max(rows[index].dueAt, resting.dueAt)
            }
        }
    }

    mutating func settle(_ settlement: Settlement, at now: Timestamp) -> Bool {
        let ours = rows.indices.filter { rows[$0].leaseToken == settlement.lease.token }
        guard !ours.isEmpty else { return false }
        let kind = rows[ours[0]].kind
        for index in ours { apply(settlement.outcome, of: settlement.lease, to: &rows[index], at: now) }
        if settlement.outcome.endsTheLetter { rows.removeAll { $0.leaseToken == settlement.lease.token } }
        if case .refused = settlement.outcome { refusedAt = now }
        if let user = settlement.user {
            for line in settlement.outcome.logLines(kind, at: now) {
                mailLog.append(LogLine(user: user, row: settlement.lease.id, entry: line))
            }
        }
        return true
    }

    private func apply(_ outcome: Outcome, of lease: Lease, to row: inout Row, at now: Timestamp) {
        let (attempts, lostAnswers) = (lease.attempts, lease.lostAnswers)
        switch outcome {
        case .delivered, .skipped: return
        case .later(let at, let reason): (row.dueAt, row.attempts, row.lastReason) = (at, attempts + 1, reason)
        case .failed(let reason): (row.failure, row.attempts, row.lastReason) = (reason, attempts + 1, reason)
        case .answerLost(let again, let reason, let isCutOff):
            row.lostAnswers = lostAnswers + 1
            if !isCutOff { row.attempts = attempts + 1 }
            (row.dueAt, row.lastReason) = (again ?? now, reason)
            if again == nil { row.failure = reason }
        case .refused(let reason): (row.dueAt, row.lastReason) = (now, reason)
        case .released(let reason): (row.dueAt, row.lastReason) = (now, reason ?? row.lastReason)
        }
        row.endLease()
    }

    func isSelected(_ row: Row, by filter: OutboxFilter) -> Bool {
        switch filter {
        case .all: true
        case .failed: row.failure != nil
        case .pending: row.failure == nil
        case .address(let email): concerns(row, email)
        case .user(let id):
            row.entry.user == id || users.contains { $0.id == id && $0.email == row.email }
        }
    }

    func isSelected(_ row: Row, by selection: OutboxSelection) -> Bool {
        switch selection {
        case .id(let id): row.id == id
        case .allFailed: row.failure != nil
        case .address(let email): concerns(row, email)
        }
    }

    private func concerns(_ row: Row, _ email: EmailAddress) -> Bool {
        row.email == email || users.contains { $0.id == row.entry.user && $0.email == email }
    }
}

extension Outcome {
    /// Nothing is left to do, nor for an operator to see in the outbox.
    fileprivate var endsTheLetter: Bool {
        switch self {
        case .delivered, .skipped: true
        case .later, .answerLost, .refused, .failed, .released: false
        }
    }

    fileprivate func logLines(_ kind: LetterKind, at now: Timestamp) -> [MailLogEntry] {
        func line(_ outcome: String, _ detail: String?) -> MailLogEntry {
            MailLogEntry(at: now, kind: kind, outcome: outcome, detail: detail)
        }
        return switch self {
        case .delivered(let messageID): [line("delivered", messageID)]
        case .skipped(let reason): [line(reason.rawValue, nil)]
        case .later(_, let reason): [line("later", reason)]
        case .answerLost(again: _?, let reason, _): [line(LostAnswers.name, reason)]
        case .answerLost(again: nil, let reason, _): [line(LostAnswers.name, reason), line("failed", reason)]
        case .failed(let reason): [line("failed", reason)]
        case .refused, .released: []
        }
    }
}

extension User {
    fileprivate var number: Int64 { Int64(id.text) ?? 0 }
}
