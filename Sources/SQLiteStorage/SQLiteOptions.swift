package import Keyturn

/// Settings of ``SQLiteDatabase``, with their defaults.
package struct SQLiteOptions: Sendable {
    package var path: String
    package var opening = StoreOpening.migrating
    /// Letters pending or leased; one more is refused.
    package var outboxCapacity = 100_000
    /// How long a statement waits for another process's transaction before it fails with `SQLITE_BUSY`.
    package var busyLimit: Duration = .seconds(5)
    /// How long the audit log, the mail log and failed letters are kept.
    package var historyKept: Duration = .seconds(30 * 24 * 3600)
    /// Lines of the mail log about letters that were not delivered, at most; the newest stay.
    package var undeliveredLinesLimit = 100_000
    /// Failed letters kept for the operator, at most; the newest stay.
    package var failedLimit = 10_000
    /// Lines of the audit log about each event that clients cause, at most; the newest stay.
    package var notedLinesLimit = 50_000
    /// Whether there is an app to be told what happens; without, `Webhooks` stay empty.
    package var recordsWebhooks = false

    package init(path: String) { self.path = path }
}
