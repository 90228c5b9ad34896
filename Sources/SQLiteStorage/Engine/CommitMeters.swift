/// What the writer counts, and when it says something in the log.
import Keyturn
import Logging
import Synchronization
import Telemetry

/// Commits and changes by number, time by histogram. A failure is logged when it begins or changes its code, and once when it
/// ends: a full disk fails thousands of commits a second.
final class CommitMeters: Sendable {
    let refused: Counter
    private let commits: Counter
    private let changes: Counter
    private let failures: Counter
    private let seconds: Histogram
    private let batch: Histogram
    private let log: Log
    private let failingWith = Mutex<String?>(nil)

    init(_ metrics: Metrics, log: Log) {
        commits = metrics.counter("keyturn_storage_commits_total", help: "Transactions committed and synced.")
        changes = metrics.counter("keyturn_storage_changes_total", help: "Changes in committed transactions.")
        failures = metrics.counter("keyturn_storage_failed_commits_total", help: "Transactions that failed.")
        refused = metrics.counter("keyturn_storage_refused_total", help: "Changes refused before they waited.")
        seconds = metrics.histogram("keyturn_storage_commit_seconds", help: "Time from BEGIN until synced.")
        batch = metrics.histogram(
            "keyturn_storage_commit_changes", help: "Changes committed together.",
            bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256])
        self.log = log
    }

    func committed(_ count: Int, in duration: Duration) {
        commits.add()
        changes.add(UInt64(count))
        seconds.observe(duration)
        batch.observe(Double(count))
        if failingWith.withLock({ $0.take() }) != nil { log.notice("storage can write again") }
    }

    func failed(_ failure: StorageFailed) {
        failures.add()
        let isNew = failingWith.withLock { code in
            defer { code = failure.code }
            return code != failure.code
        }
        if isNew {
            log.error("storage cannot write", metadata: ["code": "\(failure.code)", "reason": "\(failure.reason)"])
        }
    }
}
