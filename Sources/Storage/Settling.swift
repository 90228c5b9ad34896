/// Writes what became of a lease.
import GRDB
import Keyturn

/// One settling of outcomes. Where the rows no longer carry the lease's token (it expired and somebody else took them, or they
/// were dropped), nothing is written.
struct Settling: Sendable {
    /// Rows that carried the token, and how many of them wait no longer.
    typealias Written = (ours: Int, ended: Int)

    let webhooks: SQLiteWebhooks
    let now: Timestamp

    func write(_ settlement: Settlement, to db: Database) throws -> Written {
        let lease = settlement.lease
        let rows = try LeasedRows(lease)
        let log = MailLog.Line(lease, of: settlement.user, at: now)
        let ours: Int
        var ended = 0
        switch settlement.outcome {
        case .delivered(let messageID):
            ours = try rows.delete(in: db)
            ended = ours
            if ours > 0 { try log.write("delivered", messageID, to: db) }
        case .skipped(let why):
            ours = try rows.delete(in: db)
            ended = ours
            if ours > 0 { try log.write(why.rawValue, nil, to: db) }
        case .later(let at, let reason):
            ours = try rows.postpone(until: at, reason: reason, in: db)
            if ours > 0 { try log.write("later", reason, to: db) }
        case .answerLost(let again, let reason, let isCutOff):
            ours = try rows.loseAnswer(lease, again: again, reason: reason, isCutOff: isCutOff, at: now, in: db)
            ended = again == nil ? ours : 0
            if ours > 0 { try log.write(LostAnswers.name, reason, to: db) }
            if ours > 0, again == nil { try log.write("failed", reason, to: db) }
        case .refused(let reason):
            ours = try rows.release(at: now, reason: reason, in: db)
            if ours > 0 { try db.run("UPDATE sending SET refused_at = ?1", .time(now)) }
        case .failed(let reason):
            ours = try rows.fail(reason: reason, at: now, in: db)
            ended = ours
            if ours > 0 { try log.write("failed", reason, to: db) }
        case .released(let reason):
            ours = try rows.release(at: now, reason: reason, in: db)
        }
        if ours > 0 {
            try tellApp(of: settlement, in: db)
            try wakeOthers(of: lease, after: settlement.outcome, in: db)
        }
        return (ours, ended)
    }

    /// One message for each request that came to its end, whether or not it named anybody.
    private func tellApp(of settlement: Settlement, in db: Database) throws {
        guard case .resetLink = settlement.lease.letter else { return }
        let user = settlement.user?.rowID
        switch settlement.outcome {
        case .delivered: try webhooks.write(.resetRequested, of: user, because: nil, to: db, at: now)
        case .skipped(let why): try webhooks.write(.resetFailed, of: user, because: why.rawValue, to: db, at: now)
        case .failed: try webhooks.write(.resetFailed, of: user, because: "undeliverable", to: db, at: now)
        case .answerLost(again: nil, _, _):
            try webhooks.write(.resetFailed, of: user, because: LostAnswers.name, to: db, at: now)
        case .later, .answerLost, .refused, .released: break
        }
    }

    /// Requests that came while the address was leased waited for the end of the lease, which is now. Where it goes on later,
    /// they go with it: one address, one letter.
    private func wakeOthers(of lease: Lease, after outcome: Outcome, in db: Database) throws {
        guard case .resetLink(let request) = lease.letter else { return }
        let address = try DatabaseValue.text(request.email.text)
        switch outcome {
        case .later(let at, _), .answerLost(again: let at?, _, _):
            try db.run("UPDATE outbox SET due_at = ?2 WHERE address = ?1 AND state = 'pending'", address, .time(at))
        default:
            try db.run(
                "UPDATE outbox SET due_at = MIN(recorded_at, ?2) WHERE address = ?1 AND state = 'pending'", address,
                .time(now))
        }
    }
}

/// The rows of one lease, as long as they carry its token. Each verb gives back how many did.
struct LeasedRows: Sendable {
    private let condition: String
    private let key: DatabaseValue
    private let token: DatabaseValue

    init(_ lease: Lease) throws(StorageFailed) {
        token = try .text(lease.token)
        switch lease.letter {
        case .resetLink(let request):
            condition = "WHERE address = ?1 AND lease_token = ?2"
            key = try .text(request.email.text)
        case .passwordChanged:
            condition = "WHERE id = ?1 AND lease_token = ?2"
            key = .integer(lease.id)
        }
    }

    func exist(in db: Database) throws -> Bool {
        try db.row("SELECT 1 FROM outbox \(condition) LIMIT 1", key, token) != nil
    }

    func delete(in db: Database) throws -> Int { try db.run("DELETE FROM outbox \(condition)", key, token) }

    func postpone(until due: Timestamp, reason: String, in db: Database) throws -> Int {
        try db.run(
            """
            UPDATE outbox SET state = 'pending', lease_token = NULL, due_at = ?3, attempts = attempts + 1, last_reason = ?4
            \(condition)
            """, key, token, .time(due), .detail(reason))
    }

    /// The rows are one letter: what is known of one attempt holds for all of them.
    /// - Parameter again: nil: they have failed.
    func loseAnswer(
        _ lease: Lease, again: Timestamp?, reason: String, isCutOff: Bool, at now: Timestamp, in db: Database
    ) throws -> Int {
        try db.run(
            """
            UPDATE outbox SET state = ?3, lease_token = NULL, due_at = ?4, attempts = attempts + ?5, answers_lost = ?6, last_reason = ?7
            \(condition)
            """, key, token, .text((again == nil ? OutboxState.failed : .pending).rawValue), .time(again ?? now),
            .integer(isCutOff ? 0 : 1), .integer(lease.lostAnswers + 1), .detail(reason))
    }

    func fail(reason: String, at now: Timestamp, in db: Database) throws -> Int {
        try db.run(
            """
            UPDATE outbox SET state = 'failed', lease_token = NULL, due_at = ?3, attempts = attempts + 1, last_reason = ?4
            \(condition)
            """, key, token, .time(now), .detail(reason))
    }

    /// They keep their place among the others: it was not their fault.
    func release(at now: Timestamp, reason: String?, in db: Database) throws -> Int {
        try db.run(
            """
            UPDATE outbox SET state = 'pending', lease_token = NULL, due_at = MIN(recorded_at, ?3), last_reason = COALESCE(?4, last_reason)
            \(condition)
            """, key, token, .time(now), .detail(reason))
    }
}

extension DatabaseValue {
    /// A provider's words, cut at ``SQLiteOutbox/detailBytesMax`` bytes between two characters; U+0000 and what follows is left out.
    static func detail(_ words: String?) -> DatabaseValue {
        guard let words else { return .null }
        var kept = String.UnicodeScalarView()
        var room = SQLiteOutbox.detailBytesMax
        for scalar in words.unicodeScalars {
            room -= UTF8.width(scalar)
            if scalar.value == 0 || room < 0 { break }
            kept.append(scalar)
        }
        return String(kept).databaseValue
    }
}
