/// The audit log's table, what waits to be written to it, and its lines in the log.
import GRDB
package import Keyturn
import Logging
import Synchronization
import Telemetry

/// Lines that are noted wait in memory and are written together, once a second; lines that belong to a change are written in its
/// transaction. Each is also a line of the service's log, once it is on disk.
///
/// Whatever clients do, at most `linesMax` of their lines are written in `rhythm`: a flood of forged tokens fills neither the
/// disk nor the log. A process that is killed loses the lines that wait, and never a line that belongs to a change.
package final class SQLiteAuditLog: AuditLog {
    /// The most lines one question gives.
    package static let trailLimit = 1000
    /// Noted lines of one event that wait; one more is left out. Each event has seats of its own, so that a flood of one leaves out no
    /// other.
    static let waitingLimit = 500
    /// Noted lines written at once.
    static let linesMax = 50
    /// From one writing to the next.
    static let rhythm = Duration.seconds(1)
    /// How often what is too old is looked for.
    private static let cleaningInterval = Duration.seconds(3600)

    private let readers: Readers
    private let writer: GroupCommit
    private let history: History
    private let log: Log
    private let leftOut: Counter
    private let waiting = Mutex(Waiting())
    private let arrivals = Arrivals()

    init(readers: Readers, writer: GroupCommit, history: History, metrics: Metrics, log: Log) {
        self.readers = readers
        self.writer = writer
        self.history = history
        self.log = log
        leftOut = metrics.counter(
            "keyturn_audit_left_out_total", help: "Audit events not written because too many were queued.")
    }

    package func note(_ line: AuditLine) {
        if keep(line) { arrivals.announce() }
    }

    package func noteRead(_ line: AuditLine) { _ = keep(line) }

    /// - Returns: false if too many wait.
    private func keep(_ line: AuditLine) -> Bool {
        let isTaken = waiting.withLock { $0.add(line) }
        if !isTaken { leftOut.add() }
        return isTaken
    }

    /// Writes what waits, at most as much as ``run(clock:sleep:)`` would have in the same time. The store calls it every
    /// ``WriteHealth/quietMax``, when it writes anyway.
    func writeWhatWasRead() async {
        var turns = Int(WriteHealth.quietMax / Self.rhythm)
        while turns > 0, await writeSome() { turns -= 1 }
    }

    package func record(_ line: AuditLine) async throws(StorageFailed) {
        try await writer.write(.oneStatement) { db in try line.write(to: db) }
        tell(line)
    }

    /// At most ``trailLimit``.
    package func trail(of user: UserID, limit: Int) async throws(StorageFailed) -> [AuditEntry] {
        let limit = min(max(limit, 0), Self.trailLimit)
        return try await readers.read { db in
            try db.rows(
                "SELECT at, event, actor, detail FROM audit_trail WHERE user_id = ?1 ORDER BY at DESC LIMIT ?2",
                .text(user.text), .integer(limit)
            ).map { AuditEntry(at: Timestamp($0[0] as Int64), event: $0[1], actor: $0[2], detail: $0[3]) }
        }
    }

    /// For the log; to be called when the line is on disk.
    func tell(_ line: AuditLine) {
        log.info(
            "audit",
            metadata: [
                "event": "\(line.event.rawValue)", "user": "\(line.user?.text ?? "none")",
                "actor": "\(line.actor.rawValue)",
            ])
    }

    /// Writes what is noted, and removes what is too old or too much, until the task is cancelled; then writes what still waits.
    /// To be run once.
    package func run(clock: WallClock, sleep: @escaping @Sendable (Duration) async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in self.arrivals.stream {
                    self.arrivals.heard()
                    // Told once of many; each turn takes a part of them.
                    while !Task.isCancelled, await self.writeSome() { await sleep(Self.rhythm) }
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    await self.clean(at: clock.now())
                    await sleep(Self.cleaningInterval)
                }
            }
        }
        while await writeSome() {}
    }

    /// - Returns: whether there was anything to write.
    private func writeSome() async -> Bool {
        let lines = waiting.withLock { $0.take(Self.linesMax) }
        guard !lines.isEmpty else { return false }
        do {
            let history = history
            try await writer.write(.severalStatements) { db in
                for line in lines { try line.write(to: db) }
                if let newest = lines.last { try history.pruneNowAndThen(after: lines.count, in: db, at: newest.at) }
            }
            for line in lines { tell(line) }
        } catch {
            // The writer has logged the reason already, once for all changes of the batch.
            leftOut.add(UInt64(lines.count))
        }
        return true
    }

    /// A step at a time, so that no other write waits long for the writer.
    private func clean(at now: Timestamp) async {
        let history = history
        do {
            for lines in History.Lines.all { try await walk(lines, at: now) }
            while !Task.isCancelled {
                let isMore = try await writer.write(.severalStatements) { db in try history.prune(in: db, at: now) }
                guard isMore else { return }
            }
        } catch {
            // As above; the next hour tries again.
        }
    }

    /// Looks at every line of a table for those that are too old. Writes only if there are any.
    private func walk(_ lines: History.Lines, at now: Timestamp) async throws(StorageFailed) {
        let history = history
        var after = Int64.min
        var lastOld: Int64?
        var sawFuture = false
        while !Task.isCancelled {
            let start = after
            guard let part = try await readers.read({ db in try lines.part(after: start, in: db) }) else { break }
            sawFuture = sawFuture || history.hasFuture(part, at: now)
            if history.hasOld(part, at: now) {
                lastOld =
                    try await writer.write(.severalStatements) { db in
                        try history.removeOld(part, of: lines, in: db, at: now).last
                    } ?? lastOld
            }
            after = part.last
        }
        guard sawFuture, let lastOld else { return }
        while !Task.isCancelled {
            let isMore = try await writer.write(.severalStatements) { db in
                try history.removeFuture(before: lastOld, of: lines, in: db, at: now)
            }
            guard isMore else { return }
        }
    }

    /// Lines that wait, in the order they came.
    private struct Waiting {
        private var lines: [AuditLine] = []
        private var counts: [AuditEvent: Int] = [:]

        /// - Returns: false where the event has no seat left.
        mutating func add(_ line: AuditLine) -> Bool {
            guard counts[line.event, default: 0] < SQLiteAuditLog.waitingLimit else { return false }
            counts[line.event, default: 0] += 1
            lines.append(line)
            return true
        }

        /// Takes the oldest, at most so many.
        mutating func take(_ number: Int) -> [AuditLine] {
            let some = Array(lines.prefix(number))
            lines.removeFirst(some.count)
            for line in some { counts[line.event, default: 0] -= 1 }
            return some
        }
    }
}

extension AuditLine {
    func write(to db: Database) throws {
        try db.run(
            "INSERT INTO audit_log (at, event, user_id, actor) VALUES (?1, ?2, ?3, ?4)",
            .time(at), .text(event.rawValue), .text(user?.text), .text(actor.rawValue))
    }
}
