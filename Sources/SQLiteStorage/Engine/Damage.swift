/// Whether the database was found damaged.
import Keyturn
import Logging
import Synchronization
import Telemetry

/// Damage does not heal by waiting: once it was met, in whichever table, it is remembered until the process ends.
final class Damage: Sendable {
    private let found = Mutex<StorageFailed?>(nil)
    private let log: Log

    init(log: Log) { self.log = log }

    /// What was met first; nil while nothing was.
    var problem: StorageFailed? { found.withLock { $0 } }

    /// To be told of every failure, whatever it is.
    func notice(_ failure: StorageFailed) {
        guard failure.isDamage else { return }
        let isNew = found.withLock { found in
            defer { found = found ?? failure }
            return found == nil
        }
        if isNew {
            log.critical(
                "the database is damaged: restore it from a backup",
                metadata: ["code": "\(failure.code)", "reason": "\(failure.reason)"])
        }
    }
}

extension StorageFailed {
    /// Of an extended code the primary one comes first.
    fileprivate var isDamage: Bool { code.hasPrefix("SQLITE_CORRUPT") || code.hasPrefix("SQLITE_NOTADB") }
}
