/// Accounts as operators and the app write them.
import Dispatch
import GRDB
package import Keyturn
import PasswordHashing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Knows columns and tables, and no rule: what is written was decided by Keyturn.
package struct SQLiteRecords: AccountRecords {
    let path: String
    let readers: Readers
    let writer: GroupCommit
    let consequences: ConsequencesWriter

    /// How long a reader that holds the write-ahead log is waited for.
    private static let traceLimit: Duration = .seconds(10)
    /// How long one attempt to empty the write-ahead log may keep others from writing.
    private static let traceAttempt: Duration = .milliseconds(200)
    private static let tracePauseMicroseconds: UInt32 = 50_000

    package func user(externalID: ExternalID) async throws(StorageFailed) -> User? {
        try await readers.read { db in try User.found(externalID: externalID, in: db) }
    }

    package func edit(_ edits: [AccountEdit], at now: Timestamp) async throws(StorageFailed) -> [EditOutcome] {
        let consequences = consequences
        let outcomes = try await writer.write(.severalStatements) { db in
            try edits.map { edit in
                let outcome = try edit.write(to: db, at: now)
                if outcome == .written { try consequences.write(edit.consequences, to: db, at: now) }
                return outcome
            }
        }
        for (edit, outcome) in zip(edits, outcomes) where outcome == .written {
            consequences.announce(edit.consequences)
        }
        return outcomes
    }

    package func erase(
        _ old: Credentials, auditedAs pseudonym: UserID, with following: Consequences, at now: Timestamp
    ) async throws(StorageFailed) -> Bool {
        guard let rowID = old.id.rowID else { return false }
        let consequences = consequences
        let isErased = try await writer.write(.severalStatements) { db in
            // Whole pages too: by itself the connection overwrites only within pages that stay in use.
            _ = try db.row("PRAGMA secure_delete = ON")
            defer { _ = try? db.row("PRAGMA secure_delete = FAST") }
            let removed = try db.run(
                "DELETE FROM users WHERE \(CredentialChange.holds)", .integer(rowID), .text(old.hash.text),
                .text(old.email.text), .integer(old.epoch))
            guard removed == 1 else { return false }
            try Self.eraseRows(of: old.id, auditedAs: pseudonym, in: db, counting: consequences)
            try consequences.write(following, to: db, at: now)
            return true
        }
        if isErased { consequences.announce(following) }
        return isErased
    }

    private static func eraseRows(
        of user: UserID, auditedAs pseudonym: UserID, in db: Database, counting counters: ConsequencesWriter
    ) throws {
        let id = try DatabaseValue.text(user.text)
        counters.depth.remove(
            try db.run(
                "DELETE FROM outbox WHERE user_id = ?1 AND state <> 'failed' AND kind <> 'password_expired'", id))
        try db.run("DELETE FROM outbox WHERE user_id = ?1", id)
        try db.run("DELETE FROM mailings WHERE user_id = ?1", id)
        counters.webhooks.pending.remove(
            try db.run("DELETE FROM webhooks WHERE user_id = ?1 AND state <> 'failed'", id))
        try db.run("DELETE FROM webhooks WHERE user_id = ?1", id)
        try db.run(
            "DELETE FROM mail_reports WHERE outbox_id IN (SELECT outbox_id FROM mail_log WHERE user_id = ?1)", id)
        try db.run("DELETE FROM mail_log WHERE user_id = ?1", id)
        try db.run("DELETE FROM accounts WHERE user_id = ?1", id)
        try db.run("UPDATE audit_log SET user_id = ?2 WHERE user_id = ?1", id, .text(pseudonym.text))
    }

    package func noticesWaiting(of user: UserID) async throws(StorageFailed) -> Int {
        try await readers.read { db in
            try db.row(
                """
                SELECT (SELECT COUNT(*) FROM outbox WHERE user_id = ?1 AND kind = ?2 AND state <> 'failed')
                    + (SELECT COUNT(*) FROM webhooks WHERE user_id = ?1 AND event = ?3 AND state <> 'failed')
                """, .text(user.text), .text(LetterKind.passwordChanged.rawValue),
                .text(WebhookEvent.passwordChanged.rawValue))?[0] ?? 0
        }
    }

    /// Empties the write-ahead log into the database file, and cuts it: its pages are older than the erasure.
    package func removeTraces() async throws(StorageFailed) -> ErasureTraces {
        let path = path
        let result: Result<ErasureTraces, StorageFailed> = await withCheckedContinuation { continuation in
            // Waits for other processes, so on no thread that others wait for.
            DispatchQueue.global().async {
                continuation.resume(returning: Result { () throws(StorageFailed) in try Self.emptyLog(of: path) })
            }
        }
        return try result.get()
    }

    /// On a connection of its own: each attempt waits shortly, and the service writes between.
    private static func emptyLog(of path: String) throws(StorageFailed) -> ErasureTraces {
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(Double(traceAttempt.wholeMilliseconds) / 1000)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            let end = ContinuousClock.now + traceLimit
            repeat {
                let isBusy = try queue.writeWithoutTransaction { db in
                    do {
                        return try db.row("PRAGMA wal_checkpoint(TRUNCATE)")?[0] as Int64? != 0
                    } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                        return true
                    }
                }
                if !isBusy { return .none }
                usleep(tracePauseMicroseconds)
            } while ContinuousClock.now < end
            return .blocked(file: path + "-wal")
        } catch {
            throw StorageFailed(error)
        }
    }
}

