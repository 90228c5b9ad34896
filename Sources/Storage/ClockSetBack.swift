/// Brings back what a clock that was wrong has put into the future.
import GRDB
import Keyturn

/// A letter and a message to the app are due at a moment of the wall clock. Where that is set back by an hour, all of them would wait
/// an hour longer.
struct ClockSetBack: Sendable {
    let now: Timestamp

    /// Seen by a process that runs: nothing that waits is worth waiting longer for.
    func mend(_ db: Database, leasing span: Duration) throws {
        for table in [PendingRows.Table.outbox, .webhooks] {
            try db.run(
                """
                UPDATE \(table.rawValue) SET recorded_at = MIN(recorded_at, ?1),
                    due_at = CASE state WHEN 'leased' THEN MIN(due_at, ?2) ELSE ?1 END
                WHERE state <> 'failed' AND due_at > ?1 \(table == .outbox ? "AND NOT \(Self.isResting)" : "")
                """, .time(now), .time(now + span))
        }
        try mendWhatRests(db)
    }

    /// Seen at the start: only what was recorded in the future tells. What else is due later was meant so.
    func mendWhatIsPending(_ db: Database) throws {
        for table in [PendingRows.Table.outbox, .webhooks] {
            try db.run(
                """
                UPDATE \(table.rawValue) SET recorded_at = ?1, due_at = ?1
                WHERE state = 'pending' AND due_at > ?1 AND recorded_at > ?1
                    \(table == .outbox ? "AND NOT \(Self.isResting)" : "")
                """, .time(now))
        }
        try mendWhatRests(db)
    }

    /// Waits after an attempt that got no answer, which no clock shortens.
    private static let isResting = "(state = 'pending' AND answers_lost > 0)"

    private func mendWhatRests(_ db: Database) throws {
        try db.run(
            """
            UPDATE outbox SET recorded_at = MIN(recorded_at, ?1), due_at = MIN(due_at, ?2)
            WHERE \(Self.isResting) AND due_at > ?2
            """, .time(now), .time(now + LostAnswers.interval))
        try db.run("UPDATE sending SET refused_at = ?1 WHERE refused_at > ?1", .time(now))
    }
}
