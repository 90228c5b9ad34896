import Keyturn

/// Rows that are leased, in memory: what `QueueTable` is on disk.
struct MemoryQueue<Item> {
    struct Row {
        let id: Int64
        var item: Item
        var recordedAt: Timestamp
        /// Of a pending row when it may be taken, of a leased one when the lease ends.
        var dueAt: Timestamp
        var attempts = 0
        var token: LeaseToken?
        var hasFailed = false
        var lastReason: String?
        /// Attempts that handed the whole message over and got no answer.
        var lostAnswers = 0

        var state: OutboxState { hasFailed ? .failed : token == nil ? .pending : .leased }
    }

    var rows: [Row] = []
    private var lastID: Int64 = 0

    mutating func append(_ item: Item, recordedAt: Timestamp) {
        lastID += 1
        rows.append(Row(id: lastID, item: item, recordedAt: recordedAt, dueAt: recordedAt))
    }

    mutating func lease(atMost limit: Int, for span: Duration, at now: Timestamp, where isOurs: (Item) -> Bool)
        -> (rows: [Row], expiresAt: Timestamp)
    {
        let token = LeaseToken.random()
        let expiresAt = max(now + span, now + .milliseconds(1))
        let due = rows.filter { !$0.hasFailed && $0.dueAt <= now && isOurs($0.item) }
        let taken = due.sorted { ($0.dueAt, $0.id) < ($1.dueAt, $1.id) }.prefix(max(0, limit)).map(\.id)
        for id in taken { change(id) { ($0.token, $0.dueAt) = (token, expiresAt) } }
        return (taken.compactMap { id in rows.first { $0.id == id } }, expiresAt)
    }

    func holds(_ id: Int64, under token: LeaseToken) -> Bool { rows.contains { $0.id == id && $0.token == token } }

    /// - Returns: whether the row carried the token.
    mutating func settle(_ id: Int64, under token: LeaseToken, as fate: RowFate, at now: Timestamp) -> Bool {
        guard holds(id, under: token) else { return false }
        if fate == .done { rows.removeAll { $0.id == id } }
        change(id) { row in
            row.token = nil
            switch fate {
            case .done: break
            case .unanswered(let again, let reason, let isAttempt):
                (row.dueAt, row.lastReason) = (again, reason)
                row.attempts += isAttempt ? 1 : 0
                row.lostAnswers += 1
            case .later(let due, let reason):
                (row.dueAt, row.attempts, row.lastReason) = (due, row.attempts + 1, reason)
            case .failed(let reason):
                (row.dueAt, row.attempts, row.lastReason, row.hasFailed) = (now, row.attempts + 1, reason, true)
            case .released(let reason):
                (row.dueAt, row.lastReason) = (min(row.recordedAt, now), reason ?? row.lastReason)
            }
        }
        return true
    }

    mutating func change(_ id: Int64, _ change: (inout Row) -> Void) {
        for index in rows.indices where rows[index].id == id { change(&rows[index]) }
    }

    mutating func clockSetBack(to now: Timestamp, leasing span: Duration) {
        for index in rows.indices where !rows[index].hasFailed && rows[index].dueAt > now {
            rows[index].recordedAt = min(rows[index].recordedAt, now)
            let rest = rows[index].lostAnswers > 0 ? LostAnswers.interval : .zero
            rows[index].dueAt = min(rows[index].dueAt, now + (rows[index].token == nil ? rest : span))
        }
    }

    /// - Returns: how many.
    mutating func retry(at now: Timestamp, where isSelected: (Row) -> Bool) -> Int {
        let selected = rows.filter { $0.hasFailed && isSelected($0) }.map(\.id)
        for id in selected {
            change(id) { row in
                (row.recordedAt, row.dueAt, row.attempts, row.hasFailed) = (now, now, 0, false)
                row.lostAnswers = min(row.lostAnswers, 1)
            }
        }
        return selected.count
    }

    func nextDue(where isOurs: (Item) -> Bool = { _ in true }) -> Timestamp? {
        rows.filter { !$0.hasFailed && isOurs($0.item) }.map(\.dueAt).min()
    }

    func depth() -> QueueDepth {
        QueueDepth(
            pending: rows.count { $0.state == .pending }, leased: rows.count { $0.state == .leased },
            failed: rows.count { $0.state == .failed },
            oldest: rows.filter { !$0.hasFailed }.map(\.recordedAt).min())
    }
}