extension AccountEdit {
    /// One UPDATE of one row that is as it was. Uniqueness is looked at before: a violation would be undone and counted as a failure.
    fileprivate func write(to db: Database, at now: Timestamp) throws -> EditOutcome {
        guard let rowID = old.id.rowID else { return .changedMeanwhile }
        if let email = columns.email {
            let isTaken = try db.row(
                "SELECT 1 FROM users WHERE (email IN (?1, ?3) OR email_key = ?3) AND id <> ?2", .text(email.text),
                .integer(rowID), .text(email.comparisonKey))
            guard isTaken == nil else { return .emailTaken }
        }
        if let externalID = columns.externalID,
            try db.row(
                "SELECT 1 FROM users WHERE external_id = ?1 AND id <> ?2", .text(externalID.text), .integer(rowID))
                != nil
        {
            return .externalIDTaken
        }
        let written = try db.run(
            """
            UPDATE users SET
                email = COALESCE(?5, email),
                email_key = CASE WHEN ?5 IS NULL THEN email_key ELSE ?15 END,
                password_hash = COALESCE(?6, password_hash),
                password_changed_at = CASE WHEN ?6 IS NULL THEN password_changed_at ELSE ?7 END,
                expired_at = CASE WHEN ?8 THEN COALESCE(expired_at, ?7) WHEN ?6 IS NULL THEN expired_at END,
                invited_until = CASE WHEN ?9 IS NOT NULL THEN ?9 WHEN ?6 IS NULL THEN invited_until END,
                email_verified_at = CASE ?10 WHEN 1 THEN COALESCE(email_verified_at, ?7) WHEN 0 THEN NULL
                    ELSE email_verified_at END,
                disabled_at = CASE ?11 WHEN 1 THEN COALESCE(disabled_at, ?7) WHEN 0 THEN NULL ELSE disabled_at END,
                external_id = COALESCE(?12, external_id),
                reset_epoch = CASE WHEN ?13 THEN \(EpochBase.ofAccount) + 1 ELSE reset_epoch END,
                session_epoch = session_epoch + ?14
            WHERE \(CredentialChange.holds)
            """, .integer(rowID), .text(old.hash.text), .text(old.email.text), .integer(old.epoch),
            .text(columns.email?.text), .text(columns.hash?.text), .time(now), .flag(columns.expires),
            columns.invitedUntil.map { .time($0) } ?? .null, columns.isVerified.map { .flag($0) } ?? .null,
            columns.isDisabled.map { .flag($0) } ?? .null, .text(columns.externalID?.text), .flag(columns.endsLinks),
            .flag(columns.endsSessions), try columns.email.map { try AddressSpellings.key(of: $0) } ?? .null)
        return written == 1 ? .written : .changedMeanwhile
    }
}

extension DatabaseValue {
    fileprivate static func flag(_ value: Bool) -> DatabaseValue { .integer(value ? 1 : 0) }
}
