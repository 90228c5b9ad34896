/// Messages that wait for their turn outside the outbox.
import GRDB
import Keyturn

/// The SQL of mailings. How fast they go, and how many are open at once, is decided by Keyturn.
enum Mailings {
    /// How long to wait if as many are open in the outbox as may be.
    private static let patience: Duration = .seconds(1)

    /// An account has one of a kind that waits.
    static func insert(_ mailing: Mailing, in db: Database, at now: Timestamp) throws {
        try db.run(
            """
            INSERT INTO mailings (kind, user_id, interval_ms, recorded_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (user_id, kind) DO UPDATE SET interval_ms = excluded.interval_ms
            """, .text(mailing.kind.rawValue), .text(mailing.user.text),
            .integer(mailing.interval.wholeMilliseconds), .time(now))
    }

    /// - Returns: when the next one may be moved; nil if none waits.
    static func nextDue(in db: Database, at now: Timestamp) throws -> Timestamp? {
        guard try db.row("SELECT 1 FROM mailings LIMIT 1") != nil else { return nil }
        guard try open(in: db) < mailingsOpenMax else { return now + patience }
        return try nextAt(in: db, at: now)
    }

    /// Moves those whose turn has come, the oldest first.
    /// - Returns: how many, and when the next one may be moved; nil if none waits any more.
    static func move(in db: Database, at now: Timestamp) throws -> (count: Int, next: Timestamp?) {
        let room = mailingsOpenMax - (try open(in: db))
        guard room > 0 else { return (0, now + patience) }
        var next = try nextAt(in: db, at: now)
        var moved = 0
        let rows = try db.rows(
            "SELECT id, kind, user_id, interval_ms FROM mailings ORDER BY id LIMIT ?1", .integer(room))
        for row in rows where next <= now {
            let (id, kind, user): (Int64, String, String) = (row[0], row[1], row[2])
            try db.run(
                "INSERT INTO outbox (kind, user_id, recorded_at, due_at) VALUES (?1, ?2, ?3, ?3)", .text(kind),
                .text(user), .time(now))
            try db.run("DELETE FROM mailings WHERE id = ?1", .integer(id))
            next = next + .milliseconds(row[3] as Int64)
            moved += 1
        }
        if moved > 0 { try db.run("UPDATE sending SET mailing_at = ?1", .time(next)) }
        let isMore = try db.row("SELECT 1 FROM mailings LIMIT 1") != nil
        return (moved, isMore ? (moved == room ? max(next, now + patience) : next) : nil)
    }

    /// A moment further ahead than one interval was written before the clock was set back.
    private static func nextAt(in db: Database, at now: Timestamp) throws -> Timestamp {
        guard let written = Timestamp(try db.row("SELECT mailing_at FROM sending")?[0] as Int64?) else { return now }
        let interval: Int64 = try db.row("SELECT interval_ms FROM mailings ORDER BY id LIMIT 1")?[0] ?? 0
        return min(max(written, now - mailingsCaughtUp), now + .milliseconds(interval))
    }

    private static func open(in db: Database) throws -> Int {
        try db.row("SELECT COUNT(*) FROM outbox WHERE kind = 'password_expired' AND state <> 'failed'")?[0] ?? 0
    }
}
