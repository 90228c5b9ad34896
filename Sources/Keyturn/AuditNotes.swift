/// Notes what visitors bring about, without being filled up by it.
import Synchronization

/// Of one event about one account one line a minute is noted: a flood of forged tokens says nothing more by its number. An account
/// that does not exist is noted as one that does, so neither the work nor what is written tells them apart.
package final class AuditNotes: Sendable {
    package static let interval = Duration.seconds(60)

    private let log: any AuditLog
    /// When each was last noted.
    private let noted: Mutex<BoundedTable<Timestamp>>

    private struct Subject<Name: Hashable>: Hashable {
        let event: AuditEvent
        let name: Name
    }

    /// - Parameter capacity: events and accounts remembered at once, about 24 bytes each; those noted longest ago are forgotten first.
    package init(_ log: any AuditLog, capacity: Int = 50_000) {
        self.log = log
        noted = Mutex(BoundedTable(capacity: capacity))
    }

    /// - Parameter name: what the visitor called the account, whether or not there is one: a token's `sub`, a typed address.
    func note(_ event: AuditEvent, of user: UserID?, called name: some Hashable, at now: Timestamp) {
        let key = BoundedTable<Timestamp>.key(of: Subject(event: event, name: name))
        let isNew = noted.withLock { table in
            // A moment in the future is from before the clock was set back.
            if let last = table[key], last <= now, now < last + Self.interval { return false }
            table.store(now, for: key) { $0.milliseconds }
            return true
        }
        if isNew { log.note(AuditLine(event, of: user, by: .visitor, at: now)) }
    }
}
