import Cryptography
import Foundation
import Keyturn
import Telemetry

/// The database as a patient: whole, of our shape, for its owner alone, with room to grow, and nothing stuck in it.
struct DatabaseDiagnosis {
    private static let freeBytesLow = 100 << 20
    private static let freeBytesScarce = 1 << 30
    /// A letter is tried within seconds; one that waits so long waits for the operator.
    private static let waitingLong: Duration = .seconds(600)

    /// Pairs of accounts that are named.
    private static let twinsMax = 20

    let settings: Settings
    let now: Timestamp

    func findings() async -> [Finding] {
        let path = settings.databasePath
        guard FileManager.default.fileExists(atPath: path) else {
            let missing = Finding.warning(
                "database", "there is no \(path)",
                advice:
                    "if there should be one, correct database.path; else `keyturn serve` or `keyturn migrate` creates it"
            )
            return [missing, directory(), diskSpace()]
        }
        let body = [integrity(), schema()]
        let outbox = body.exitStatus == 0 ? await outbox() : []
        return body + outbox + [permissions(), directory(), diskSpace()]
    }

    private func integrity() -> Finding {
        do {
            try settings.storeFiles.refuseDamage()
            return .ok("integrity", "SQLite found no damage")
        } catch {
            return .error(
                "integrity", error.words(database: settings.databasePath, copy: settings.databasePath),
                advice: "stop the service, keep the damaged files, and `keyturn restore` the last backup")
        }
    }

    /// What the operator can mend is a warning; formats of other systems are none.
    private func hashes(_ unreadable: [String: Int]) -> [Finding] {
        unreadable.sorted { $0.key < $1.key }.map { name, count in
            let words = "\(count) accounts sign in only after a reset: their hash cannot be read (\(name))"
            return name.hasPrefix("argon2,")
                ? .warning("hashes", words, advice: "install \(Argon2.libraryWords)") : .ok("hashes", words)
        }
    }

    private func schema() -> Finding {
        do {
            let pending = try settings.storeFiles.pendingMigrations()
            if pending.isEmpty { return .ok("migrations", "all applied") }
            return .warning(
                "migrations", "not applied yet: \(pending.joined(separator: ", "))",
                advice: "run `keyturn backup`, then `keyturn migrate`; `keyturn serve` applies them too")
        } catch {
            return .error(
                "migrations", error.words(database: settings.databasePath, copy: settings.databasePath),
                advice: "use the binary that wrote this database, or restore a backup")
        }
    }

    private func outbox() async -> [Finding] {
        do {
            let store = try settings.openStore(.existing)
            defer { store.close() }
            let depth = try await store.operations.depth()
            let unreadable = await FormatSurvey(accounts: store.accounts, hasher: nil).run { _ in }
            return [waiting(depth), failed(depth)] + unsent(try await store.webhooks.depth()) + hashes(unreadable)
                + twins(try await store.imports.twins(limit: Self.twinsMax))
        } catch {
            return [
                .error(
                    "outbox", Printable.text("\(error)"),
                    advice: "see the other findings about the database, and fix those first")
            ]
        }
    }

    private func waiting(_ depth: QueueDepth) -> Finding {
        let count = depth.pending + depth.leased
        let words = count == 1 ? "1 message is queued" : "\(count) messages are queued"
        guard let oldest = depth.oldest, oldest + Self.waitingLong < now else { return .ok("outbox", words) }
        return .warning(
            "outbox", "\(words), the oldest since \(oldest.rfc3339)",
            advice: "is the service running? `keyturn outbox list` shows the provider's last answer")
    }

    private func failed(_ depth: QueueDepth) -> Finding {
        if depth.failed == 0 { return .ok("failed mail", "none") }
        return .warning(
            "failed mail", depth.failed == 1 ? "1 message failed" : "\(depth.failed) messages failed",
            advice:
                "`keyturn outbox list --failed` shows why; then run `keyturn outbox retry --all` or `purge --failed`")
    }

    /// Messages to an app that is not configured.
    private func unsent(_ depth: QueueDepth) -> [Finding] {
        let count = depth.pending + depth.leased
        guard settings.app == nil, count > 0 else { return [] }
        return [
            .warning(
                "webhooks", "\(count == 1 ? "1 message waits" : "\(count) messages wait"), and webhooks.url is not set",
                advice: """
                    set webhooks.url to send them; otherwise the service drops each \
                    \(Units.text(settings.webhookMaximumAge)) after it was recorded
                    """)
        ]
    }

    /// Accounts from before spellings of a domain were compared.
    private func twins(_ twins: [AddressTwins]) -> [Finding] {
        twins.map { pair in
            .warning(
                "addresses",
                "two accounts have one address: \(Printable.text(pair.older.text)) and \(Printable.text(pair.newer.text))",
                advice:
                    "each gets mail for its own spelling, the older one for all others: disable or rename one of them")
        }
    }

    private func permissions() -> Finding {
        let exposed = ["", "-wal", "-shm"].map { settings.databasePath + $0 }.filter {
            FileMode(of: $0)?.isForOthers == true
        }
        guard let first = exposed.first else {
            return .ok("permissions", "only the owner and the group can read the database")
        }
        return .error(
            "permissions", "every user of this machine can read \(exposed.joined(separator: ", "))",
            advice: "chmod 600 \(first)*")
    }

    private var folder: String {
        let folder = (settings.databasePath as NSString).deletingLastPathComponent
        return folder.isEmpty ? "." : folder
    }

    private func directory() -> Finding {
        if FileManager.default.isWritableFile(atPath: folder) {
            return .ok("directory", "this user can write to \(folder)")
        }
        return .error(
            "directory", "this user cannot write to \(folder), where SQLite keeps its log beside the database",
            advice: "run this as the service's user, or give it the directory: chown keyturn \(folder)")
    }

    private func diskSpace() -> Finding {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue else {
            return .warning("disk", "free space of \(folder) is unknown", advice: "does the directory exist?")
        }
        let size = (try? FileManager.default.attributesOfItem(atPath: settings.databasePath)[.size] as? Int) ?? 0
        let words = "\(free >> 20) MiB free in \(folder)"
        if free < Self.freeBytesLow {
            return .error("disk", words, advice: "free space now: with a full disk every request is answered with 503")
        }
        if free < max(Self.freeBytesScarce, size) {
            return .warning(
                "disk", words, advice: "free some space: a backup needs as much as the database, \(size >> 20) MiB")
        }
        return .ok("disk", words)
    }
}
