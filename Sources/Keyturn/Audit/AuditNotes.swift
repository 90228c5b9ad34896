/// Notes events that clients cause, without being filled up by them.
import Synchronization

/// Of one event about one account one line a minute is noted: a flood of forged tokens says nothing more by its number. An account
/// that does not exist is noted as one that does, so neither the work nor what is written tells them apart.
package final class AuditNotes: Sendable {
    package static let interval = Duration.seconds(60)

    /// What remembering may take: an entry of a usual name takes about 150 bytes.
    package static let bytesMax = 4 << 20

    private let log: any AuditLog
    /// When each was last noted; where there is no room, those noted longest ago are forgotten first.
    private let noted: Mutex<RecentTable<Subject, Timestamp>>

    private struct Subject: Hashable {
        let event: AuditEvent
        let name: [UInt8]
    }

    package init(_ log: any AuditLog, bytesMax: Int = AuditNotes.bytesMax) {
        self.log = log
        noted = Mutex(RecentTable(bytesMax: bytesMax))
    }

    /// - Parameter name: what the client called the account, whether or not there is one: a token's `sub`, or the bytes that a typed
    ///   address is compared by.
    /// - Parameter isRead: whether the request only read: then nothing is written because of it.
    func note(
        _ event: AuditEvent, of user: UserID?, called name: [UInt8], at now: Timestamp, isRead: Bool = false
    ) {
        let subject = Subject(event: event, name: name)
        let isNew = noted.withLock { table in
            if let last = table[subject], Self.isRecent(last, at: now) { return false }
            table.removeOldest { !Self.isRecent($0, at: now) }
            table.store(
                now, for: subject, heapBytes: RecentTable<Subject, Timestamp>.heapBytes(ofArray: name.count))
            return true
        }
        guard isNew else { return }
        let line = AuditLine(event, of: user, by: .visitor, at: now)
        if isRead { log.noteRead(line) } else { log.note(line) }
    }

    /// A moment in the future is from before the clock was set back.
    private static func isRecent(_ last: Timestamp, at now: Timestamp) -> Bool { last <= now && now < last + interval }
}
